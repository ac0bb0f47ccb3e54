"""The issuer of invoices: the merchant's details that they print. They are copied to each document when it is issued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InvoiceIssuer:
    """The merchant's details. `address` and `footer` are lines."""

    name: str
    address: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
