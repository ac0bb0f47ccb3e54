"""The billing periods of a subscription until now, and other instants of the calendar."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise, starmap, takewhile
from typing import TypeVar
from zoneinfo import ZoneInfo

from billing.periods import BillingPeriod, Cycle

Day = TypeVar("Day", bound=date)


def periods_of(cycle: Cycle, *, until: datetime) -> list[BillingPeriod]:
    """Return the periods that start before `until`."""
    boundaries = map(cycle.boundary, count())
    return list(takewhile(lambda period: period.starts_at < until, starmap(BillingPeriod, pairwise(boundaries))))


def last_boundary(cycle: Cycle, *, before: datetime) -> datetime:
    return periods_of(cycle, until=before)[-1].starts_at


def end_of_month(day: Day) -> Day:
    return day.replace(day=monthrange(day.year, day.month)[1])


def midday(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)


def whole_seconds(at: datetime) -> datetime:
    return at.astimezone(UTC) - timedelta(microseconds=at.microsecond)
