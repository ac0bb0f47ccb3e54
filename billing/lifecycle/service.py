"""The begin of a service that is paid by a debit which takes days."""

from enum import StrEnum


class ServiceBegins(StrEnum):
    """MONEY: the service begins when the payment has succeeded. ORDER: when the processor has accepted it; its invoice is in payment until the payment succeeds."""

    MONEY = "money"
    ORDER = "order"
