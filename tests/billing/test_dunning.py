"""When unpaid invoices are charged, when that ends, and that nothing which the customer does makes it end earlier."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.collection import message
from billing.money.dunning import (
    AGAIN,
    Collecting,
    Ending,
    Failures,
    Happening,
    RetryPolicy,
    Step,
    can_be_held,
    charge_at,
    extended,
    next_attempt_on,
    step,
    with_next_day,
)
from billing.states import Collection, SubscriptionStatus

DAY = date(2026, 1, 31)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
POLICY = RetryPolicy((1, 3, 7))
ZONE = "Europe/Zurich"
policies = st.builds(RetryPolicy, st.lists(st.integers(1, 365), unique=True, max_size=14).map(sorted).map(tuple), st.sampled_from(list(Ending)))


def due(method: str | None = "visa", **known: object) -> Collecting:
    return replace(Collecting(Collection.DUE, NOW, ZONE, method_id=method), **known)


def after(before: Collecting, done: Step, **known: object) -> Collecting:
    """The collection as it is once a step is written."""
    return replace(
        before, state=done.state, next_at=done.next_at, failures=done.failures, tried_method_id=done.tried_method_id, charged_method_id=None, **known
    )


def turn(before: Collecting, policy: RetryPolicy, now: datetime) -> Step:
    """The clock comes: it charges the method, which is declined, or there is none."""
    done = step(before, Happening.TURN, policy, now=now)
    return step(replace(before, charged_method_id=before.method_id), Happening.DECLINED, policy, now=now) if done.is_charged else done


def run(before: Collecting, policy: RetryPolicy, **known: object) -> tuple[list[date], Step]:
    """On until it is given up: the days of the failed tries, and the last step."""
    days = []
    while True:
        assert before.next_at is not None
        days.append(before.next_at.date())
        done = turn(before, policy, before.next_at)
        if done.next_at is None:
            return days, done
        before = after(before, done, **known)


def failed(count: int, *, last: int = 0) -> Failures:
    return Failures(count, DAY, DAY + timedelta(days=last))


@pytest.mark.parametrize(("failures", "days"), [(failed(1), 1), (failed(2, last=1), 3), (failed(3, last=3), 7), (failed(4, last=7), None)])
def test_tries_follow_the_days_of_the_policy(failures: Failures, days: int | None) -> None:
    assert next_attempt_on(POLICY, failures) == (None if days is None else DAY + timedelta(days=days))


def test_tries_that_were_missed_are_not_made_up_for_on_one_day() -> None:
    assert next_attempt_on(POLICY, failed(2, last=9)) == DAY + timedelta(days=10)


@pytest.mark.parametrize("method", ["visa", None])
def test_an_invoice_is_tried_on_the_days_of_the_policy_with_a_method_or_without_and_then_given_up(method: str | None) -> None:
    days, last = run(due(method), POLICY)
    assert [(day - DAY).days for day in days] == [0, 1, 3, 7]
    assert (last.state, last.ending, last.failures) == (Collection.GIVEN_UP, Ending.HOLD, Failures(4, DAY, days[-1]))


def test_what_waits_says_what_for() -> None:
    assert turn(due(), POLICY, NOW).state is Collection.RETRYING
    assert turn(due(None), POLICY, NOW).state is Collection.WAITING_FOR_METHOD
    declined_for_good = replace(due(None), charged_method_id="visa")
    assert step(declined_for_good, Happening.DECLINED, POLICY, now=NOW).state is Collection.WAITING_FOR_METHOD


def test_tries_are_at_nine_in_the_morning_where_the_customer_lives() -> None:
    assert turn(due(time_zone="America/New_York"), POLICY, NOW).next_at == datetime(2026, 2, 1, 14, tzinfo=UTC)
    assert turn(due(time_zone="Pacific/Auckland"), POLICY, NOW).next_at == datetime(2026, 2, 1, 20, tzinfo=UTC)


def test_without_retries_the_first_failure_is_the_end() -> None:
    done = turn(due(), RetryPolicy((), Ending.CANCEL), NOW)
    assert (done.state, done.ending) == (Collection.GIVEN_UP, Ending.CANCEL)


def test_a_processor_that_is_away_is_no_failed_try() -> None:
    before = after(due(), turn(due(), POLICY, NOW))
    done = step(replace(before, charged_method_id="visa"), Happening.UNAVAILABLE, POLICY, now=NOW)
    assert (done.state, done.failures, done.next_at, done.is_failure) == (before.state, before.failures, NOW + AGAIN, False)


@pytest.mark.parametrize("method", ["visa", None])
def test_another_method_is_charged_at_once_and_the_count_begins_again(method: str | None) -> None:
    first = due(method)
    _, last = run(first, POLICY)
    abandoned = after(first, last, method_id="other")
    done = step(abandoned, Happening.METHODS_CHANGED, POLICY, now=NOW)
    assert done == Step(Collection.DUE, NOW, None, None)
    days, _ = run(after(abandoned, done), POLICY)
    assert [(day - DAY).days for day in days] == [0, 1, 3, 7]


def test_another_method_that_comes_while_one_is_charged_is_charged_next() -> None:
    done = step(due("other", charged_method_id="visa"), Happening.DECLINED, POLICY, now=NOW)
    assert done == Step(Collection.DUE, NOW, None, None)


def test_the_same_method_is_charged_again_only_on_its_days_or_when_the_customer_requests_it() -> None:
    before = after(due(), turn(due(), POLICY, NOW))
    assert step(before, Happening.METHODS_CHANGED, POLICY, now=NOW).next_at == before.next_at
    done = step(before, Happening.RETRY_REQUESTED, POLICY, now=NOW)
    assert (done.state, done.next_at, done.failures) == (Collection.DUE, NOW, before.failures)
    again = step(after(before, done), Happening.RETRY_REQUESTED, POLICY, now=NOW)
    assert again == done


def test_a_method_that_goes_leaves_the_days_as_they_are() -> None:
    before = after(due(), turn(due(), POLICY, NOW), method_id=None)
    done = step(before, Happening.METHODS_CHANGED, POLICY, now=NOW)
    assert (done.state, done.next_at, done.failures) == (Collection.WAITING_FOR_METHOD, before.next_at, before.failures)


def test_what_the_clock_does_not_collect_is_charged_only_when_the_customer_requests_it() -> None:
    manual = Collecting(Collection.NONE, None, ZONE, method_id="visa")
    assert step(manual, Happening.METHODS_CHANGED, POLICY, now=NOW).state is Collection.NONE
    assert step(manual, Happening.RETRY_REQUESTED, POLICY, now=NOW).state is Collection.DUE


def test_a_debit_that_is_returned_counts_as_a_failed_try() -> None:
    paid = Collecting(Collection.NONE, None, ZONE, method_id="sepa", charged_method_id="sepa")
    done = step(paid, Happening.RETURNED, POLICY, now=NOW)
    assert (done.state, done.failures, done.is_failure) == (Collection.RETRYING, Failures(1, DAY, DAY), True)
    assert done.next_at == datetime(2026, 2, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("happening", list(Happening))
def test_what_was_disputed_is_never_charged_by_the_clock(happening: Happening) -> None:
    done = step(due(is_disputed=True), happening, POLICY, now=NOW)
    assert (done.state, done.next_at, done.is_charged) == (Collection.GIVEN_UP, None, False)
    assert done.ending is (Ending.HOLD if happening in (Happening.DISPUTED, Happening.RETURNED) else None)


def test_staff_who_release_a_subscription_give_its_invoices_up_until_another_method_comes() -> None:
    before = after(due(), turn(due(), POLICY, NOW))
    done = step(before, Happening.RELEASED, POLICY, now=NOW)
    assert (done.state, done.next_at, done.ending) == (Collection.GIVEN_UP, None, None)
    released = after(before, done)
    assert step(released, Happening.METHODS_CHANGED, POLICY, now=NOW).state is Collection.GIVEN_UP
    assert step(replace(released, method_id="other"), Happening.METHODS_CHANGED, POLICY, now=NOW).state is Collection.DUE


OUTSIDE = (Happening.METHODS_CHANGED, Happening.RETRY_REQUESTED, Happening.RETURNED, Happening.DISPUTED, Happening.RELEASED)
STORIES = st.lists(
    st.tuples(st.sampled_from([None, None, None, *OUTSIDE]), st.sampled_from(["visa", "other", None]), st.integers(0, 100), st.booleans()), max_size=30
)


@given(policies, STORIES)
def test_whatever_happens_the_collection_agrees_with_itself(policy: RetryPolicy, story: list[tuple[Happening | None, str | None, int, bool]]) -> None:
    """None is a pass of the clock; a charge that it makes is decided by the next entry, after whatever happened meanwhile."""
    now_is, now, charged, was_disputed, counted = due(), NOW, None, False, []
    for happening, method, hours, is_away in story:
        now += timedelta(hours=hours)
        was_disputed = was_disputed or happening is Happening.DISPUTED
        now_is = replace(now_is, method_id=method, is_disputed=was_disputed, charged_method_id="visa" if happening is Happening.RETURNED else charged)
        if happening is None and charged is not None:
            happening, charged = Happening.UNAVAILABLE if is_away else Happening.DECLINED, None
        elif happening is None:
            happening = Happening.TURN
            if now_is.next_at is None or now_is.next_at > now:
                continue
        before, done = now_is, step(now_is, happening, policy, now=now)
        assert (done.next_at is None) == (done.state is Collection.GIVEN_UP), "what is to be collected has its time, and nothing else has"
        assert not done.is_charged or (happening is Happening.TURN and method is not None and not was_disputed)
        assert done.ending is None or done.state is Collection.GIVEN_UP
        assert done.state is not Collection.WAITING_FOR_METHOD or before.state is done.state or method is None
        if was_disputed:
            assert done.state is Collection.GIVEN_UP
        if happening in (Happening.TURN, Happening.DECLINED) and done.is_failure and done.failures != before.failures:
            counted.append((now, happening))
            assert done.next_at is None or done.next_at > now, "one counted try a day at most"
        charged = method if done.is_charged else charged
        now_is = after(before, done)


@given(policies, st.lists(st.integers(0, 60 * 24), max_size=10))
def test_what_the_customer_requests_never_brings_the_end_forward(policy: RetryPolicy, minutes: list[int]) -> None:
    """The customer has the same method charged again and again between the clock's tries: each is declined."""
    expected, _ = run(due(), policy)
    now_is, now, days = due(), NOW, []
    requests = iter(minutes)
    while True:
        assert now_is.next_at is not None
        now = max(now, now_is.next_at)
        done = turn(now_is, policy, now)
        is_own = now_is.state is Collection.DUE and now_is.failures is not None
        days += [] if is_own else [now.date()]
        now_is = after(now_is, done)
        if done.next_at is None:
            break
        if (wait := next(requests, None)) is not None:
            requested_at = now + timedelta(minutes=wait)
            if requested_at < done.next_at:
                now = requested_at
                now_is = after(now_is, step(now_is, Happening.RETRY_REQUESTED, policy, now=now))
    assert len(days) == len(expected) == len(policy.retry_days) + 1
    assert all(day >= planned for day, planned in zip(days, expected, strict=True))
    assert len(set(days)) == len(days)


