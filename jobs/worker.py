"""The worker: pgqueuer says whose turn it is, so of several workers one runs each pass, and another takes over if it dies."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from billing.states import Actor
from db.session import Caller, Session
from jobs.attachments import sweep
from jobs.clock import Billing, tick
from jobs.upkeep import forget
from resolvers.context import Post
from resolvers.letters import send
from storage.bucket import Bucket

log = logging.getLogger("portico.clock")

EVERY_MINUTE = "* * * * *"
# Each hour, but not both at once.
AT_17 = "17 * * * *"
AT_47 = "47 * * * *"


@dataclass(frozen=True, slots=True)
class Duties:
    """What a worker sees to: money, letters that are left, files that nobody owns, and rows that nobody can use any more."""

    billing: Billing
    bucket: Bucket
    post: Post

    def system(self, now: datetime) -> Session:
        """A unit of work of the portal's own."""
        return Session(self.billing.database, Caller(None, Actor.SYSTEM, now), acquire_seconds=30)


async def work(duties: Duties, connection: "asyncpg.Connection[asyncpg.Record]", clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Run until `stop` is set; a pass that runs is finished first. `connection` is the queue's own, and nobody else's."""
    queue = PgQueuer.from_asyncpg_connection(connection)
    queue.shutdown = queue.qm.shutdown = queue.sm.shutdown = stop

    @queue.schedule("billing_clock", EVERY_MINUTE)
    async def billing_clock(_: Schedule) -> None:
        done = await tick(duties.billing, clock())
        if done.steps or done.collections or done.reconciled or done.failures:
            log.info("clock: %d steps, %d collections, %d settled, %d failed", done.steps, done.collections, done.reconciled, done.failures)

    @queue.schedule("letters", EVERY_MINUTE)
    async def letters(_: Schedule) -> None:
        if sent := await send(duties.system(clock()), duties.post):
            log.info("letters: %d sent that were left", sent)

    @queue.schedule("attachments_sweep", AT_17)
    async def attachments_sweep(_: Schedule) -> None:
        now = clock()
        swept = await sweep(duties.system(now), duties.bucket, now=now)
        if swept.announced or swept.objects:
            log.info("sweep: %d announced files given up, %d objects deleted", swept.announced, swept.objects)

    @queue.schedule("upkeep", AT_47)
    async def upkeep(_: Schedule) -> None:
        now = clock()
        forgotten = await forget(duties.system(now), now=now)
        if forgotten:
            log.info("upkeep: %d past rows forgotten", forgotten)

    await queue.run(dequeue_timeout=timedelta(seconds=5))
