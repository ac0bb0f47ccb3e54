"""What processors tell of one payment, in every order: whatever came first, and however often, the end is the same."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import asyncpg
import pytest

from billing.money.refunds import Report
from db.pool import Database
from payments.processor import ChargeResult, ChargeStatus
from tests.conftest import Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule
from tests.lifecycle.payments.test_refund_cases import owed
from tests.lifecycle.payments.test_refunds import record_refund, settled

Tell = Callable[[Life, str], Coroutine[Any, Any, None]]
ORDERS = 10


def _telling(report: Report) -> Tell:
    return lambda life, payment_id: record_refund(life, payment_id, report)


def dispute(minor: int, status: str, *, reference: str = "dp_1", reason: str = "DISPUTE") -> Tell:
    return _telling(Report(reference, minor, status, reason))


def refund(reference: str | None, minor: int, status: str = "SUCCEEDED") -> Tell:
    return _telling(Report(reference, minor, status))


async def declined(life: Life, payment_id: str) -> None:
    await settled(life, payment_id, ChargeResult(ChargeStatus.FAILED, "x", "card_declined"))


async def one_invoice_beside_credit(life: Life) -> None:
    await credit(life, 2_000)
    await invoice(life, 5_000)


async def two_invoices(life: Life) -> None:
    await invoice(life, 1_000)
    await invoice(life, 2_000, due_in=1)


async def installments_of_an_invoice(life: Life) -> None:
    await credit(life, 500)
    both = await invoice(life, 3_500)
    await schedule(life, 1_500, 2_000, invoicing="COLLECTIVE", covered_by=[both, both])


REFUNDS = "query R($id: ID!) { node(id: $id) { ... on Payment { refunds { status } } } }"
Owing = Callable[[Life], Coroutine[Any, Any, None]]
# Each pays 30.00 by a card that takes its time.
STORIES: dict[str, tuple[Owing, list[Tell]]] = {
    "refunded in parts": (two_invoices, [settled, refund("re_1", 1_500, "PENDING"), refund("re_1", 1_500), refund("re_2", 700)]),
    "refunded in full beside credit": (one_invoice_beside_credit, [settled, refund("re_1", 1_000), refund("re_2", 2_000), refund("re_2", 2_000)]),
    "told with references and without": (two_invoices, [settled, refund(None, 1_000), refund("re_1", 1_000), refund(None, 1_500), refund("re_2", 500)]),
    "disputed and won": (installments_of_an_invoice, [settled, dispute(3_000, "SUCCEEDED"), dispute(3_000, "REVERSED"), dispute(3_000, "SUCCEEDED")]),
    "disputed and lost": (two_invoices, [settled, dispute(2_500, "SUCCEEDED"), dispute(2_500, "SUCCEEDED")]),
    "a part refunded, a part disputed": (one_invoice_beside_credit, [settled, refund("re_1", 1_200), dispute(1_800, "SUCCEEDED")]),
    "refunded by installments": (installments_of_an_invoice, [settled, refund("re_1", 1_800), refund("re_2", 1_200)]),
    "parts of one total": (two_invoices, [settled, refund(None, 2_500), refund("re_1", 1_500), refund("re_2", 1_000)]),
    "a refund that failed before it was applied": (two_invoices, [settled, refund("re_1", 900, "FAILED"), refund("re_1", 900, "PENDING"), refund("re_2", 400)]),
}


async def end_of(life: Life) -> dict[str, Any]:
    """What is left when all is told, without ids and instants."""
    columns = {
        "invoice": ("status", "total_minor", "paid_minor", "credited_minor", "refunded_minor", "remaining_minor", "noted_minor"),
        "installment": ("name", "status", "paid_minor", "refunded_minor", "remaining_minor"),
        "payment_schedule": ("status", "paid_minor", "refunded_minor", "remaining_minor"),
        "payment": ("status", "refunded_minor"),
    }
    end: dict[str, Any] = {table: sorted(tuple(row[name] for name in names) for row in await life.rows(table)) for table, names in columns.items()}
    notes = await life.rows("credit_note")
    return end | {
        "balance": sum(row["amount_minor"] for row in await life.rows("balance_entry")),
        "notes": [sum(note[name] for note in notes) for name in ("granted_minor", "refunded_minor", "tax_minor")],
        "owed": await owed(life),
    }


@pytest.mark.parametrize("name", STORIES)
async def test_the_end_is_the_same_in_every_order(name: str, portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    owing, tells = STORIES[name]
    orders = list(permutations(tells))
    chosen = [orders[0], orders[-1], *Random(name).sample(orders, min(len(orders), ORDERS) - 2)]
    ends = []
    for order in chosen:
        async with living(portal, pool, owner) as life:
            await owing(life)
            await life.card("slow")
            await pay(life, "payAllDue", currency="USD")
            (payment,) = await life.rows("payment")
            assert (payment["status"], payment["amount_minor"]) == ("PROCESSING", 3_000)
            for tell in order:
                life.now += timedelta(seconds=1)
                await tell(life, payment["id"])
                await amounts_agree(life)
            ends.append(await end_of(life))
            assert ends[-1]["owed"]["portal"] == ends[-1]["owed"]["statement"]
    assert ends == [ends[0]] * len(ends)


async def test_before_its_payment_has_settled_a_refund_is_pending_and_takes_nothing(life: Life) -> None:
    await one_invoice_beside_credit(life)
    await life.card("slow")
    await pay(life, "payAllDue", currency="USD")
    (payment,) = await life.rows("payment")
    await refund("re_1", 1_000)(life, payment["id"])
    (row,) = await life.rows("refund")
    assert (row["status"], row["settled_at"], await life.rows("refund_allocation")) == ("PENDING", None, [])
    await settled(life, payment["id"])
    (row,) = await life.rows("refund")
    assert (row["status"], row["settled_at"]) == ("SUCCEEDED", life.now)
    assert [taken["amount_minor"] for taken in await life.rows("refund_allocation")] == [1_000]


async def test_a_refund_of_a_payment_that_failed_is_pending_and_applied_if_the_money_comes(life: Life) -> None:
    await one_invoice_beside_credit(life)
    await life.card("slow")
    await pay(life, "payAllDue", currency="USD")
    (payment,) = await life.rows("payment")
    await refund("re_1", 1_000)(life, payment["id"])
    await declined(life, payment["id"])
    (refund_node,) = (await life.ask(REFUNDS, id=payment["id"]))["node"]["refunds"]
    assert refund_node == {"status": "PENDING"}
    await settled(life, payment["id"])
    assert [row["status"] for row in await life.rows("refund")] == ["SUCCEEDED"]
