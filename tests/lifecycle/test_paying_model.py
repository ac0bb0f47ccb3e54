"""Random interleavings of paying, what the processor tells, retries, refunds, disputes and voids: money in is what was allocated, what is credit, and what went back.

What is owed is the same on the portal, on the statement and as the sum over the rows.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from billing.numbers import Numbering
from billing.states import Actor
from db.pool import Database
from db.session import Caller
from jobs.clock import Billing, tick
from payments.processor import Refund, RefundReport
from resolvers.lifecycle.writing import system_writer
from resolvers.webhooks import act, store
from tests.conftest import Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.test_paying import amounts_agree, credit, invoice, pay, schedule
from tests.lifecycle.test_refund_cases import owed

CARDS = (
    "visa",
    "insufficient_funds",
    "slow",
    "slow_decline",
    "timeout_after_capture",
    "timeout_before_capture",
    "unavailable",
    "out_of_order",
    "requires_action",
    "action_fails",
)
REPORTS = [
    ("DISPUTE", "SUCCEEDED"),
    ("DISPUTE", "REVERSED"),
    ("RETURNED", "SUCCEEDED"),
    ("REQUESTED", "PENDING"),
    ("GOODWILL", "SUCCEEDED"),
    ("GOODWILL", "FAILED"),
]
HISTORIES = 40 if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else 12
STEPS = 18

Step = Callable[[Life, Random], Awaitable[Any]]


async def pays_an_invoice(life: Life, chance: Random) -> None:
    found = await life.rows("invoice")
    if found:
        given: dict[str, Any] = {"invoiceId": chance.choice(found)["id"], "idempotencyKey": f"key {chance.randint(1, 12)}"}
        if chance.random() < 0.4:
            given["amountMinorUnits"] = str(chance.randint(1, 4_000))
        await pay(life, "payInvoice", **given)


async def pays_an_installment(life: Life, chance: Random) -> None:
    found = await life.rows("installment")
    if found:
        await pay(life, "payInstallment", installmentId=chance.choice(found)["id"])


async def pays_all(life: Life, _: Random) -> None:
    await pay(life, "payAllDue", currency="USD")


async def changes_the_card(life: Life, chance: Random) -> None:
    await life.card(chance.choice(CARDS))


async def hears_the_processor(life: Life, chance: Random) -> None:
    deliveries = life.sandbox.deliveries(now=life.now + timedelta(seconds=chance.choice([0, 120])))
    for delivery in chance.sample(deliveries, len(deliveries)):
        event = life.sandbox.read_event(delivery.headers, delivery.body, now=life.now)
        session = life.context().session.of(_system(life))
        stored = await store(session, "sandbox", event)
        if stored is not None:
            await act(session, stored, by=system_writer(life.now, Numbering()))


async def refunds(life: Life, chance: Random) -> None:
    found = [row for row in await life.rows("payment") if row["status"] == "SUCCEEDED" and row["processor_reference"]]
    if found:
        payment = chance.choice(found)
        left = payment["amount_minor"] - payment["refunded_minor"]
        if left:
            await life.sandbox.refund(Refund(f"refund {chance.random()}", payment["processor_reference"], chance.choice([left, 1]), "USD"))


async def tells_of_a_refund(life: Life, chance: Random) -> None:
    """A bank takes money back, gives it back, or returns a debit; a refund under way succeeds or fails. Often before the payment has settled, and more than once."""
    charges = [row for row in await life.rows("payment") if row["processor_reference"]]
    if charges:
        payment = chance.choice(charges)
        reason, status = chance.choice(REPORTS)
        amount = chance.choice([payment["amount_minor"], max(payment["amount_minor"] // 3, 1)])
        reference = f"{reason} {payment['id'][-6:]} {chance.randint(1, 2)}"
        known = await life.rows("refund", f"and reference = '{reference}'")
        life.sandbox.tell(payment["processor_reference"], RefundReport(reference, known[0]["amount_minor"] if known else amount, status, reason))


async def voids(life: Life, chance: Random) -> None:
    found = [row for row in await life.rows("invoice") if row["paid_minor"] == 0 and row["status"] != "PAID"]
    if found:
        await life.admin.execute(
            "update invoice set status = 'VOID', version = version + 1 where id = $1 and paid_minor = 0 and credited_minor = 0", chance.choice(found)["id"]
        )


async def confirms(life: Life, _: Random) -> None:
    text = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } } }"
    for row in await life.rows("payment", "and status = 'REQUIRES_ACTION'"):
        await life.ask(text, i={"paymentId": row["id"]})


async def time_goes_by(life: Life, chance: Random) -> None:
    life.now += timedelta(minutes=chance.choice([1, 20, 90]))
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)


async def three_at_once(life: Life, chance: Random) -> None:
    invoices, installments = await life.rows("invoice"), await life.rows("installment")
    await asyncio.gather(
        pay(life, "payInvoice", invoiceId=chance.choice(invoices)["id"]),
        pay(life, "payAllDue", currency="USD"),
        pay(life, "payInstallment", installmentId=chance.choice(installments)["id"]),
    )


STEPS_OF_A_LIFE: list[Step] = [
    pays_an_invoice, pays_an_invoice, pays_an_installment, pays_all, changes_the_card, hears_the_processor, refunds, tells_of_a_refund, tells_of_a_refund, voids,
    confirms, time_goes_by, three_at_once,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_money_in_is_what_was_allocated_and_what_is_credit(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    chance = Random(seed)
    async with living(portal, pool, owner) as life:
        await _owing(life, chance)
        for _ in range(STEPS):
            step = chance.choice(STEPS_OF_A_LIFE)
            await step(life, chance)
            await amounts_agree(life)
            await _states_agree(life)
            await _totals_agree(life)


async def _owing(life: Life, chance: Random) -> None:
    owed = await invoice(life, chance.randint(1_000, 9_000))
    each = await invoice(life, 2_000)
    await invoice(life, chance.randint(1, 5_000))
    await schedule(life, 1_000, (await _total(life, owed)) - 1_000 or 1, invoicing="COLLECTIVE", covered_by=[owed] * 2)
    await schedule(life, 2_000, invoicing="PER_INSTALLMENT", covered_by=[each])
    await schedule(life, 700, 800)
    await credit(life, chance.choice([0, 500, 5_000]) or 1)


async def _totals_agree(life: Life) -> None:
    """What the Summary page says is due, counted anew in plain Python: each amount once, whatever the invoicing."""
    today = life.now.astimezone(ZoneInfo("Europe/Zurich")).date()
    invoices = sum(row["remaining_minor"] for row in await life.rows("invoice"))
    alone = sum(row["remaining_minor"] for row in await life.rows("installment", "and invoice_id is null") if row["due_on"] <= today)
    summary = (await life.ask("{ customer { summary { totalDue { minorUnits } balance { minorUnits } } } }"))["customer"]["summary"]
    assert sum(int(one["minorUnits"]) for one in summary["totalDue"]) == invoices + alone
    assert len(summary["totalDue"]) == len(summary["balance"]) == 1, "everything is in one currency"
    assert (await owed(life))["statement"] == (await owed(life))["portal"]
    assert sum(int(one["minorUnits"]) for one in summary["balance"]) == sum(entry["amount_minor"] for entry in await life.rows("balance_entry"))


async def _total(life: Life, identifier: str) -> int:
    return int(await life.admin.fetchval("select total_minor from invoice where id = $1", identifier))


async def _states_agree(life: Life) -> None:
    """Nothing waits for a payment that is over, credit is never spent twice, and no money moved that is not written down."""
    open_charges = [row for row in await life.rows("charge") if row["settled_at"] is None]
    if not open_charges:
        assert [row["id"] for table in ("invoice", "installment") for row in await life.rows(table, "and status = 'PROCESSING'")] == []
        assert await life.rows("payment", "and status in ('PROCESSING', 'REQUIRES_ACTION')") == []
    # Only a refund of what had become credit, and was used, takes more than there is.
    back = sum(entry["amount_minor"] for entry in await life.rows("balance_entry", "and kind = 'REFUND'"))
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) >= back
    for row in await life.rows("installment", "and invoice_id is not null and status <> 'CANCELED'"):
        assert row["remaining_minor"] >= 0


def _system(life: Life) -> Caller:
    return Caller(None, Actor.SYSTEM, life.now)