@pytest.mark.parametrize("days", [(0,), (-1,), (3, 1), (2, 2), (366,), tuple(range(1, 16))])
def test_a_policy_that_makes_no_sense_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rising days"):
        RetryPolicy(days)


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_only_what_runs_is_held(status: SubscriptionStatus) -> None:
    assert can_be_held(status) == (status in ("TRIALING", "ACTIVE"))


@pytest.mark.parametrize(
    ("state", "status", "locale", "words"),
    [
        ("RETRYING", "OPEN", "en", "We will try again on February 11."),
        ("RETRYING", "OPEN", "en-GB", "We will try again on 11 February."),
        ("RETRYING", "OPEN", "de-CH", "Wir versuchen es am 11. Februar erneut."),
        ("RETRYING", "OPEN", "fr", "Nous réessaierons le 11 février."),
        ("RETRYING", "OPEN", "ja", "We will try again on February 11."),
        ("RETRYING", "PROCESSING", "de", "Eine Zahlung ist in Bearbeitung."),
        ("WAITING_FOR_METHOD", "OPEN", "xx-unknown", "Add a payment method."),
        ("NONE", "OPEN", "en", None),
    ],
)
def test_the_state_is_said_in_the_language_of_the_customer(state: str, status: str, locale: str, words: str | None) -> None:
    for day in (date(2028, 2, 11), "2028-02-11"):
        assert message(state, day, status, customer_locale=locale) == words
        assert message(state, day, status, locale=locale, customer_locale="de") == words


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_every_state_that_is_collected_has_words_in_every_language(locale: str) -> None:
    said = [message(state, date(2028, 2, 11), "OPEN", locale=locale) for state in Collection if state is not Collection.NONE]
    assert len({text for text in said if text}) == len(Collection) - 1


