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


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """The original PDF of an imported invoice, as an object of the bucket."""

    invoice_id: str
    customer_id: str
    object_key: str
    size_bytes: int
