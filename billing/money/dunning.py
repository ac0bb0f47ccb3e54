"""Rules of dunning: when the billing clock charges an unpaid invoice, when it retries, and what happens after the last try.

`step` decides every transition of an invoice's collection. Days are calendar days in the customer's time zone.

    NONE                nothing for the clock to collect
    DUE                 will be charged at `next_at`
    RETRYING            `failures.count` tries have failed, the next is at `next_at`
    WAITING_FOR_METHOD  no method can be charged; at `next_at` that counts as one more failed try
    GIVEN_UP            the last try has failed, the money was taken back by a dispute, or staff released the subscription
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from billing.states import Collection, SubscriptionStatus

# Card networks fine merchants who try a card more often than 15 times in 30 days (Visa's rules on reattempts).
MAX_RETRIES = 14
MAX_TRIES = MAX_RETRIES + 1

# The hour of the customer's day at which charges are retried: the customer is awake, and the bank has booked incoming money.
HOUR = time(9)

# The time until the next try after the processor was unavailable: nothing was declined, so the days of the policy do not begin.
AGAIN = timedelta(hours=1)


class Ending(StrEnum):
    """The action after the last try. HOLD suspends the subscription until it is paid; CANCEL ends it; NOTHING leaves it running, and the invoice overdue."""

    HOLD = "HOLD"
    CANCEL = "CANCEL"
    NOTHING = "NOTHING"


class Happening(StrEnum):
    """An event that may change the collection of an invoice."""

    TURN = "TURN"  # the invoice is due for collection
    DECLINED = "DECLINED"  # the clock's charge failed
    UNAVAILABLE = "UNAVAILABLE"  # the processor was unavailable
    METHODS_CHANGED = "METHODS_CHANGED"
    RETRY_REQUESTED = "RETRY_REQUESTED"  # by the customer, with the method that is to be charged now
    RETURNED = "RETURNED"  # the bank returned a debit after its success
    DISPUTED = "DISPUTED"
    RELEASED = "RELEASED"  # by staff, although the invoice is unpaid


# What ends a promise to pay before its day: the customer asks to be charged now, the money was taken back, or staff released the subscription.
ENDS_PROMISE = frozenset({Happening.RETRY_REQUESTED, Happening.RETURNED, Happening.DISPUTED, Happening.RELEASED})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The merchant's policy: the days after the first failure on which charges are retried, and the action after the last try. Raises ValueError for invalid days."""

    retry_days: tuple[int, ...] = (1, 3, 7, 14)
    ending: Ending = Ending.HOLD

    def __post_init__(self) -> None:
        if len(self.retry_days) > MAX_RETRIES or list(self.retry_days) != sorted({day for day in self.retry_days if 1 <= day <= 365}):
            raise ValueError(f"retries are at most {MAX_RETRIES}, on rising days from 1 to 365")


