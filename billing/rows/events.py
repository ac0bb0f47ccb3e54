"""Rows of the feed of events."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    id: str
    customer_id: str
    seq: int
    type: str
    object_id: str
    object_version: int | None
    changes: list[str]
    actor: str
    client: str
    request_id: str
    occurred_at: datetime
    position: int | None
