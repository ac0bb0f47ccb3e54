"""Random interleavings of paying, collecting, what the processor tells, retries, refunds, disputes, voids and what is put on account.

Money in is what was allocated, what went to the account, and what went back; the Summary page and the statement say what the rows add up to.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from billing.money.numbers import Numbering
from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller
from jobs.clock import Billing, tick
from payments.processor import RefundReport, RefundRequest
from resolvers.changes.writing import system_writer
from resolvers.payments.webhooks import apply_event, store
from tests.auditing import violations
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.invoices.test_owed import charged
from tests.lifecycle.models.histories import IS_LONG, REPORTS
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule

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
HISTORIES = range(300) if IS_LONG else in_turns(40, 8)
STEPS = 60 if IS_LONG else 18
# Long histories are to take about 18 months.
DAYS = (30, 120, 330) if IS_LONG else (1, 20)

Step = Callable[[Life, Random], Awaitable[Any]]


async def pays_an_invoice(life: Life, chance: Random) -> None:
    invoices = await life.rows("invoice")
    if invoices:
        arguments: dict[str, Any] = {"invoiceId": chance.choice(invoices)["id"], "idempotencyKey": f"key {chance.randint(1, 12)}"}
        if chance.random() < 0.4:
            arguments["amountMinorUnits"] = str(chance.randint(1, 4_000))
        await pay(life, "payInvoice", **arguments)


async def pays_an_installment(life: Life, chance: Random) -> None:
    installments = await life.rows("installment")
    if installments:
        await pay(life, "payInstallment", installmentId=chance.choice(installments)["id"])


async def pays_all(life: Life, _: Random) -> None:
    await pay(life, "payAllDue", currency="USD")


async def pays_all_that_is_payable(life: Life, _: Random) -> None:
    """What `summary.payable` says; counted from the rows, too."""
    figure = (await figures_agree(life))["USD"]
    payload = await pay(life, "payAllDue", currency="USD")
    code = payload["userErrors"][0]["code"] if payload["userErrors"] else None
    if figure.payable is None:
        assert code == ("IN_PROGRESS" if figure.due else "ALREADY_PAID")
        return
    assert code not in ("IN_PROGRESS", "ALREADY_PAID")
    if payload["payment"]:
        assert int(payload["payment"]["amount"]["amount"].replace(".", "")) == figure.payable
    elif not code:
        assert figure.payable == 0


async def changes_the_card(life: Life, chance: Random) -> None:
    await life.card(chance.choice(CARDS))


async def hears_the_processor(life: Life, chance: Random) -> None:
    deliveries = life.sandbox.deliveries(now=life.now + timedelta(seconds=chance.choice([0, 120])))
    for delivery in chance.sample(deliveries, len(deliveries)):
        event = life.sandbox.read_event(delivery.headers, delivery.body, now=life.now)
        session = life.context().session.for_caller(_system(life))
        stored = await store(session, "sandbox", event)
        if stored is not None:
            await apply_event(session, stored, by=system_writer(life.now, Numbering()))


async def refunds(life: Life, chance: Random) -> None:
    payments = [row for row in await life.rows("payment") if row["status"] == "SUCCEEDED" and row["processor_reference"]]
    if payments:
        payment = chance.choice(payments)
        left = payment["amount_minor"] - payment["refunded_minor"]
        if left:
            await life.sandbox.refund(RefundRequest(f"refund {chance.random()}", payment["processor_reference"], chance.choice([left, 1]), "USD"))


async def tells_of_a_refund(life: Life, chance: Random) -> None:
    """A bank takes money back, gives it back, or returns a debit; a refund under way succeeds or fails. Often before the payment has settled, and more than once."""
    charges = [row for row in await life.rows("payment") if row["processor_reference"]]
    if charges:
        payment = chance.choice(charges)
        reason, status = chance.choice(REPORTS)
        amount = chance.choice([payment["amount_minor"], max(payment["amount_minor"] // 3, 1)])
        reference = f"{reason} {payment['id'][-6:]} {chance.randint(1, 2)}"
        known = await life.rows("refund", f"and reference = '{reference}'")
        life.sandbox.queue_refund_event(payment["processor_reference"], RefundReport(reference, known[0]["amount_minor"] if known else amount, status, reason))


async def voids(life: Life, chance: Random) -> None:
    invoices = [row for row in await life.rows("invoice") if row["paid_minor"] == 0 and row["status"] != "PAID"]
    if invoices:
        await life.admin.execute(
            "update invoice set status = 'VOID', version = version + 1 where id = $1 and paid_minor = 0 and credited_minor = 0", chance.choice(invoices)["id"]
        )


async def confirms(life: Life, _: Random) -> None:
    text = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } } }"
    for row in await life.rows("payment", "and status = 'REQUIRES_ACTION'"):
        await life.ask(text, i={"paymentId": row["id"]})


async def time_goes_by(life: Life, chance: Random) -> None:
    life.now += timedelta(minutes=chance.choice([1, 20, 90]))
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)


async def something_is_put_on_account(life: Life, chance: Random) -> None:
    await charged(life, chance.randint(1, 3_000))


async def the_clock_collects(life: Life, chance: Random) -> None:
    """At the same time as somebody who pays all."""
    for row in await life.rows("invoice", "and status in ('OPEN', 'PARTIALLY_PAID')"):
        if chance.random() < 0.5:
            await life.admin.execute("update invoice set collect_at = $2 where id = $1", row["id"], life.now)
    calls = [pays_all(life, chance)] if chance.random() < 0.5 else []
    await asyncio.gather(tick(Billing(life.database, {"sandbox": life.sandbox}), life.now), *calls)


async def days_go_by(life: Life, chance: Random) -> None:
    """Installments become due, and things overdue."""
    life.now += timedelta(days=chance.choice(DAYS))


async def three_at_once(life: Life, chance: Random) -> None:
    invoices, installments = await life.rows("invoice"), await life.rows("installment")
    await asyncio.gather(
        pay(life, "payInvoice", invoiceId=chance.choice(invoices)["id"]),
        pay(life, "payAllDue", currency="USD"),
        pay(life, "payInstallment", installmentId=chance.choice(installments)["id"]),
    )


STEPS_OF_A_LIFE: list[Step] = [
    pays_an_invoice, pays_an_invoice, pays_an_installment, pays_all, pays_all_that_is_payable, changes_the_card, hears_the_processor, refunds, tells_of_a_refund,
    tells_of_a_refund, voids, confirms, time_goes_by, three_at_once, something_is_put_on_account, the_clock_collects, days_go_by,
]  # fmt: skip


STEPS_OF_THE_CLOCK = (time_goes_by, the_clock_collects)


@pytest.mark.parametrize("seed", HISTORIES)
async def test_money_in_is_what_was_allocated_and_what_is_credit(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    chance = Random(seed)
    async with living(portal, pool, owner) as life:
        await _owing(life, chance)
        is_clock_next = False
        for _ in range(STEPS):
            step = chance.choice(STEPS_OF_A_LIFE)
            await step(life, chance)
            is_clock_next = step is voids or (is_clock_next and step not in STEPS_OF_THE_CLOCK)
            await amounts_agree(life)
            await _states_agree(life)
            await figures_agree(life)
        # What is made void by SQL may leave a hold without a cause until the next pass; what our own code does may not.
        if is_clock_next:
            await time_goes_by(life, chance)
        assert await violations(owner, {life.customer_id}) == []


async def _owing(life: Life, chance: Random) -> None:
    owed = await invoice(life, chance.randint(1_000, 9_000))
    each = await invoice(life, 2_000)
    await invoice(life, chance.randint(1, 5_000))
    await schedule(life, 1_000, (await _total(life, owed)) - 1_000 or 1, invoicing="COLLECTIVE", covered_by=[owed] * 2)
    await schedule(life, 2_000, invoicing="PER_INSTALLMENT", covered_by=[each])
    await schedule(life, 700, 800)
    await credit(life, chance.choice([0, 500, 5_000]) or 1)
    # The clock collects invoices of subscriptions.
    subscription = await life.subscribe("storage")
    await life.admin.execute("update invoice set subscription_id = $2 where customer_id = $1 and subscription_id is null", life.customer_id, subscription)


async def _total(life: Life, identifier: str) -> int:
    return int(await life.admin.fetchval("select total_minor from invoice where id = $1", identifier))


async def _states_agree(life: Life) -> None:
    """Nothing waits for a payment that is over, credit is never spent twice, and no money moved that is not written down."""
    open_charges = [row for row in await life.rows("charge") if row["settled_at"] is None]
    if not open_charges:
        assert [row["id"] for table in ("invoice", "installment") for row in await life.rows(table, "and status = 'PROCESSING'")] == []
        assert await life.rows("payment", "and status in ('PROCESSING', 'REQUIRES_ACTION')") == []
    # Only what is put on account, and a refund of what had become credit and was used, take more than there is.
    entries = await life.rows("balance_entry")
    taken = sum(entry["amount_minor"] for entry in entries if entry["kind"] in ("CHARGE", "REFUND"))
    assert sum(entry["amount_minor"] for entry in entries) >= taken
    for row in await life.rows("installment", "and invoice_id is not null and status <> 'CANCELED'"):
        assert row["remaining_minor"] >= 0


def _system(life: Life) -> Caller:
    return Caller(None, Actor.SYSTEM, life.now)
