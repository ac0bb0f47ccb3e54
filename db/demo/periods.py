"""The billing periods of a subscription: months in the customer's time zone, from an anchor day that short months only clamp."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo


def add_months(day: date, months: int, *, anchor_day: int | None = None) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(anchor_day or day.day, monthrange(year, month)[1]))


def end_of_month(day: date) -> date:
    return add_months(day, 0, anchor_day=31)


@dataclass(frozen=True, slots=True)
class Period:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Cycle:
    starts_at: datetime
    months: int
    zone: ZoneInfo

    def boundaries(self) -> Iterator[datetime]:
        local = self.starts_at.astimezone(self.zone)
        first, time = local.date(), local.timetz()
        yield self.starts_at
        for step in count(1):
            yield datetime.combine(add_months(first, step * self.months), time).astimezone(UTC)

    def periods(self, until: datetime) -> list[Period]:
        """The periods that start before `until`."""
        found: list[Period] = []
        boundaries = self.boundaries()
        start = next(boundaries)
        while start < until:
            end = next(boundaries)
            found.append(Period(start, end))
            start = end
        return found

    def last_boundary(self, before: datetime) -> datetime:
        return self.periods(before)[-1].starts_at


def midday(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)


def whole_seconds(at: datetime) -> datetime:
    return at.astimezone(UTC) - timedelta(microseconds=at.microsecond)
