"""Cards, subscriptions, invoices and payments of the reference model of payments."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Card:
    """A card. `answer` is that to a charge in a request, `succeeds` its later result; the clock does not charge a card again after a final decline.

    A charge that never arrives reached no bank, so it is not declined.
    """

    answer: str = "AT_ONCE"
    succeeds: bool = True
    is_final: bool = False
    never_arrives: bool = False


CARDS = {
    "visa": Card(),
    "mastercard": Card(),
    "insufficient_funds": Card(succeeds=False),
    "lost_card": Card(succeeds=False, is_final=True),
    "slow": Card("LATER"),
    "slow_decline": Card("LATER", succeeds=False),
    "requires_action": Card("ACTION"),
    "action_fails": Card("ACTION", succeeds=False, is_final=True),
    "timeout_after_capture": Card("LOST"),
    "timeout_before_capture": Card("LOST", succeeds=False, never_arrives=True),
    "unavailable": Card("AWAY", succeeds=False, never_arrives=True),
}


@dataclass
class Sub:
    key: int
    status: str = "ACTIVE"
    holds: set[str] = field(default_factory=set)
    anchor: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    charging: "Payment | None" = None
    id: str = ""


@dataclass
class Invoice:
    """An invoice. `applied` is the credit that paid a part, `paid_back` what the merchant paid back, `released` what credit notes of staff lowered it by; their sum is the
    credited amount. One that staff wrote has no subscription, and the clock charges it only if it `is_automatic`."""

    sub: Sub | None
    starts_at: datetime | None
    ends_at: datetime | None
    total: int
    due_on: date
    paid: int = 0
    applied: int = 0
    paid_back: int = 0
    released: int = 0
    # What credit notes of staff turned into credit.
    granted: int = 0
    is_automatic: bool = True
    is_written_off: bool = False
    is_void: bool = False
    is_paying: bool = False
    state: str = "NONE"
    next_at: datetime | None = None
    count: int = 0
    first_on: date | None = None
    last_on: date | None = None
    tried: str | None = None
    has_failed: bool = False
    # The amount that banks took back, and the part of it for disputes.
    at_bank: int = 0
    disputed: int = 0
    # The part of the applied credit that is credit again, and failed refunds, which are credit.
    freed: int = 0
    failed: int = 0
    # Cards with a final decline of this invoice.
    final: set[str] = field(default_factory=set)
    id: str = ""
    # The first of its installments, if there are any.
    installment: str = ""

    @property
    def age(self) -> tuple[date, str]:
        """Return the sort key by age: the oldest invoice is paid first."""
        return self.due_on, self.installment or self.id

    @property
    def remaining(self) -> int:
        return 0 if self.is_void else self.total - self.paid - self.applied - self.paid_back - self.released

    @property
    def noted(self) -> int:
        """Return the sum of its credit notes."""
        return self.paid_back + self.failed + self.freed + self.released + self.granted

    @property
    def is_collected(self) -> bool:
        return self.is_automatic and not self.is_written_off


@dataclass
class Reversal:
    """A refund, dispute or returned debit, and what it was taken from: invoices, credit, and the account."""

    reason: str
    reference: str
    amount: int
    status: str = "PENDING"
    sources: list[tuple[Invoice | str, int]] = field(default_factory=list)
    at: datetime | None = None

    @property
    def is_bank(self) -> bool:
        return self.reason in ("DISPUTE", "RETURNED")


@dataclass
class Payment:
    """A payment. `parts` are its amounts by invoice, `credit` is what the balance pays of them, `account` is for the account. `sub` is the subscription that waits for it."""

    purpose: str
    card: str
    amount: int
    started_at: datetime
    parts: list[tuple[Invoice, int]] = field(default_factory=list)
    credit: list[tuple[Invoice, int]] = field(default_factory=list)
    reserved: int = 0
    account: int = 0
    sub: Sub | None = None
    status: str = "PROCESSING"
    # What it has paid and was not taken back: by invoice, and as credit.
    paid: dict[int, tuple[Invoice, int]] = field(default_factory=dict)
    overpaid: int = 0
    refunded: int = 0
    backs: list["Reversal"] = field(default_factory=list)
    id: str = ""

    @property
    def pending(self) -> int:
        return sum(one.amount for one in self.backs if one.status == "PENDING")

    def applied(self, reason: str) -> list["Reversal"]:
        return [one for one in self.backs if one.status == "SUCCEEDED" and one.reason == reason]

    def keep(self, invoice: Invoice, minor: int) -> None:
        self.paid[id(invoice)] = (invoice, self.paid.get(id(invoice), (invoice, 0))[1] + minor)
