"""A report of a processor comes in over HTTP, becomes events, and these go out to an endpoint. Killed at every await of that, no event is lost or has a second id."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from db.pool import Database
from gateway.routes.webhooks import webhooks
from jobs.delivering import LEASE, Deliverer
from payments.processor import RefundReport
from resolvers.context import Payments
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.payments.test_paying import invoice, pay
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, clock, killable
from tests.lifecycle.webhooks.conftest import Hooks
from tests.lifecycle.webhooks.test_delivery_kills import KillableClient, run_and_die
from tests.webhooks.sinks import Sink, sink

REPORT = RefundReport("re_1", 9_000, "SUCCEEDED", "REQUESTED")
TYPES = {"invoice.credited", "credit_note.issued", "payment.refunded", "refund.created"}


async def begin(life: Life) -> None:
    """An invoice that a card has paid, and a refund of it that was made at the processor."""
    owed = await invoice(life, 9_000)
    await pay(life, "payInvoice", invoiceId=owed)
    for seq, _ in life.sandbox._deliveries(life.now):
        life.sandbox._ledger.delivered(seq)
    (payment,) = await life.rows("payment")
    life.sandbox.queue_refund_event(payment["processor_reference"], REPORT)


async def receive(life: Life) -> None:
    """Receive the processor's events as a server does: each is answered, and applied after that. What was not answered with 2xx stays with the processor."""
    deferred: list[Coroutine[Any, Any, None]] = []
    route = webhooks(Payments({"sandbox": life.sandbox}, b"secret"), life.database, lambda: life.now, deferred.append, body_seconds=10)  # type: ignore[arg-type]
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=[route])), base_url="http://portal") as http:
            for seq, delivery in life.sandbox._deliveries(life.now):
                answer = await http.post("/webhooks/sandbox", content=delivery.body, headers=delivery.headers)
                if answer.is_success:
                    life.sandbox._ledger.delivered(seq)
        while deferred:
            await deferred.pop(0)
    finally:
        for work in deferred:
            work.close()


async def relay(hooks: Hooks, kill_point: KillPoint) -> None:
    """Do what the processes do with a report until all of its events are delivered."""
    await receive(hooks.life)
    async with hooks.delivering.session().write() as transaction:
        await transaction.run("events.announce", wanted=5_000)
    client = KillableClient(hooks.delivering.client, kill_point)
    for _ in range(3):  # later events of an object wait for the earlier one
        await run_and_die(Deliverer(replace(hooks.delivering, client=client)))  # type: ignore[arg-type]


async def revive(hooks: Hooks) -> None:
    """Go on with other processes: the processor repeats what was not answered, the clock applies what was stored, and deliveries are due after their lease."""
    await receive(hooks.life)
    await clock(hooks.life)
    await hooks.announce()
    for _ in range(3):
        await hooks.deliver(seconds=LEASE.total_seconds() + 1)


async def assert_delivered(hooks: Hooks, target: Sink, since: int, turn: int) -> int:
    """Assert that each event since a number has arrived, with one id. Returns how many messages there were more than events."""
    life = hooks.life
    rows = await life.admin.fetch("select id, type, object_id from portal_event where customer_id = $1 and seq > $2", life.customer_id, since)
    messages = [message for message in target.received if message.json["data"]["customerId"] == life.customer_id]
    assert {row["type"] for row in rows} >= TYPES, turn
    assert {(message.id, message.json["type"], message.json["data"]["objectId"]) for message in messages} == {tuple(row) for row in rows}, turn
    statuses = await life.admin.fetch("select distinct status from webhook_delivery where owner_id = $1", life.customer_id)
    assert [row["status"] for row in statuses] == ["DELIVERED"], turn
    assert len(await life.rows("credit_note")) == len(await life.rows("refund")) == 1, turn
    return len(messages) - len(rows)


async def test_killed_at_every_await_a_report_arrives_at_the_endpoint(
    hooks: Hooks, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sink() as target:
        await hooks.endpoint(target)
        repeated = 0
        for turn in in_turns(EVERYTHING, 6):
            kill_point = KillPoint(turn)
            async with living(portal, pool, owner) as life:
                moved = _moved(hooks, life)
                await begin(life)
                await moved.announce()
                await moved.deliver()
                target.received.clear()
                since = await owner.fetchval("select seq from event_counter where owner_id = $1", life.customer_id)
                with killable(life, kill_point, monkeypatch):
                    await kill_point.run_until_killed(relay(moved, kill_point))
                await assert_nothing_open(life)
                await revive(moved)
                repeated += await assert_delivered(moved, target, since, turn)
            if not kill_point.is_killed:
                assert turn > 20
                assert repeated > 0, "a kill between the answer of the endpoint and its record sends the message again"
                return
    pytest.fail("it never got through")


def _moved(hooks: Hooks, life: Life) -> Hooks:
    """Return the same deliveries with another customer, and their clock."""
    return Hooks(life, replace(hooks.delivering, clock=lambda: life.now))
