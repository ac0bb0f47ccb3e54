"""The customer is locked before staff's calls read anything: no two of them decide on the same money, and none writes for a customer who is erased meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from db.builtin.embedded import Urls
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import call, create, line, usd
from tests.waiting import until

WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'lock_customer|begin_client_call'"
# With the arguments beside the key; :invoice and :customer are ids.
CALLS: dict[str, dict[str, Any]] = {
    "createInvoice": {"customerId": ":customer", "lines": [line()]},
    "creditInvoice": {"invoiceId": ":invoice", "reason": "GOODWILL", "amount": usd("1.00")},
    "recordPayment": {"kind": "CASH", "amount": usd("1.00"), "invoiceId": ":invoice"},
    "adjustBalance": {"customerId": ":customer", "reason": "A gift", "amount": usd("1.00")},
    "extendDueDate": {"invoiceId": ":invoice", "dueOn": "2027-04-01"},
    "promiseToPay": {"invoiceId": ":invoice", "on": "2027-02-20"},
    "retryNow": {"invoiceId": ":invoice"},
    "voidInvoice": {"invoiceId": ":invoice"},
    "writeOffInvoice": {"invoiceId": ":invoice"},
}


@asynccontextmanager
async def locked(life: Life, place: Urls, statement: str = "") -> AsyncIterator[None]:
    """Hold the lock of the customer, and run a statement before it is released."""
    other = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    try:
        async with other.transaction():
            await other.execute("select from customer where id = $1 for update", life.customer_id)
            yield
            if statement:
                await other.execute(statement, life.customer_id)
    finally:
        await other.close()


async def started(life: Life, mutation: str, invoice: str) -> "asyncio.Task[dict[str, Any]]":
    """Start a call and return when it waits for the lock."""
    ids = {":invoice": invoice, ":customer": life.customer_id}
    arguments = {name: ids.get(value, value) if isinstance(value, str) else value for name, value in CALLS[mutation].items()}
    task = asyncio.create_task(call(life, mutation, **arguments))

    async def waits() -> bool:
        return task.done() or await life.admin.fetchval(WAITING) == 1

    await until(waits)
    assert not task.done(), task.result()
    return task


@pytest.mark.parametrize("mutation", CALLS)
async def test_a_call_waits_for_the_lock_and_then_decides(mutation: str, life: Life, place: Urls) -> None:
    await life.card("visa")
    invoice = await create(life)
    async with locked(life, place):
        task = await started(life, mutation, invoice)
    # The clock does not collect this invoice, so there is nothing to retry.
    assert [error["code"] for error in (await task)["userErrors"]] == (["WRONG_STATE"] if mutation == "retryNow" else [])


@pytest.mark.parametrize("mutation", CALLS)
async def test_a_customer_who_is_erased_while_a_call_waits_has_nothing_written(mutation: str, life: Life, place: Urls) -> None:
    invoice = await create(life)
    async with locked(life, place, "update customer set closed_at = now(), erased_at = now(), version = version + 1 where id = $1"):
        task = await started(life, mutation, invoice)
        before = await life.rows("payment"), await life.rows("invoice"), await life.rows("balance_entry")
    assert [error["code"] for error in (await task)["userErrors"]] == ["CUSTOMER_ERASED"]
    assert (await life.rows("payment"), await life.rows("invoice"), await life.rows("balance_entry")) == before
