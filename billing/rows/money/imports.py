"""Rows of imports."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ImportJson:
    """What the plan of an import reads, as one JSON object."""

    body: str


@dataclass(frozen=True, slots=True)
class ImportCount:
    """How many lines of a kind came to the same; `reason` is None for those that were imported."""

    source: str
    kind: str
    reason: str | None
    lines: int


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line of an import that was skipped."""

    source: str
    kind: str
    external_id: str
    customer_key: str | None
    reason: str
    file: str
    line: int
    written_at: datetime
