"""The days that staff may set for an invoice, and for a promise to pay it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.dunning import HOUR
from billing.money.promises import MAX_EXTENSION_YEARS, check_extension, check_promise, promise_until
from billing.refusals import ErrorCode, Refused

TODAY = date(2027, 1, 31)
days = st.integers(-5_000, 5_000).map(lambda later: TODAY + timedelta(days=later))


@given(days, days)
def test_a_due_day_moves_to_a_later_day_from_today_within_ten_years(due_on: date, before_on: date) -> None:
    is_allowed = due_on > before_on and due_on >= TODAY and due_on.year - TODAY.year <= MAX_EXTENSION_YEARS
    if is_allowed:
        check_extension(due_on, before_on, TODAY)
        return
    with pytest.raises(Refused) as refusal:
        check_extension(due_on, before_on, TODAY)
    assert (refusal.value.code, refusal.value.field) == (ErrorCode.INVALID_VALUE, "dueOn")


@given(days, st.integers(1, 365))
def test_a_promise_is_from_today_to_the_maximum(promised_on: date, max_days: int) -> None:
    if 0 <= (promised_on - TODAY).days <= max_days:
        check_promise(promised_on, TODAY, max_days=max_days)
        return
    with pytest.raises(Refused) as refusal:
        check_promise(promised_on, TODAY, max_days=max_days)
    assert (refusal.value.code, refusal.value.field) == (ErrorCode.INVALID_VALUE, "on")


@given(days, st.sampled_from(["UTC", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe"]))
def test_dunning_goes_on_at_the_hour_of_charges_on_the_day_after(promised_on: date, time_zone: str) -> None:
    there = promise_until(promised_on, time_zone).astimezone(ZoneInfo(time_zone))
    assert there == datetime.combine(promised_on + timedelta(days=1), HOUR, ZoneInfo(time_zone))
