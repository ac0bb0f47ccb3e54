"""Rows of the calendar of a customer."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class CalendarReader:
    """The customer whose calendar is read: the language of its texts, and the zone of its days."""

    customer_id: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class CalendarEntryRow:
    """A day of the calendar. `kind` is INVOICE, INSTALLMENT or RENEWAL, `state` is OPEN, PAID, REFUNDED or CANCELED.

    `name` is the number of the invoice, or the name of the installment or the plan, `part_of` the name of the schedule. `page_id` is the object whose page shows it.
    """

    id: str
    kind: str
    starts_on: date
    state: str
    total_minor: int
    remaining_minor: int
    currency: str
    name: str
    part_of: str
    page_id: str
    sequence: int
    changed_at: datetime
