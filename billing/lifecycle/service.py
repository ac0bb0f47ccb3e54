"""When a service begins that is paid by a debit which takes days."""

from enum import StrEnum


class ServiceBegins(StrEnum):
    """MONEY: when the payment has succeeded. ORDER: as soon as the processor has accepted it; its invoice is in payment until then."""

    MONEY = "money"
    ORDER = "order"
