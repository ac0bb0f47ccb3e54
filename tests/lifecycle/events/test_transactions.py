"""The counter of a customer knows the objects whose events the transaction has written, and forgets them with it."""

import asyncpg
import pytest

from tests.lifecycle.conftest import Life
from tests.lifecycle.payments.test_paying import invoice

MEMO = "update invoice set memo = $2, version = version + 1 where id = $1"
# Rows that have a revision and no events: their triggers write the counter before those of the invoice do.
WITHOUT_EVENT = {
    "a row without events": "update invoice_line set description = description where invoice_id = $1",
    "a row without events, not recorded": "update invoice_line set description = description where invoice_id = $1",
}


@pytest.mark.parametrize("first", [None, *WITHOUT_EVENT])
async def test_an_object_has_an_event_in_each_transaction(life: Life, owner: asyncpg.Connection, first: str | None) -> None:
    invoice_id = await invoice(life)
    for memo in ("One", "Two", "Three"):
        async with owner.transaction():
            if first:
                await owner.execute(f"set local app.events = {'off' if 'not recorded' in first else 'on'}")
                await owner.execute(WITHOUT_EVENT[first], invoice_id)
                await owner.execute("set constraints all immediate; set constraints all deferred; set local app.events = on")
            await owner.execute(MEMO, invoice_id, memo)
    events = await owner.fetch("select seq, changes from event where object_id = $1 and type = 'invoice.updated' order by seq", invoice_id)
    assert [event["changes"] for event in events] == [["memo"]] * 3
    last, objects = await owner.fetchrow("select seq, objects from event_counter where owner_id = $1", life.customer_id)
    assert (last, [key.rpartition(" ")[0] for key in objects]) == (events[-1]["seq"], [f"invoice {invoice_id}"])


@pytest.mark.parametrize("others", [0, 200])
async def test_a_transaction_with_savepoints_writes_the_events_of_each_object_once(life: Life, owner: asyncpg.Connection, others: int) -> None:
    """An update in a savepoint does not know a row of the same transaction by its number, so that the trigger runs for each."""
    invoices = [await invoice(life) for _ in range(3)]
    before = await owner.fetchval("select seq from event_counter where owner_id = $1", life.customer_id)
    async with owner.transaction():
        await owner.execute("update invoice_line set description = description where invoice_id = $1", invoices[0])
        await owner.execute("set constraints all immediate; set constraints all deferred")  # the counter is of this transaction
        await owner.execute("update event_counter set objects = array_fill('other'::text, array[$2::integer]) where owner_id = $1", life.customer_id, others)
        for memo in ("One", "Two"):
            for invoice_id in invoices:
                async with owner.transaction():
                    await owner.execute(MEMO, invoice_id, memo)
    events = await owner.fetch("select seq, object_id from event where customer_id = $1 and seq > $2 order by seq", life.customer_id, before)
    assert [event["object_id"] for event in events] == invoices
    assert [event["seq"] for event in events] == [before + number for number in (1, 2, 3)]
