"""One pass of the billing clock. Safe to run twice, at once, or to kill: every step is a transaction of its own that looks again under a lock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.dunning import RetryPolicy
from billing.rows.operations import Due
from billing.rows.owed import StoredEvent
from billing.states import Actor
from db.pool import Database
from db.session import Caller, Session
from payments.processor import Processor
from resolvers.lifecycle.catching_up import catch_up
from resolvers.lifecycle.collecting import collect
from resolvers.lifecycle.reading import asked
from resolvers.lifecycle.reconciling import PATIENCE, reconcile
from resolvers.lifecycle.writing import system_writer
from resolvers.webhooks import act

log = logging.getLogger("portico.clock")

BATCH = 500


@dataclass(frozen=True, slots=True)
class Billing:
    """What the clock works with. `concurrency` is how many customers it serves at once, one connection each."""

    database: Database
    processors: Mapping[str, Processor]
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 4


@dataclass(slots=True)
class Pass:
    """What one pass did: events of processors, steps of subscriptions, invoices charged, charges settled, and what failed and is tried again by the next pass."""

    events: int = 0
    steps: int = 0
    collections: int = 0
    reconciled: int = 0
    failures: int = 0


async def tick(billing: Billing, now: datetime) -> Pass:
    """Everything that is due at `now`: what processors told and charges of unknown outcome first, then subscriptions, then invoices, those just issued too."""
    done = Pass()

    async def settle_one(due: Due) -> None:
        is_settled = await reconcile(_session(billing, due, now), due.id, billing.processors, by=system_writer(now))
        done.reconciled += is_settled

    async def advance_one(due: Due) -> None:
        steps = await catch_up(_session(billing, due, now), due.id, billing.processors, mint=system_writer(now).mint)
        done.steps += steps

    async def collect_one(due: Due) -> None:
        await collect(_session(billing, due, now), due.id, billing.processors, policy=billing.policy, by=system_writer(now))
        done.collections += 1

    async def act_on(event: StoredEvent) -> None:
        await act(Session(billing.database, Caller(None, Actor.SYSTEM, now), acquire_seconds=30), event, by=system_writer(now))
        done.events += 1

    await _all(billing, done, now, "webhooks.open", act_on)
    await _all(billing, done, now, "clock.open_charges", settle_one)
    await _all(billing, done, now, "clock.due_subscriptions", advance_one)
    await _all(billing, done, now, "clock.due_collections", collect_one)
    return done


async def _all(billing: Billing, done: Pass, now: datetime, block: str, work: Callable[[Any], Awaitable[None]]) -> None:
    """Batch after batch, each thing once a pass: what fails or stays due waits for the next pass."""
    seen: set[Any] = set()
    turn = asyncio.Semaphore(billing.concurrency)

    async def one(due: Any) -> None:
        async with turn:
            try:
                await work(due)
            except Exception:  # whatever it is, it must not keep the others from being served
                done.failures += 1
                log.exception("%s of %s failed and will be tried again", block, due.id)

    stuck = 0
    while True:
        found = await _due(billing, block, now, wanted=BATCH + stuck)
        fresh = [due for due in found if due not in seen]
        if not fresh:
            return
        stuck = len(found) - len(fresh)
        seen.update(fresh)
        await asyncio.gather(*(one(due) for due in fresh))


async def _due(billing: Billing, block: str, now: datetime, *, wanted: int) -> list[Any]:
    session = Session(billing.database, Caller(None, Actor.SYSTEM, now), acquire_seconds=30)
    try:
        return await asked(session, block, wanted=wanted, started_before=now - PATIENCE)
    finally:
        await session.close()


def _session(billing: Billing, due: Due, now: datetime) -> Session:
    return Session(billing.database, Caller(due.customer_id, Actor.SYSTEM, now), acquire_seconds=30)
