"""When failed charges are tried again, when patience ends, and what lifts the hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.dunning import Ending, Failures, RetryPolicy, can_be_held, ending_now, ending_on, next_attempt_on
from billing.states import SubscriptionStatus

DAY = date(2026, 1, 31)
POLICY = RetryPolicy((1, 3, 7))
policies = st.builds(RetryPolicy, st.lists(st.integers(1, 365), unique=True, max_size=14).map(sorted).map(tuple), st.sampled_from(list(Ending)))


def failed(count: int, *, last: int = 0, is_final: bool = False) -> Failures:
    return Failures(count, DAY, DAY + timedelta(days=last), is_final)


@pytest.mark.parametrize(("failures", "days"), [(failed(1), 1), (failed(2, last=1), 3), (failed(3, last=3), 7), (failed(4, last=7), None)])
def test_tries_follow_the_days_of_the_policy(failures: Failures, days: int | None) -> None:
    assert next_attempt_on(POLICY, failures) == (None if days is None else DAY + timedelta(days=days))


def test_tries_that_were_missed_are_not_made_up_for_on_one_day() -> None:
    assert next_attempt_on(POLICY, failed(2, last=9)) == DAY + timedelta(days=10)


def test_a_method_that_was_declined_for_good_is_not_tried_again_and_its_owner_has_time_for_another() -> None:
    failures = failed(1, is_final=True)
    assert next_attempt_on(POLICY, failures) is None
    assert ending_now(POLICY, failures, today=DAY + timedelta(days=6)) is None
    assert ending_now(POLICY, failures, today=DAY + timedelta(days=7)) is Ending.HOLD


def test_patience_ends_with_the_last_try() -> None:
    assert ending_now(POLICY, failed(3, last=3), today=DAY + timedelta(days=300)) is None
    assert ending_now(POLICY, failed(4, last=7), today=DAY + timedelta(days=7)) is Ending.HOLD


def test_without_retries_the_first_failure_is_the_end() -> None:
    policy = RetryPolicy((), Ending.CANCEL)
    assert next_attempt_on(policy, failed(1)) is None
    assert ending_now(policy, failed(1), today=DAY) is Ending.CANCEL


@given(policies, st.booleans(), st.integers(0, 3))
def test_every_story_of_failures_ends_and_no_day_has_two_tries(policy: RetryPolicy, is_final: bool, delay: int) -> None:
    failures, tries = Failures(1, DAY, DAY), [DAY]
    while (day := next_attempt_on(policy, failures)) is not None:
        assert ending_on(policy, failures) is None
        ran_on = day + timedelta(days=delay)
        tries.append(ran_on)
        failures = Failures(failures.count + 1, DAY, ran_on, is_final and failures.count == len(policy.retry_days))
    assert len(tries) == len(set(tries)) == len(policy.retry_days) + 1
    assert tries == sorted(tries)
    assert ending_on(policy, failures) == tries[-1]
    assert ending_now(policy, failures, today=tries[-1]) is policy.ending


@pytest.mark.parametrize("days", [(0,), (-1,), (3, 1), (2, 2), (366,), tuple(range(1, 16))])
def test_a_policy_that_makes_no_sense_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rising days"):
        RetryPolicy(days)


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_only_what_runs_is_held(status: SubscriptionStatus) -> None:
    assert can_be_held(status) == (status in ("TRIALING", "ACTIVE"))
