"""Forgets what nobody can use any more, so that tables do not grow for ever. Safe to run again, and at once from several places."""

from datetime import datetime, timedelta

from billing.states import Actor
from db.session import Caller, Session

BATCH = 5_000

# How long each kind is kept after it ended, by the block that forgets it. What is told of sessions, links and calls for good stands in the audit trail.
KEPT = {
    # A client who repeats a call may count on a day (docs/subscriptions.md); a week covers a weekend and a holiday.
    "upkeep.keys": timedelta(days=7),
    # Long enough to see that a stolen token is used again.
    "upkeep.tokens": timedelta(days=7),
    "upkeep.sessions": timedelta(days=30),
    "upkeep.links": timedelta(days=30),
    # Processors repeat an event for days, not for months.
    "upkeep.events": timedelta(days=90),
}


async def forget(session: Session, *, now: datetime) -> int:
    """How many rows went. `session` is any unit of work on the database; a transaction for each batch, so that nobody waits for long."""
    system = session.of(Caller(None, Actor.SYSTEM, now))
    return sum([await _forget(system, block, now - kept) for block, kept in KEPT.items()])


async def _forget(system: Session, block: str, before: datetime) -> int:
    gone: int = 0
    while True:
        async with system.write() as transaction:
            found = await transaction.first(block, before=before, wanted=BATCH)
        gone += found.rows
        if found.rows < BATCH:
            return gone