# An invoice that is charged in parts, each on its day.

NEXT_PART = date(2027, 3, 6)
PARTS = [
    (Step(Collection.RETRYING, charge_at(date(2027, 3, 4), "Europe/Zurich"), None, "pm_a"), Collection.RETRYING, date(2027, 3, 4)),
    (Step(Collection.RETRYING, charge_at(date(2027, 3, 9), "Europe/Zurich"), None, "pm_a"), Collection.RETRYING, NEXT_PART),
    (Step(Collection.WAITING_FOR_METHOD, None, None, None), Collection.WAITING_FOR_METHOD, NEXT_PART),
    (Step(Collection.GIVEN_UP, None, Failures(3, NEXT_PART, NEXT_PART), "pm_a"), Collection.DUE, NEXT_PART),
]


@pytest.mark.parametrize(("decided", "state", "day"), PARTS)
def test_the_day_of_the_next_part_is_never_missed(decided: Step, state: Collection, day: date) -> None:
    planned = with_next_day(decided, NEXT_PART, "Europe/Zurich")
    assert (planned.state, planned.next_at) == (state, charge_at(day, "Europe/Zurich"))
    assert (planned.failures is None) == (decided.failures is None or decided.state is Collection.GIVEN_UP)


def test_without_a_next_part_nothing_is_different() -> None:
    for decided, _, _ in PARTS:
        assert with_next_day(decided, None, "Europe/Zurich") == decided
    none = Step(Collection.NONE, None, None, None)
    assert with_next_day(none, NEXT_PART, "Europe/Zurich") == none


