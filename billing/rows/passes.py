"""The last pass of a job of the worker."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class JobPass:
    """The last pass. `outcome` is RUNNING, DONE, PARTIAL (some items failed, and the next pass tries them again) or FAILED (the pass was aborted); null before the first pass.

    `succeeded_at` is the end of the last pass that was not aborted. `detail` is its result, or the reason of the failure.
    """

    job: str
    registered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    outcome: str | None
    detail: str
