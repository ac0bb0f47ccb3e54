"""Rules of staff's dunning: which due day an invoice may be extended to, and until when a customer may promise to pay. Days are those where the customer lives."""

from datetime import date, datetime, timedelta

from billing.money.dunning import charge_at
from billing.refusals import ErrorCode, Refused

# The days for which a promise holds at most, unless the merchant sets another number.
MAX_PROMISE_DAYS = 60
MAX_EXTENSION_YEARS = 10
MAX_NOTE = 500


def check_extension(due_on: date, before_on: date, today_on: date) -> None:
    """Check a new due day: later than the one before, not in the past, and within 10 years. Raises Refused."""
    if due_on <= before_on:
        raise Refused(ErrorCode.INVALID_VALUE, f"A due day is only moved to a later one. It is {before_on.isoformat()} now.", "dueOn")
    if due_on < today_on:
        raise Refused(ErrorCode.INVALID_VALUE, f"The day must not be before {today_on.isoformat()}, which is today where the customer lives.", "dueOn")
    if due_on.year - today_on.year > MAX_EXTENSION_YEARS:
        raise Refused(ErrorCode.INVALID_VALUE, f"The day must be within {MAX_EXTENSION_YEARS} years.", "dueOn")


def check_promise(promised_on: date, today_on: date, *, max_days: int) -> None:
    """Check the day until which a customer promises to pay. Raises Refused."""
    if promised_on < today_on:
        raise Refused(ErrorCode.INVALID_VALUE, f"The day must not be before {today_on.isoformat()}, which is today where the customer lives.", "on")
    if promised_on > today_on + timedelta(days=max_days):
        raise Refused(ErrorCode.INVALID_VALUE, f"A promise holds for at most {max_days} days.", "on")


def promise_until(promised_on: date, time_zone: str) -> datetime:
    """Return the instant at which dunning goes on: the hour of charges on the day after the promised one."""
    return charge_at(promised_on + timedelta(days=1), time_zone)