@given(st.sampled_from(list(Collection)), st.integers(0, 3_000), st.booleans())
def test_a_later_due_day_begins_dunning_anew_unless_nothing_is_collected(state: Collection, later: int, is_disputed: bool) -> None:
    failures = Failures(2, DAY, DAY)
    before = due(state=state, failures=failures, tried_method_id="visa", is_disputed=is_disputed)
    done = extended(before, DAY + timedelta(days=later))
    if state is Collection.NONE or is_disputed:
        assert (done.state, done.next_at, done.failures) == (state, before.next_at, failures)
        return
    assert (done.state, done.next_at, done.failures, done.tried_method_id) == (Collection.DUE, charge_at(DAY + timedelta(days=later), ZONE), None, None)
    assert run(after(due(), done), POLICY)[0][0] == DAY + timedelta(days=later)


@pytest.mark.parametrize("state", Collection)
def test_a_promise_is_said_in_the_customers_words_in_every_state(state: Collection) -> None:
    expected = {
        "en-GB": "Please pay it by 3 March, as agreed.",
        "de-DE": "Bitte zahlen Sie wie vereinbart bis zum 3. März.",
        "fr-FR": "Merci de le régler d'ici le 3 mars, comme convenu.",
        "es-ES": "Páguelo a más tardar el 3 de marzo, según lo acordado.",
    }
    assert {locale: message(state, None, "OPEN", date(2026, 3, 3), locale=locale) for locale in expected} == expected
    assert message(state, None, "PROCESSING", "2026-03-03", locale="en") == "A payment is in progress."
