"""One pass of the billing clock. Safe to run twice, at once, or to kill: every step is a transaction of its own that looks again under a lock."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from billing.ids import prefix_of
from billing.lifecycle.service import ServiceBegins
from billing.money.dunning import RetryPolicy
from billing.money.issuer import InvoiceIssuer
from billing.money.numbers import Numbering
from billing.rows.money.operations import Due
from billing.rows.money.owed import StoredEvent
from billing.schedules.documents import DAYS_AHEAD
from billing.states import Actor
from db.outages import describe
from db.pool import Database
from db.unit_of_work import Caller, DatabaseUnavailable, UnitOfWork
from payments.processor import OutcomeUnknown, Processor, ProcessorMissing, ProcessorUnavailable
from resolvers.changes.writing import WriteContext, system_writer
from resolvers.charges.collecting import collect, hold_again, lift_hold
from resolvers.charges.reconciling import PATIENCE, reconcile
from resolvers.charges.refund_requests import reconcile_refund
from resolvers.context import Letterhead
from resolvers.payments.webhooks import apply_event
from resolvers.reads.facts import fetch_rows
from resolvers.schedules.issuing import issue_ahead
from resolvers.subscriptions.advance import catch_up

log = logging.getLogger("portico.clock")

BATCH = 500
# A line says why these happened, and a traceback would say no more.
TRANSIENT_ERRORS = (DatabaseUnavailable, ProcessorUnavailable, OutcomeUnknown)


@dataclass(frozen=True, slots=True)
class Billing:
    """What the clock works with. `concurrency` is how many customers it serves at once, one connection each."""

    database: Database
    processors: Mapping[str, Processor]
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 4
    numbering: Numbering = field(default_factory=Numbering)
    letterhead: Letterhead | None = None
    service_begins: ServiceBegins = ServiceBegins.MONEY
    issuer: InvoiceIssuer | None = None
    invoice_days: int = DAYS_AHEAD


@dataclass(frozen=True, slots=True)
class Stage:
    """One kind of work: the block that finds what is due, and what is done with each thing that it finds."""

    block: str
    work: Callable[[Any], Awaitable[None]]


@dataclass(slots=True)
class ClockPassResult:
    """What one pass did: events of processors, steps of subscriptions, installments invoiced, invoices charged, charges settled, and what failed and is tried again by the
    next pass; of these, `blocked` are those that the database refused for now."""

    events: int = 0
    steps: int = 0
    invoiced: int = 0
    collections: int = 0
    reconciled: int = 0
    failures: int = 0
    blocked: int = 0


async def tick(billing: Billing, now: datetime, done: ClockPassResult | None = None) -> ClockPassResult:
    """Do what is due at `now`, stage after stage, and return `done`. What fails is logged and tried again; if nothing could be looked for, the last error is raised."""
    done = done or ClockPassResult()
    by, missing = _writer(billing, now), Counter[str]()

    async def settle_one(due: Due) -> None:
        settle = reconcile_refund if prefix_of(due.id) == "ref" else reconcile
        try:
            settled = await settle(_session(billing, due, now), due.id, billing.processors, by=by)
        except ProcessorMissing as error:
            done.failures += 1
            missing[error.name] += 1
            return
        done.reconciled += settled  # read after the wait, in which other customers may have counted

    async def invoice_one(due: Due) -> None:
        await issue_ahead(_session(billing, due, now), due.id, by=by)
        done.invoiced += 1

    async def collect_one(due: Due) -> None:
        await collect(_session(billing, due, now), due.id, billing.processors, by=by)
        done.collections += 1

    stages = (
        Stage("webhooks.open", partial(_act_on, billing, done, by)),
        Stage("clock.open_charges", settle_one),
        Stage("clock.open_refunds", settle_one),
        Stage("clock.holds_to_lift", partial(_lift_one, billing, done, by)),
        Stage("clock.broken_promises", partial(_hold_one, billing, done, by)),
        Stage("clock.due_subscriptions", partial(_advance_one, billing, done, by)),
        Stage("clock.due_installments", invoice_one),
        Stage("clock.due_collections", collect_one),
    )
    await _staged(billing, done, now, stages)
    for name, count in sorted(missing.items()):
        log.error("the processor %s is not configured: %d of its open charges and refunds cannot be settled", name, count)
    return done


async def _act_on(billing: Billing, done: ClockPassResult, by: WriteContext, event: StoredEvent) -> None:
    await apply_event(UnitOfWork(billing.database, Caller(None, Actor.SYSTEM, by.now), acquire_seconds=30), event, by=by)
    done.events += 1


async def _lift_one(billing: Billing, done: ClockPassResult, by: WriteContext, due: Due) -> None:
    await lift_hold(_session(billing, due, by.now), by=by)
    done.steps += 1


async def _hold_one(billing: Billing, done: ClockPassResult, by: WriteContext, due: Due) -> None:
    await hold_again(_session(billing, due, by.now), due.id, by=by)
    done.steps += 1


async def _advance_one(billing: Billing, done: ClockPassResult, by: WriteContext, due: Due) -> None:
    steps = await catch_up(_session(billing, due, by.now), due.id, billing.processors, by=by)
    done.steps += steps  # read after the wait, in which other customers may have counted


async def _staged(billing: Billing, done: ClockPassResult, now: datetime, stages: tuple[Stage, ...]) -> None:
    broken = [error for stage in stages if (error := await _attempted(billing, done, now, stage))]
    if len(broken) == len(stages):
        raise broken[-1]


def _writer(billing: Billing, now: datetime) -> WriteContext:
    by = system_writer(now, billing.numbering, billing.policy, billing.letterhead)
    return replace(by, service_begins=billing.service_begins, issuer=billing.issuer, invoice_days=billing.invoice_days)


async def _attempted(billing: Billing, done: ClockPassResult, now: datetime, stage: Stage) -> Exception | None:
    """One stage that cannot be looked for must not keep the others: why it could not, or None."""
    try:
        await _all(billing, done, now, stage)
    except Exception as error:
        done.failures += 1
        done.blocked += isinstance(error, DatabaseUnavailable)
        log.error("%s failed and will be tried again by the next pass: %s", stage.block, describe(error))
        return error
    return None


async def _all(billing: Billing, done: ClockPassResult, now: datetime, stage: Stage) -> None:
    """Batch after batch, each thing once a pass: what fails or stays due waits for the next pass. A customer's things are done one after the other, in their order."""
    seen: set[Any] = set()
    turn = asyncio.Semaphore(billing.concurrency)

    async def of_one_customer(things: list[Any]) -> None:
        async with turn:
            for due in things:
                await one(due)

    async def one(due: Any) -> None:
        try:
            await stage.work(due)
        except TRANSIENT_ERRORS as error:
            done.failures += 1
            done.blocked += isinstance(error, DatabaseUnavailable)
            log.error("%s of %s failed and will be tried again: %s", stage.block, due.id, describe(error))
        except Exception:  # whatever it is, it must not keep the others from being served
            done.failures += 1
            log.exception("%s of %s failed and will be tried again", stage.block, due.id)

    stuck = 0
    while True:
        due_rows = await _due(billing, stage.block, now, wanted=BATCH + stuck)
        fresh = [due for due in due_rows if due not in seen]
        # A whole batch that stays due must not hide what comes after it.
        if not fresh and len(due_rows) < BATCH + stuck:
            return
        stuck = len(due_rows) - len(fresh)
        seen.update(fresh)
        await asyncio.gather(*map(of_one_customer, _by_customer(fresh)))


def _by_customer(things: list[Any]) -> list[list[Any]]:
    """What a processor told is of no customer yet, and each thing by itself."""
    grouped: dict[str, list[Any]] = defaultdict(list)
    for due in things:
        grouped[getattr(due, "customer_id", due.id)].append(due)
    return list(grouped.values())


async def _due(billing: Billing, block: str, now: datetime, *, wanted: int) -> list[Any]:
    session = UnitOfWork(billing.database, Caller(None, Actor.SYSTEM, now), acquire_seconds=30)
    try:
        return await fetch_rows(session, block, wanted=wanted, started_before=now - PATIENCE)
    finally:
        await session.close()


def _session(billing: Billing, due: Due, now: datetime) -> UnitOfWork:
    return UnitOfWork(billing.database, Caller(due.customer_id, Actor.SYSTEM, now), acquire_seconds=30)
