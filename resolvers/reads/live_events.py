"""The events of one customer, as a live operation reads them, and the cursors that name a place among them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auth.viewer import Viewer
from billing.refusals import BadUserInput, ResyncRequired
from billing.rows.events import EventRow
from billing.states import Actor
from db.unit_of_work import UnitOfWork
from resolvers.reads.facts import fetch_rows

# The greatest number of events of one message, as in the block `live.events`.
MAX_EVENTS = 100
CURSOR = re.compile(r"evt_([0-9a-z]{1,40})_([0-9]{1,18})", re.ASCII)
# Events of what a partner's app may not read.
NOT_FOR_PARTNERS = ("session.", "grant.", "data_export.", "customer.email_changed")


@dataclass(frozen=True, slots=True)
class EventSlice:
    """Events of a customer in their order, the number of the last one that the customer had when they were read, or of the last of a full slice."""

    events: tuple[EventRow, ...]
    seq: int

    @property
    def is_full(self) -> bool:
        return len(self.events) >= MAX_EVENTS


def cursor_of(customer_id: str, seq: int) -> str:
    """Return the cursor of the place behind an event; of 0, before the first one."""
    return f"evt_{customer_id.partition('_')[2]}_{seq}"


def seq_of(cursor: str, customer_id: str) -> int:
    """Return the number of the event that a cursor names. Raises BadUserInput for one of another customer, as for any other text."""
    match = CURSOR.fullmatch(cursor)
    if match is None or match[1] != customer_id.partition("_")[2]:
        raise BadUserInput("after is not a cursor of this customer's events.", "after")
    return int(match[2])


async def last_seq(session: UnitOfWork, customer_id: str) -> int:
    (row,) = await fetch_rows(session, "live.last_seqs", ids=[customer_id])
    return int(row.seq)


async def events_after(session: UnitOfWork, customer_id: str, seq: int) -> EventSlice:
    """Return the events after one. Raises as `slice_of`."""
    return await slice_of(await fetch_rows(session, "live.events", customer_id=customer_id, after=seq), session, customer_id, seq)


async def slice_of(rows: Sequence[EventRow], session: UnitOfWork, customer_id: str, seq: int) -> EventSlice:
    """Return the rows of the block `live.events` after a number as a slice. Raises ResyncRequired where some events are no longer stored, and BadUserInput where there
    is no such event yet."""
    if rows and rows[0].seq == seq + 1:
        return EventSlice(tuple(rows), rows[-1].seq)
    last = await last_seq(session, customer_id)
    if last > seq:
        raise ResyncRequired
    if last < seq:
        raise BadUserInput("after names an event that has not happened.", "after")
    return EventSlice((), seq)


def is_for(viewer: Viewer, event: EventRow) -> bool:
    """Return whether the viewer may read the event: a partner's app may not read those of the customer's sessions, grants and exports."""
    return viewer.kind is not Actor.PARTNER or not event.type.startswith(NOT_FOR_PARTNERS)
