"""Rows of staff's dunning: what is open of all customers, and the invoice of which a promise or a due day is decided."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

# Minor units in the key of a page: of 64 bits, where an `int` there is of 32 bits.
MinorUnits = NewType("MinorUnits", int)


@dataclass(frozen=True, slots=True)
class DunnedInvoice:
    """An invoice for decisions about its dunning. `is_held`: dunning holds the subscription, and this invoice is a reason. `is_hold_paused`: a promise has paused the hold."""

    id: str
    subscription_id: str | None
    due_on: date
    remaining_minor: int
    promised_on: date | None
    promise_until: datetime | None
    is_hold_paused: bool
    collection: str
    time_zone: str
    is_held: bool
    is_in_payment: bool


@dataclass(frozen=True, slots=True)
class OpenItemRow:
    """An unpaid invoice, or a due installment without one. `promised_on` is the day of a promise that is open. What was written off is in no ageing bucket."""

    item_id: str
    customer_id: str
    kind: str
    invoice_id: str | None
    installment_id: str | None
    currency: str
    due_on: date
    remaining_minor: MinorUnits
    overdue_minor: int
    days_overdue: int
    ageing: str | None
    collection: str
    retry_count: int
    next_attempt_at: datetime | None
    promised_on: date | None
    is_in_payment: bool
    is_written_off: bool


@dataclass(frozen=True, slots=True)
class OpenItemTotalRow:
    currency: str
    ageing: str | None
    item_count: int
    remaining_minor: int
    overdue_minor: int
