"""The last pass of a job of the worker."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class JobPass:
    """`outcome` is RUNNING, DONE, PARTIAL (some things failed and are tried by the next pass) or FAILED (the pass broke off); null before the first pass.

    `succeeded_at` is when the last pass ended that did not break off. `detail` is what it did, or why it failed.
    """

    job: str
    registered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    outcome: str | None
    detail: str
