"""Money that came to the merchant without a processor: it pays debts as any payment does, and what is more becomes the customer's credit."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.money.allocation import AllocationPart, Item, spread


@dataclass(frozen=True, slots=True)
class RecordedMoney:
    """How recorded money is used: `parts` pay debts, `account_minor` what is owed on the account, and `credit_minor` becomes credit. Together they are its amount."""

    parts: tuple[AllocationPart, ...]
    account_minor: int
    credit_minor: int


def recorded_money(amount_minor: int, items: Sequence[Item], *, target_id: str | None, owed_on_account_minor: int) -> RecordedMoney:
    """Return the use of an amount: first for the invoice or installment that it is for, then for the oldest debts, then for the account."""
    debts = spread(amount_minor, items, target_id=target_id)
    account = min(debts.rest_minor, max(owed_on_account_minor, 0))
    return RecordedMoney(debts.parts, account, debts.rest_minor - account)
