"""Passes of the jobs of the worker."""

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