@dataclass(frozen=True, slots=True)
class Failures:
    """The clock's failed tries to collect one invoice since the method last changed. Attempts of the customer do not count."""

    count: int
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Collecting:
    """The collection of one invoice before an event.

    `method_id` can be charged now; None if there is no method, or it is deleted, expired, declined for good or was tried too often. `tried_method_id` is the
    method that failed, None if none has failed. `charged_method_id` is the method of a DECLINED or RETURNED charge.
    """

    state: Collection
    next_at: datetime | None
    time_zone: str
    failures: Failures | None = None
    tried_method_id: str | None = None
    method_id: str | None = None
    charged_method_id: str | None = None
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The collection after an event. `is_charged`: charge the method now. `is_failure`: one more try has failed, and the customer is notified.
    `ending`: the action on the subscription. `ends_promise`: a promise to pay holds no longer."""

    state: Collection
    next_at: datetime | None
    failures: Failures | None
    tried_method_id: str | None
    is_charged: bool = False
    is_failure: bool = False
    ending: Ending | None = None
    ends_promise: bool = False


def step(current: Collecting, happening: Happening, policy: RetryPolicy, *, now: datetime) -> Step:
    """Return the collection of an unpaid invoice after an event."""
    if happening is Happening.DISPUTED or (happening is Happening.RETURNED and current.is_disputed):
        return replace(_ended(current), ending=policy.ending)
    if happening is Happening.RELEASED or current.is_disputed:
        return _ended(current)
    if happening is Happening.TURN:
        return replace(_same(current), is_charged=True) if current.method_id else _declined(current, policy, now=now)
    if happening in (Happening.DECLINED, Happening.UNAVAILABLE) and current.state is Collection.GIVEN_UP:  # staff released the subscription during the charge
        return _ended(current)
    if happening is Happening.UNAVAILABLE:
        return replace(_same(current), next_at=now + AGAIN)
    if happening is Happening.DECLINED:
        return _declined(current, policy, now=now)
    if happening is Happening.RETURNED:
        return _failed(current, policy, now=now)
    return _with_methods(current, is_requested=happening is Happening.RETRY_REQUESTED, now=now)


def next_attempt_on(policy: RetryPolicy, failures: Failures) -> date | None:
    """Return the day of the next try; None if there is none. Missed tries are not repeated: there is at most one a day."""
    if failures.count > len(policy.retry_days):
        return None
    planned = failures.first_on + timedelta(days=policy.retry_days[failures.count - 1])
    return max(planned, failures.last_on + timedelta(days=1))


def charge_at(day: date, time_zone: str) -> datetime:
    """Return the instant at which the clock charges what is due on a day: at HOUR, where the customer lives."""
    return datetime.combine(day, HOUR, ZoneInfo(time_zone)).astimezone(UTC)


def with_next_day(decided: Step, day: date | None, time_zone: str) -> Step:
    """Return the collection of an invoice that is charged in parts, each on its day: the next of these days counts as a try, and it begins anew where the tries for the parts
    before have ended. `day` is None where no part is due later."""
    if day is None or decided.is_charged or decided.state is Collection.NONE:
        return decided
    next_at = charge_at(day, time_zone)
    if decided.state is Collection.GIVEN_UP:
        return replace(decided, state=Collection.DUE, next_at=next_at, failures=None, tried_method_id=None)
    return replace(decided, next_at=min(decided.next_at, next_at) if decided.next_at else next_at)


def extended(current: Collecting, due_on: date) -> Step:
    """Return the collection of an invoice whose due day was moved to a later one: it begins anew on that day. What the clock does not collect, and what is in dispute, stays."""
    if current.state is Collection.NONE or current.is_disputed:
        return _same(current)
    return Step(Collection.DUE, charge_at(due_on, current.time_zone), None, None)


def can_be_held(status: str) -> bool:
    """Return whether dunning can hold a subscription: only a running one. A suspended one keeps its first hold, which only its holder can lift."""
    return status in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)


def _same(current: Collecting) -> Step:
    return Step(current.state, current.next_at, current.failures, current.tried_method_id)


def _ended(current: Collecting) -> Step:
    return replace(_same(current), state=Collection.GIVEN_UP, next_at=None)


def _declined(current: Collecting, policy: RetryPolicy, *, now: datetime) -> Step:
    """Return the collection after a charge failed, or there was no method. A try that the customer requested with a method that had failed before does not count for the policy."""
    if current.method_id not in (None, current.charged_method_id):  # the method changed during the charge
        return _restarted(now)
    if current.state is not Collection.DUE or not _failures_of_method(current):
        return _failed(current, policy, now=now)
    failures = current.failures
    day = next_attempt_on(policy, failures) if failures else None
    if day is None:
        return replace(_ended(current), is_failure=True)
    later = max(day, _today(current, now) + timedelta(days=1))
    return replace(_same(current), state=_waiting(current), next_at=_hour(later, current), is_failure=True)


def _failed(current: Collecting, policy: RetryPolicy, *, now: datetime) -> Step:
    """Return the collection after one more failed try of the clock, with the charged method, or without a method."""
    today, before = _today(current, now), _failures_of_method(current)
    failures = Failures(before.count + 1 if before else 1, before.first_on if before else today, today)
    tried = current.charged_method_id or current.tried_method_id
    day = next_attempt_on(policy, failures)
    if day is None:
        return Step(Collection.GIVEN_UP, None, failures, tried, is_failure=True, ending=policy.ending)
    return Step(_waiting(current), _hour(day, current), failures, tried, is_failure=True)


def _failures_of_method(current: Collecting) -> Failures | None:
    """Return the failures that count for the charged method: those of another method do not count."""
    return current.failures if current.charged_method_id in (None, current.tried_method_id) else None


def _waiting(current: Collecting) -> Collection:
    return Collection.RETRYING if current.method_id else Collection.WAITING_FOR_METHOD


def _with_methods(current: Collecting, *, is_requested: bool, now: datetime) -> Step:
    """Return the collection after the methods changed. An invoice that the clock does not collect is charged only if the customer requests it."""
    state, same = current.state, _same(current)
    if state is Collection.NONE and not is_requested:
        return same
    if current.method_id is None:
        return replace(same, state=Collection.WAITING_FOR_METHOD) if state is Collection.RETRYING else same
    if state is Collection.DUE:
        return replace(same, next_at=now) if is_requested else same
    if state is Collection.NONE or current.method_id != current.tried_method_id:
        return _restarted(now)
    if is_requested or state is Collection.WAITING_FOR_METHOD:
        return replace(same, state=Collection.DUE, next_at=now)
    return same


def _restarted(now: datetime) -> Step:
    """Return the collection that is charged at once, with no failed tries."""
    return Step(Collection.DUE, now, None, None)


def _today(current: Collecting, now: datetime) -> date:
    return now.astimezone(ZoneInfo(current.time_zone)).date()


def _hour(day: date, current: Collecting) -> datetime:
    return charge_at(day, current.time_zone)
