"""Rows of events and of live operations."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

# The number of an event: of 64 bits, where an `int` in the key of a page is of 32 bits.
EventNumber = NewType("EventNumber", int)


@dataclass(frozen=True, slots=True)
class EventRow:
    """What happened. `type` is its topic and `event_type` the value of the schema; `position`, the place in the feed of all events, is None until it is announced."""

    id: str
    customer_id: str
    seq: EventNumber
    type: str
    event_type: str
    object_id: str
    object_version: int | None
    changes: list[str]
    actor: str
    client: str
    request_id: str
    occurred_at: datetime
    position: EventNumber | None


@dataclass(frozen=True, slots=True)
class LastSeq:
    """The number of the last event of a customer; 0 before the first."""

    customer_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """How many events were announced; -1 while another process announces."""

    announced: int


@dataclass(frozen=True, slots=True)
class RelayLead:
    """Whether this connection has the lock of the process that announces events."""

    is_leading: bool
