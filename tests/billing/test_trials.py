"""Who gets a free trial, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.lifecycle import trials
from billing.lifecycle.trials import TrialPolicy
from billing.rows.contracts import OrderableOffer
from tests.billing.test_periods import ZONES

OFFER = OrderableOffer(
    "price_1",
    "plan_1",
    "A plan",
    14,
    "USD",
    2_000,
    "MONTH",
    1,
    "EXCLUSIVE",
    is_archived=False,
    moves_to=None,
    was_taken=False,
    had_trial=False,
    subscriptions=0,
)


@pytest.mark.parametrize(
    ("was_taken", "had_trial", "policies"),
    [
        (False, False, {TrialPolicy.PER_PLAN, TrialPolicy.PER_CUSTOMER}),
        (False, True, {TrialPolicy.PER_PLAN}),
        (True, False, set()),
        (True, True, set()),
    ],
)
def test_a_trial_is_for_who_has_not_had_the_plan_and_for_one_trial_a_customer_no_other_trial(
    was_taken: bool, had_trial: bool, policies: set[TrialPolicy]
) -> None:
    offer = replace(OFFER, was_taken=was_taken, had_trial=had_trial)
    assert {policy for policy in TrialPolicy if trials.offered(offer, policy).trial_days} == policies
    assert all(replace(trials.offered(offer, policy), trial_days=14) == offer for policy in TrialPolicy)


@given(st.datetimes(datetime(2015, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES), st.integers(1, 730))
def test_a_trial_lasts_so_many_calendar_days_and_ends_at_the_wall_time_at_which_it_began(starts_at: datetime, zone: str, days: int) -> None:
    ends_at = trials.ends_at(replace(OFFER, trial_days=days), starts_at, zone)
    assert ends_at is not None
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    assert (end.date() - start.date()).days == days
    is_left_out = start.replace(tzinfo=None) + timedelta(days=days) != end.replace(tzinfo=None)
    if is_left_out:  # a wall time that does not exist on that day: half an hour or an hour later
        assert timedelta(0) < end.replace(tzinfo=None) - start.replace(tzinfo=None) - timedelta(days=days) <= timedelta(hours=1)
        assert ends_at.astimezone(ZoneInfo(zone)).utcoffset() != (ends_at - timedelta(hours=3)).astimezone(ZoneInfo(zone)).utcoffset()


def test_without_trial_days_there_is_no_end() -> None:
    assert trials.ends_at(replace(OFFER, trial_days=0), datetime(2027, 3, 8, 17, tzinfo=UTC), "UTC") is None
