"""Sends events to the merchant's endpoints (outgoing webhooks), at least once: a delivery belongs to a process for the time of a lease, and is due again where no
result is recorded. One slow endpoint delays no other: each has its own places."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import orjson

from billing.rows.webhooks import ClaimedDelivery, DisabledEndpoint, EnabledEndpoint
from billing.states import Actor
from billing.webhooks.schedule import FAILING_FOR, Outcome, ending_of
from db.outages import Conflict, describe
from db.pool import Database
from db.unit_of_work import Caller, Transaction, UnitOfWork
from mail.letters import Envelope, Letter
from resolvers.audit import id_at
from resolvers.context import Letterhead, PayloadFailed, Webhooks
from resolvers.letters import LetterDraft, enqueue_letter
from resolvers.webhooks.messages import message_of
from webhooks.client import HttpAnswer, NotSent, WebhookClient

logger = logging.getLogger("portico.webhooks")

POLL_SECONDS = 0.25
# The same while no endpoint is enabled.
IDLE_SECONDS = 2.0
RETRY_SECONDS = 2.0
# Completed messages are waited for a moment, so that their places are filled together.
GATHER_SECONDS = 0.005
# Longer than the making, sending and recording of one message.
LEASE = timedelta(seconds=60)
# Messages under way at a time, to one endpoint and to all.
PLACES, ALL_PLACES = 16, 128
# Events that are read for an endpoint in one transaction.
BATCH = 1_000
REASONS = {"GONE": "it answered 410 Gone", "FAILING": "all attempts of five days failed"}


@dataclass(frozen=True, slots=True)
class Delivering:
    """What deliveries are made with. `letterhead` is None where no letters are written; `clock` and `chance` are parameters of tests."""

    database: Database
    webhooks: Webhooks
    client: WebhookClient
    letterhead: Letterhead | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    places: int = PLACES

    def session(self) -> UnitOfWork:
        return UnitOfWork(self.database, Caller(None, Actor.SYSTEM, self.clock()), acquire_seconds=30)


@dataclass(slots=True)
class DeliveryResult:
    """How many messages were delivered, how many attempts failed at the endpoint, and how many could not be recorded."""

    delivered: int = 0
    attempts_failed: int = 0
    failures: int = 0


@dataclass(slots=True)
class Deliverer:
    """Deliveries of one process. `turn` starts what is due; the rest goes on by itself."""

    work: Delivering
    done: DeliveryResult = field(default_factory=DeliveryResult)
    may_have_more: bool = False
    _is_idle: bool = False
    _busy: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _results: list[dict[str, Any]] = field(default_factory=list)
    _recording: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_free: asyncio.Event = field(default_factory=asyncio.Event)

    async def turn(self) -> int:
        """Read the feed on for each endpoint, and start what is due; return how many messages. Raises DatabaseUnavailable."""
        async with self.work.session().write() as transaction:
            enabled: Sequence[EnabledEndpoint] = await transaction.run("endpoints.enabled")
        self._is_idle = not enabled
        if self._is_idle:
            self.may_have_more = False
            return 0
        events = await self._fan_out([endpoint.id for endpoint in enabled if endpoint.is_behind])
        claimed = await self._claim()
        self.may_have_more = events >= BATCH or any(self._busy[one] >= self.work.places for one in {each.endpoint_id for each in claimed})
        return len(claimed)

    async def settle(self) -> None:
        """Wait for all messages that are under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, and then what is under way. Outages of the database are waited for."""
        is_interrupted = False
        while not stop.is_set():
            try:
                await self.turn()
                is_interrupted = False
                await self._pause(stop)
            except Exception as error:  # whatever it is, deliveries go on: what was claimed is due again after its lease
                if not is_interrupted:
                    logger.error("webhooks cannot be delivered for now: %s", describe(error))
                is_interrupted = True
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
        await self.settle()

    async def _pause(self, stop: asyncio.Event) -> None:
        """Wait for the next turn: until places are free where more is due."""
        if self.may_have_more:
            self._is_free.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_free.wait(), POLL_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_SECONDS if self._is_idle else POLL_SECONDS)

    async def _fan_out(self, endpoints: Sequence[str]) -> int:
        """Return the largest number of events that an endpoint has read."""
        most = 0
        for endpoint in endpoints:
            async with self.work.session().write() as transaction:
                most = max(most, (await transaction.first("deliveries.fan_out", key=endpoint, wanted=BATCH)).rows)
        return most

    async def _claim(self) -> Sequence[ClaimedDelivery]:
        free = ALL_PLACES - sum(self._busy.values())
        if free <= 0:
            return ()
        busy = {name: count for name, count in self._busy.items() if count}
        async with self.work.session().write() as transaction:
            claimed: list[ClaimedDelivery] = await transaction.run(
                "deliveries.claim", busy=list(busy), counts=list(busy.values()), places=self.work.places, wanted=free, lease=LEASE
            )
        for delivery in claimed:
            self._busy[delivery.endpoint_id] += 1
            task = asyncio.create_task(self._deliver(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return claimed

    async def _deliver(self, delivery: ClaimedDelivery) -> None:
        try:
            result = await self._attempt(delivery)
        except Exception as error:  # of the database, or a bug: the delivery is due again after its lease
            logger.error("the webhook %s could not be made and is tried again: %s", delivery.id, describe(error))
            self.done.failures += 1
            return
        finally:
            self._busy[delivery.endpoint_id] -= 1
            self._is_free.set()
        self._results.append(result)
        await self._record()

    async def _attempt(self, delivery: ClaimedDelivery) -> dict[str, Any]:
        """Make and send the message; return the attempt as `finish_webhooks` takes it."""
        started_at, began, answer, error = self.work.clock(), monotonic(), HttpAnswer(0), ""
        try:
            message = await message_of(delivery.event, delivery.endpoint, self.work.webhooks, now=started_at)
            answer = await self.work.client.post(delivery.url, message.headers, message.body)
        except (NotSent, PayloadFailed) as failure:
            error = str(failure)[:500]
        ending = ending_of(answer.status or None, delivery.step, self.work.clock(), chance=self.work.chance(), retry_after=answer.retry_after)
        self._count(delivery, ending.outcome, answer.status, error)
        return {
            "id": delivery.id,
            "started_at": started_at,
            "milliseconds": round((monotonic() - began) * 1000),
            "status_code": answer.status or None,
            "error": error,
            "answer": answer.text,
            "outcome": ending.outcome,
            "next_at": ending.next_at,
        }

    def _count(self, delivery: ClaimedDelivery, outcome: Outcome, status: int, error: str) -> None:
        if outcome is Outcome.DELIVERED:
            self.done.delivered += 1
            return
        self.done.attempts_failed += 1
        logger.warning("a webhook was not delivered", extra={"delivery": delivery.id, "status": status, "cause": error, "outcome": outcome.value})

    async def _record(self) -> None:
        """Record the results that have come so far in one transaction; those that come meanwhile are recorded by the next one."""
        async with self._recording:
            results, self._results = self._results, []
            if not results:
                return
            try:
                try:
                    await self._finish(results)
                except Conflict:  # a deadlock with a replay or with another worker, which has gone on meanwhile
                    await self._finish(results)
            except Exception as error:  # the messages are sent again after their lease, with the same ids
                self.done.failures += len(results)
                logger.error("%d attempts of webhooks could not be recorded: %s", len(results), describe(error))

    async def _finish(self, results: list[dict[str, Any]]) -> None:
        async with self.work.session().write() as transaction:
            for endpoint in await transaction.run("deliveries.finish", results=orjson.dumps(results).decode(), failing_for=FAILING_FOR):
                await self._tell(transaction, endpoint)

    async def _tell(self, transaction: Transaction, endpoint: DisabledEndpoint) -> None:
        """Write the letter about an endpoint that was disabled."""
        logger.error("a webhook endpoint was disabled", extra={"endpoint": endpoint.id, "cause": endpoint.disabled_reason})
        if self.work.letterhead is None or not endpoint.contact_email:
            return
        now = self.work.clock()
        words = {"endpoint": endpoint.url, "reason": REASONS[endpoint.disabled_reason]}
        draft = LetterDraft(Letter.WEBHOOK_DISABLED, Envelope(endpoint.contact_email, "en", id_at("let", now), now), None, words)
        await enqueue_letter(transaction, self.work.letterhead, draft)


async def deliver_due(delivering: Delivering | None, done: DeliveryResult) -> None:
    """Deliver what is due now: a pass, for `tick`. The worker also delivers all the time. Raises DatabaseUnavailable."""
    if delivering is None:
        return
    for _ in range(2):  # a distributed database shows at the second call what it has announced at the first
        async with delivering.session().write() as transaction:
            await transaction.run("events.announce", wanted=5_000)
    deliverer = Deliverer(delivering, done)
    while await deliverer.turn() or deliverer.may_have_more:
        await deliverer.settle()
