"""Rows about calls that change something: claimed keys, charges under way, what the billing clock finds due."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """`state` is NEW, IN_PROGRESS, CONFLICT, DONE (then with the kept answer, JSON) or TAKEN_OVER (from a call that stopped half-way)."""

    state: str
    answer: str | None
    payment_id: str | None


@dataclass(frozen=True, slots=True)
class OperationRow:
    """What became of a call with an idempotency key. `answer` is JSON; null while it runs."""

    customer_id: str
    key: str
    mutation: str
    started_at: datetime
    finished_at: datetime | None
    answer: str | None
    payment_id: str | None


@dataclass(frozen=True, slots=True)
class DeletedCount:
    """How many rows were deleted, because nobody can use them any more."""

    rows: int


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row that a decision wrote: its id, or what it has for one."""

    id: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge and, as JSON, what is written when it succeeds, and the answer that its call gets then.

    `ordered` are the rows of a subscription that the charge pays for; `agreed` is what a period costs that begins when the money is there.
    """

    customer_id: str
    payment_id: str
    subscription_id: str | None
    invoice_id: str | None
    mutation: str | None
    key: str | None
    changes: str
    on_failure: str | None
    answer: str
    ordered: str | None
    agreed: str | None
    reserved_minor: int
    started_at: datetime
    settled_at: datetime | None
    payment_method_id: str | None
    is_held_by_dunning: bool
    has_refunds: bool

    @property
    def is_order_unwritten(self) -> bool:
        return self.ordered is not None and self.subscription_id is None

    @property
    def pays_what_began(self) -> bool:
        """Whether the period has begun with the order, so that only its invoice waits for the money."""
        return self.invoice_id is not None and self.on_failure is None


@dataclass(frozen=True, slots=True)
class ChargeAttempt:
    """What the processor has to know to be asked again."""

    customer_id: str
    payment_id: str
    status: str
    processor: str
    processor_reference: str | None
    method_reference: str
    decline_code: str | None
    started_at: datetime
    sent_at: datetime
    request: str
    is_order_unwritten: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Collectable:
    """An unpaid invoice of a subscription, how it is collected, and what can be charged for it. `account_minor` is owed on the account and collected along.
    Days are the customer's."""

    customer_id: str
    invoice_id: str
    number: str
    status: str
    currency: str
    remaining_minor: int
    account_minor: int
    collect_at: datetime | None
    due_on: date
    time_zone: str
    subscription_id: str
    is_subscription_charging: bool
    method_id: str | None
    method_processor: str | None
    method_reference: str | None
    method_kind: str | None
    method_brand: str | None
    method_last4: str | None
    collection: str
    retry_count: int
    retry_began_on: date | None
    retry_last_on: date | None
    retry_method_id: str | None
    is_overdue: bool
    is_declined_for_good: bool
    recent_tries: int
    is_disputed: bool
    has_installments: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Something that time has come for."""

    customer_id: str
    id: str


@dataclass(frozen=True, slots=True)
class CancellationOptionRow:
    """What the merchant offers to who wants to cancel; the lowest rank first."""

    id: str
    customer_id: str
    subscription_id: str
    rank: int
    kind: str
    headline: str
    price_id: str | None
    coupon_code: str | None
    coupon_name: str | None
