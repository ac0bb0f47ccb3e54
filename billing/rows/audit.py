"""Rows of an audit of the database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks an invariant. `customer_id` is empty for a row that belongs to no customer."""

    customer_id: str
    object_id: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class OwedAccount:
    """The debt of a customer in a currency, less their balance. `owed_minor` below zero is in the customer's favour."""

    customer_id: str
    currency: str
    owed_minor: int
