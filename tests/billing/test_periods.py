"""Periods keep their anchor: short months, leap years and daylight saving shift nothing for long."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.periods import Cycle, yearly

ZONES = ["UTC", "Europe/Zurich", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
instants = st.datetimes(datetime(2015, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC))
cycles = st.builds(Cycle, instants, st.sampled_from(ZONES), st.sampled_from(["DAY", "WEEK", "MONTH", "YEAR"]), st.integers(1, 36))


def days(cycle: Cycle, number: int) -> list[str]:
    return [f"{cycle.boundary(step).astimezone(ZoneInfo(cycle.zone)):%m-%d}" for step in range(number)]


def test_the_31st_comes_back_after_every_short_month() -> None:
    cycle = Cycle(datetime(2027, 1, 31, 10, tzinfo=UTC), "UTC", "MONTH")
    assert days(cycle, 6) == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]


def test_a_year_from_the_29th_of_february_comes_back_in_the_next_leap_year() -> None:
    cycle = Cycle(datetime(2024, 2, 29, 10, tzinfo=UTC), "UTC", "YEAR")
    assert days(cycle, 5) == ["02-29", "02-28", "02-28", "02-28", "02-29"]


def test_an_hour_that_is_skipped_is_an_hour_later_once_and_not_for_ever() -> None:
    cycle = Cycle(datetime(2027, 3, 26, 1, 30, tzinfo=UTC), "Europe/Zurich", "DAY")
    local = [cycle.boundary(step).astimezone(ZoneInfo("Europe/Zurich")) for step in range(5)]
    assert [f"{at:%d %H:%M}" for at in local] == ["26 02:30", "27 02:30", "28 03:30", "29 02:30", "30 02:30"]


def test_what_began_in_the_second_hour_of_a_repeated_one_is_an_hour_later_too_and_then_in_the_first() -> None:
    cycle = Cycle(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Zurich", "DAY")
    assert cycle.boundary(0) == cycle.anchor_at
    spring, autumn = (cycle.boundary(step).astimezone(ZoneInfo("Europe/Zurich")) for step in (154, 371))
    assert (f"{spring:%F %H:%M%z}", f"{autumn:%F %H:%M%z}") == ("2027-03-28 03:30+0200", "2027-10-31 02:30+0200")


def test_days_of_23_and_25_hours_are_days() -> None:
    spring = Cycle(datetime(2027, 3, 27, 11, tzinfo=UTC), "Europe/Zurich", "DAY").period_from(datetime(2027, 3, 27, 11, tzinfo=UTC))
    autumn = Cycle(datetime(2027, 10, 30, 10, tzinfo=UTC), "Europe/Zurich", "DAY").period_from(datetime(2027, 10, 30, 10, tzinfo=UTC))
    assert (spring.seconds, autumn.seconds) == (23 * 3600, 25 * 3600)


@given(cycles, st.integers(0, 60))
def test_boundaries_follow_each_other_and_the_next_one_is_found_from_anywhere_between(cycle: Cycle, number: int) -> None:
    boundaries = [cycle.boundary(step) for step in range(number, number + 4)]
    assert all(one < other for one, other in pairwise(boundaries))
    for one, other in pairwise(boundaries):
        assert cycle.next_after(one) == other
        assert cycle.next_after(other - timedelta(microseconds=1)) == other


@pytest.mark.parametrize(("interval", "count", "expected"), [("MONTH", 1, 12), ("YEAR", 1, 1), ("MONTH", 3, 4), ("DAY", 1, 365), ("WEEK", 1, 365 / 7)])
def test_what_comes_every_so_often_is_compared_by_the_year(interval: str, count: int, expected: float) -> None:
    assert float(yearly(100, interval, count)) == pytest.approx(100 * expected)
