"""When the service begins that is paid by a debit which takes days."""

from dataclasses import dataclass, field
from enum import StrEnum

from billing.dunning import RetryPolicy


class ServiceBegins(StrEnum):
    """MONEY: when the payment has succeeded. ORDER: as soon as the processor has accepted it; its invoice is in payment until then."""

    MONEY = "money"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """`retries` is what is done about the invoice of a service that has begun if its payment fails."""

    begins: ServiceBegins = ServiceBegins.MONEY
    retries: RetryPolicy = field(default_factory=RetryPolicy)
