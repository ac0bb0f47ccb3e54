"""The worker: pgqueuer says whose turn it is, so of several workers one runs each pass, and another takes over if it dies."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from jobs.clock import Billing, tick

log = logging.getLogger("portico.clock")

EVERY_MINUTE = "* * * * *"


async def work(billing: Billing, connection: "asyncpg.Connection[asyncpg.Record]", clock: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Run until `stop` is set; a pass that runs is finished first. `connection` is the queue's own, and nobody else's."""
    queue = PgQueuer.from_asyncpg_connection(connection)
    queue.shutdown = queue.qm.shutdown = queue.sm.shutdown = stop

    @queue.schedule("billing_clock", EVERY_MINUTE)
    async def billing_clock(_: Schedule) -> None:
        done = await tick(billing, clock())
        if done.steps or done.collections or done.reconciled or done.failures:
            log.info("clock: %d steps, %d collections, %d settled, %d failed", done.steps, done.collections, done.reconciled, done.failures)

    await queue.run(dequeue_timeout=timedelta(seconds=5))
