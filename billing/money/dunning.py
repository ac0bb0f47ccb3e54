"""What is done about invoices that stay unpaid: when the billing clock charges them, when it tries again, and what happens at the end.

`step` decides every transition of an invoice's collection. Days are calendar days where the customer lives.

    NONE                nothing for the clock to collect
    DUE                 will be charged at `next_at`
    RETRYING            `failures.count` tries have failed, the next is at `next_at`
    WAITING_FOR_METHOD  no method can be charged; at `next_at` that is one more failed try
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

# At this hour of the customer's day charges are tried again: awake, and the bank has booked what came in.
HOUR = time(9)

# When it is tried again after the processor was away: nobody declined, so the policy's days do not begin.
AGAIN = timedelta(hours=1)


class Ending(StrEnum):
    """HOLD suspends the subscription until it is paid; CANCEL ends it; NOTHING leaves it running, and the invoice overdue."""

    HOLD = "HOLD"
    CANCEL = "CANCEL"
    NOTHING = "NOTHING"


class Happening(StrEnum):
    """What may change the collection of an invoice."""

    TURN = "TURN"  # its time has come
    DECLINED = "DECLINED"  # the clock's charge failed
    NOT_ASKED = "NOT_ASKED"  # the processor was away
    METHODS_CHANGED = "METHODS_CHANGED"
    RETRY_REQUESTED = "RETRY_REQUESTED"  # by the customer, with the method that is to be charged now
    RETURNED = "RETURNED"  # the bank returned a debit after its success
    DISPUTED = "DISPUTED"
    RELEASED = "RELEASED"  # by staff, though it is unpaid


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The merchant's: on which days after the first failure to try again, and what happens after the last. Raises ValueError for days that make no sense."""

    retry_days: tuple[int, ...] = (1, 3, 7, 14)
    ending: Ending = Ending.HOLD

    def __post_init__(self) -> None:
        if len(self.retry_days) > MAX_RETRIES or list(self.retry_days) != sorted({day for day in self.retry_days if 1 <= day <= 365}):
            raise ValueError(f"retries are at most {MAX_RETRIES}, on rising days from 1 to 365")


@dataclass(frozen=True, slots=True)
class Failures:
    """The clock's failed tries to collect one invoice since the last time that another method came. What the customer tried is not among them."""

    count: int
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Collecting:
    """The collection of one invoice before something happens to it.

    `method_id` can be charged now; None where there is no method, or it is deleted, expired, declined for good or was tried too often. `tried_method_id` is the
    one that failed, None while there was none. `charged_method_id` is the one that a DECLINED or RETURNED charge was made with.
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
    """The collection after it. `is_charged`: charge the method now. `is_failure`: one more try has failed, and the customer is told.
    `ending`: what is to be done with the subscription."""

    state: Collection
    next_at: datetime | None
    failures: Failures | None
    tried_method_id: str | None
    is_charged: bool = False
    is_failure: bool = False
    ending: Ending | None = None


def step(now_is: Collecting, happening: Happening, policy: RetryPolicy, *, now: datetime) -> Step:
    """What becomes of the collection of an invoice of which something remains."""
    if happening is Happening.DISPUTED or (happening is Happening.RETURNED and now_is.is_disputed):
        return replace(_ended(now_is), ending=policy.ending)
    if happening is Happening.RELEASED or now_is.is_disputed:
        return _ended(now_is)
    if happening is Happening.TURN:
        return replace(_same(now_is), is_charged=True) if now_is.method_id else _declined(now_is, policy, now=now)
    if happening in (Happening.DECLINED, Happening.NOT_ASKED) and now_is.state is Collection.GIVEN_UP:  # staff released it while it was charged
        return _ended(now_is)
    if happening is Happening.NOT_ASKED:
        return replace(_same(now_is), next_at=now + AGAIN)
    if happening is Happening.DECLINED:
        return _declined(now_is, policy, now=now)
    if happening is Happening.RETURNED:
        return _failed(now_is, policy, now=now)
    return _with_methods(now_is, is_requested=happening is Happening.RETRY_REQUESTED, now=now)


def next_attempt_on(policy: RetryPolicy, failures: Failures) -> date | None:
    """The day of the next try; None if there is none. If tries were missed, they are not made up for: there is one a day at most."""
    if failures.count > len(policy.retry_days):
        return None
    planned = failures.first_on + timedelta(days=policy.retry_days[failures.count - 1])
    return max(planned, failures.last_on + timedelta(days=1))


def can_be_held(status: str) -> bool:
    """Only what runs is held. What is suspended already keeps its first holder, who alone can lift that."""
    return status in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)


def _same(now_is: Collecting) -> Step:
    return Step(now_is.state, now_is.next_at, now_is.failures, now_is.tried_method_id)


def _ended(now_is: Collecting) -> Step:
    return replace(_same(now_is), state=Collection.GIVEN_UP, next_at=None)


def _declined(now_is: Collecting, policy: RetryPolicy, *, now: datetime) -> Step:
    """The charge failed, or there was no method. A try that the customer requested with a method that had failed before is none of the policy's: its days go on."""
    if now_is.method_id not in (None, now_is.charged_method_id):  # another one came while this was charged
        return _anew(now)
    if now_is.state is not Collection.DUE or not _carried(now_is):
        return _failed(now_is, policy, now=now)
    failures = now_is.failures
    day = next_attempt_on(policy, failures) if failures else None
    if day is None:
        return replace(_ended(now_is), is_failure=True)
    later = max(day, _today(now_is, now) + timedelta(days=1))
    return replace(_same(now_is), state=_waiting(now_is), next_at=_hour(later, now_is), is_failure=True)


