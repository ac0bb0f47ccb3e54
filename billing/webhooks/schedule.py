"""When a message is sent again: the schedule of Standard Webhooks, 10 attempts within about three days."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

# The pause before each attempt.
STEPS = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
JITTER = 0.1
MAX_RETRY_AFTER = timedelta(days=1)
# An endpoint that only failed for so long is disabled.
FAILING_FOR = timedelta(days=5)
GONE = 410


class Outcome(StrEnum):
    """DELIVERED; RETRY: it is sent again; FAILED: the last attempt failed; GONE: the endpoint wants nothing more, so it is disabled."""

    DELIVERED = "DELIVERED"
    RETRY = "RETRY"
    FAILED = "FAILED"
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class AttemptEnding:
    """How an attempt ended, and when the next one is due, if there is one."""

    outcome: Outcome
    next_at: datetime | None = None


def ending_of(status: int | None, step: int, now: datetime, *, chance: float, retry_after: str = "") -> AttemptEnding:
    """Return the ending of an attempt. `status` is None without an answer, `step` the place of the attempt in the schedule, `chance` a number from 0 to 1."""
    if status is not None and 200 <= status < 300:
        return AttemptEnding(Outcome.DELIVERED)
    last = step + 1 >= len(STEPS)
    pause = STEPS[min(step + 1, len(STEPS) - 1)] * (1 + JITTER * (2 * chance - 1))
    next_at = now + max(pause, min(retry_after_of(retry_after, now), MAX_RETRY_AFTER))
    if status == GONE:
        return AttemptEnding(Outcome.GONE, next_at)
    return AttemptEnding(Outcome.FAILED) if last else AttemptEnding(Outcome.RETRY, next_at)


def retry_after_of(header: str, now: datetime) -> timedelta:
    """Return how long the header Retry-After asks to wait: seconds, or a date (RFC 9110 §10.2.3). Nothing where it cannot be read."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), int(MAX_RETRY_AFTER.total_seconds())))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return timedelta()
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(at - now, timedelta())
