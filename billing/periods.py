"""Billing periods: counted from an anchor, in the wall time of one time zone, so that short months and daylight saving do not shift them.

Every boundary is computed from the anchor itself and not from the boundary before it: the 31st becomes the 28th in February and the 31st again in March.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

MONTHS = {"MONTH": 1, "YEAR": 12}
DAYS = {"DAY": 1, "WEEK": 7}
PER_YEAR = {"DAY": Fraction(365), "WEEK": Fraction(365, 7), "MONTH": Fraction(12), "YEAR": Fraction(1)}


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """A period, from `starts_at` to just before `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    @property
    def seconds(self) -> int:
        return whole_seconds(self.ends_at - self.starts_at)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Periods of `count` intervals, one after the other from the anchor on, in the wall time of `zone` (an IANA name)."""

    anchor_at: datetime
    zone: str
    interval: str
    count: int = 1

    def boundary(self, number: int) -> datetime:
        """Return the start of period `number`; 0 is the anchor. A wall time that daylight saving skips is an hour later; of a repeated wall time the first is used."""
        if not number:
            return self.anchor_at
        zone = ZoneInfo(self.zone)
        local = self.anchor_at.astimezone(zone)
        day = advanced_day(local.date(), number * self.count, self.interval)
        return datetime.combine(day, local.time().replace(fold=0), zone).astimezone(UTC)

    def next_after(self, at: datetime) -> datetime:
        """Return the first boundary after an instant."""
        number = max(self._estimate(at) - 1, 0)
        while self.boundary(number) <= at:
            number += 1
        return self.boundary(number)

    def period_from(self, at: datetime) -> BillingPeriod:
        return BillingPeriod(at, self.next_after(at))

    def _estimate(self, at: datetime) -> int:
        """Return the number of the boundary before `at`, plus or minus one."""
        if self.interval in DAYS:
            return (at - self.anchor_at).days // (DAYS[self.interval] * self.count)
        months = (at.year - self.anchor_at.year) * 12 + at.month - self.anchor_at.month
        return months // (MONTHS[self.interval] * self.count)


def whole_seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def yearly(minor: int, interval: str, count: int) -> Fraction:
    """Return the exact amount per year of a repeated amount, for deciding whether a change of plan is an upgrade or a downgrade."""
    return minor * PER_YEAR[interval] / count


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def advanced_day(day: date, intervals: int, interval: str) -> date:
    """Return the day so many intervals later; of a month that is shorter, its last day. Raises OverflowError or ValueError beyond the last year of the calendar."""
    if interval in DAYS:
        return day + timedelta(days=DAYS[interval] * intervals)
    return add_months(day, MONTHS[interval] * intervals)
