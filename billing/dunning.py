"""What is done about charges that fail: when to try again, and what happens at the end. Days are calendar days where the customer lives."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from billing.states import SubscriptionStatus

# Card networks fine merchants who try a card more often than 15 times in 30 days (Visa's rules on reattempts).
MAX_RETRIES = 14

# At this hour of the customer's day charges are tried again: awake, and the bank has booked what came in.
HOUR = time(9)

# When it is tried again after the processor was away: nobody declined, so the policy's days do not begin.
AGAIN = timedelta(hours=1)


class Ending(StrEnum):
    """HOLD suspends the subscription until it is paid; CANCEL ends it; NOTHING leaves it running, and the invoice overdue."""

    HOLD = "HOLD"
    CANCEL = "CANCEL"
    NOTHING = "NOTHING"


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
    """The failed charges of one invoice with the method that is still to be charged. `is_final`: that method was declined for good, so only another one can help."""

    count: int
    first_on: date
    last_on: date
    is_final: bool = False


def next_attempt_on(policy: RetryPolicy, failures: Failures) -> date | None:
    """The day of the next try; None if there is none. If tries were missed, they are not made up for: there is one a day at most."""
    if failures.is_final or failures.count > len(policy.retry_days):
        return None
    planned = failures.first_on + timedelta(days=policy.retry_days[failures.count - 1])
    return max(planned, failures.last_on + timedelta(days=1))


def ending_on(policy: RetryPolicy, failures: Failures) -> date | None:
    """The day on which patience ends; None while tries are left. Whose method was declined for good has until the day of the last try to give another."""
    if failures.count > len(policy.retry_days):
        return failures.last_on
    return failures.first_on + timedelta(days=policy.retry_days[-1]) if failures.is_final else None


def ending_now(policy: RetryPolicy, failures: Failures, *, today: date) -> Ending | None:
    """What is to be done now, if anything."""
    day = ending_on(policy, failures)
    return policy.ending if day is not None and day <= today else None


def attempt_at(day: date, time_zone: str) -> datetime:
    """When a charge is tried again on a day."""
    return datetime.combine(day, HOUR, ZoneInfo(time_zone)).astimezone(UTC)


def can_be_held(status: str) -> bool:
    """Only what runs is held. What is suspended already keeps its first holder, who alone can lift that."""
    return status in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE)
