"""Rows about mutations: idempotency keys, charges under way, and the work that is due for the billing clock."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """A claim of an idempotency key. `state` is NEW, IN_PROGRESS, CONFLICT, DONE (with the stored answer, as JSON) or TAKEN_OVER (from a call that stopped before its end)."""

    state: str
    answer: str | None
    payment_id: str | None


@dataclass(frozen=True, slots=True)
class OperationRow:
    """The result of a call with an idempotency key. `answer` is JSON; null while the call runs. A call of staff may be about no customer."""

    customer_id: str | None
    key: str
    mutation: str
    started_at: datetime
    finished_at: datetime | None
    answer: str | None
    payment_id: str | None


@dataclass(frozen=True, slots=True)
class DeletedCount:
    """The number of deleted rows that had expired."""

    rows: int


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row that a decision wrote: its id, or its key."""

    id: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge and, as JSON, the changes to write when it succeeds, and the answer of its call then.

    `caller` is the client that owns the key `key`; None where the customer does.
    `ordered` are the rows of a subscription that the charge pays; `agreed` is the price of a period that begins when the payment has succeeded.
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
    caller: str | None

    @property
    def is_order_unwritten(self) -> bool:
        return self.ordered is not None and self.subscription_id is None

    @property
    def pays_what_began(self) -> bool:
        """Return whether the period began with the order, so that only its invoice waits for the payment."""
        return self.invoice_id is not None and self.on_failure is None


@dataclass(frozen=True, slots=True)
class ChargeAttempt:
    """The data for sending a charge to the processor again."""

    customer_id: str
    payment_id: str
    status: str
    processor: str
    processor_reference: str | None
    method_reference: str
    decline_code: str | None
    started_at: datetime
    sent_at: datetime
    currency: str
    amount_minor: int
    request: str
    is_order_unwritten: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Collectable:
    """An unpaid invoice that the clock charges: of a subscription, of an automatic schedule, or of neither. With it are the state of its collection and the method that can
    be charged for it. `account_minor` is the debt on the account that is collected together with it. Days are in the customer's time zone.

    `due_minor` is the part that is charged now: of a schedule, the installments whose day has come. `next_part_on` is the day of the next ones.
    Nothing is charged before `promise_until`.
    """

    customer_id: str
    invoice_id: str
    number: str
    status: str
    currency: str
    remaining_minor: int
    account_minor: int
    collect_at: datetime | None
    promise_until: datetime | None
    due_on: date
    time_zone: str
    subscription_id: str | None
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
    due_minor: int
    next_part_on: date | None
    is_declined_for_good: bool
    recent_tries: int
    is_disputed: bool
    has_installments: bool

    @property
    def is_planned(self) -> bool:
        """Return whether nothing of it is charged yet, because the days of its installments are to come."""
        return self.due_minor == 0


@dataclass(frozen=True, slots=True)
class Due:
    """An object that is due for the billing clock."""

    customer_id: str
    id: str


@dataclass(frozen=True, slots=True)
class CancellationOptionRow:
    """An offer of the merchant to a customer who wants to cancel; the lowest rank comes first."""

    id: str
    customer_id: str
    subscription_id: str
    rank: int
    kind: str
    headline: str
    price_id: str | None
    coupon_code: str | None
    coupon_name: str | None