def _failed(now_is: Collecting, policy: RetryPolicy, *, now: datetime) -> Step:
    """One more of the clock's tries, with the method that was charged, or because there was none."""
    today, before = _today(now_is, now), _carried(now_is)
    failures = Failures(before.count + 1 if before else 1, before.first_on if before else today, today)
    tried = now_is.charged_method_id or now_is.tried_method_id
    day = next_attempt_on(policy, failures)
    if day is None:
        return Step(Collection.GIVEN_UP, None, failures, tried, is_failure=True, ending=policy.ending)
    return Step(_waiting(now_is), _hour(day, now_is), failures, tried, is_failure=True)


def _carried(now_is: Collecting) -> Failures | None:
    """The failures that count for the method that was charged: those with another one do not."""
    return now_is.failures if now_is.charged_method_id in (None, now_is.tried_method_id) else None


def _waiting(now_is: Collecting) -> Collection:
    return Collection.RETRYING if now_is.method_id else Collection.WAITING_FOR_METHOD


def _with_methods(now_is: Collecting, *, is_requested: bool, now: datetime) -> Step:
    """What is not collected by the clock is charged only where the customer requests it."""
    state, same = now_is.state, _same(now_is)
    if state is Collection.NONE and not is_requested:
        return same
    if now_is.method_id is None:
        return replace(same, state=Collection.WAITING_FOR_METHOD) if state is Collection.RETRYING else same
    if state is Collection.DUE:
        return replace(same, next_at=now) if is_requested else same
    if state is Collection.NONE or now_is.method_id != now_is.tried_method_id:
        return _anew(now)
    if is_requested or state is Collection.WAITING_FOR_METHOD:
        return replace(same, state=Collection.DUE, next_at=now)
    return same


def _anew(now: datetime) -> Step:
    """Charged at once, and the count of tries begins again."""
    return Step(Collection.DUE, now, None, None)


def _today(now_is: Collecting, now: datetime) -> date:
    return now.astimezone(ZoneInfo(now_is.time_zone)).date()


def _hour(day: date, now_is: Collecting) -> datetime:
    return datetime.combine(day, HOUR, ZoneInfo(now_is.time_zone)).astimezone(UTC)
