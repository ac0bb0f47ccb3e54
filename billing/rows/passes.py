"""Passes of the jobs of the worker, and what waits for them. Times are those of the database's clock."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class JobPass:
    """The last pass. `outcome` is RUNNING, DONE, PARTIAL (some items failed, and the next pass tries them again) or FAILED (the pass was aborted); null before the first pass.

    `succeeded_at` is the end of the last pass that was not aborted. `detail` is its result, or the reason of the failure. `read_at` is the time of the read by the
    clock of the database, which also gave the other times.
    """

    job: str
    registered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    outcome: str | None
    detail: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedPassRow:
    """A pass that one worker runs, and when it began by the clock of the database."""

    job: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class QueueRow:
    """How many of each kind wait, and since when the oldest of them. `unknown_charges` are charges and refunds that were sent and have no outcome."""

    events: int
    oldest_events_at: datetime | None
    webhook_deliveries: int
    oldest_webhook_deliveries_at: datetime | None
    disabled_endpoints: int
    letters: int
    oldest_letters_at: datetime | None
    unknown_charges: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class JobStateRow:
    """The schedule of a job and its last pass. `is_running`: a worker has claimed the pass that is due."""

    job: str
    registered_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    is_running: bool
    read_at: datetime
