"""Forgets what nobody can use any more, so that tables do not grow for ever. Safe to run again, and at once from several places."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, UnitOfWork

logger = logging.getLogger("portico.jobs")

BATCH = 5_000

# For how many months after this one there is a partition for events. The worker may be away for as long.
MONTHS_AHEAD = 3

# How long rows of each kind stay after their end, by the block that deletes them. What has to stay for good about sessions, links and calls is in the audit trail.
RETENTION = {
    # A client who repeats a call may count on a day (docs/subscriptions.md); a week covers a weekend and a holiday.
    "upkeep.keys": timedelta(days=7),
    "upkeep.client_keys": timedelta(days=7),
    # Long enough to see that a stolen token is used again.
    "upkeep.tokens": timedelta(days=7),
    "upkeep.sessions": timedelta(days=30),
    "upkeep.links": timedelta(days=30),
    # Processors repeat an event for days, not for months.
    "upkeep.events": timedelta(days=90),
    # Endpoints that were away for long are looked into within weeks.
    "upkeep.webhook_deliveries": timedelta(days=30),
    # What was requested stays in the audit trail.
    "upkeep.data_exports": timedelta(days=30),
    # Longer than the days between a letter on what is to come and that day, or it would be sent again.
    "upkeep.letter_causes": timedelta(days=90),
    # Longer than the days between such an event and what it announces, or it would be written again.
    "upkeep.timed_events": timedelta(days=90),
}


@dataclass(slots=True)
class Upkeep:
    """How many rows went, and of how many kinds they could not."""

    rows: int = 0
    failures: int = 0


async def forget(session: UnitOfWork, *, now: datetime, event_days: int = 90, done: Upkeep | None = None) -> Upkeep:
    """`session` is any unit of work on the database; a transaction for each batch, so that nobody waits for long. Fills and returns `done`.

    A kind that fails is logged and does not keep the others; when all of them fail, the last error is raised.
    """
    done = done or Upkeep()
    system = session.for_caller(Caller(None, Actor.SYSTEM, now))
    oldest = now - timedelta(days=event_days)
    steps = {block: partial(_forget, system, block, now - retention, done) for block, retention in RETENTION.items()}
    for name, step in {**steps, "upkeep.event_partitions": partial(_keep_partitions, system, oldest)}.items():
        try:
            await step()
        except Exception as error:
            done.failures += 1
            logger.error("%s failed and is tried again by the next pass: %s", name, describe(error))
            if done.failures > len(RETENTION):
                raise
    return done


async def _keep_partitions(system: UnitOfWork, oldest: datetime) -> None:
    """Make the partitions of events for the months to come, and drop those of months that ended before `oldest`."""
    async with system.write() as transaction:
        await transaction.first("upkeep.event_partitions", oldest=oldest, months=MONTHS_AHEAD)


async def _forget(system: UnitOfWork, block: str, before: datetime, done: Upkeep) -> None:
    while True:
        async with system.write() as transaction:
            batch = await transaction.first(block, before=before, wanted=BATCH)
        done.rows += batch.rows
        if batch.rows < BATCH:
            return
