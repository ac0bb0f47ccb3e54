"""Promises to pay: dunning waits until the day after, goes on where it was when one is broken, and holds a subscription again that it held."""

from typing import Any

import pytest

from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.dunning.items import collection, day, next_payment
from tests.lifecycle.invoices.test_dunning import days, held, letters, passed, renewed, standing, states, unpaid
from tests.lifecycle.invoicing.staff import create, done, refused
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, pay


async def test_the_clock_waits_until_the_day_after_and_goes_on_where_it_was(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    assert await states(life) == [("RETRYING", 1)]
    on = day(life, 5)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=on, note="By phone")
    state = await collection(life, invoice["id"])
    assert (state["state"], state["failedAttempts"], state["promisedOn"]) == ("RETRYING", 1, on)
    assert state["nextAttemptAt"][:10] == day(life, 6)
    assert "as agreed" in state["message"]
    assert (await next_payment(life))["kind"] == "RETRY"
    assert (await next_payment(life))["date"] == day(life, 6)
    written = len(await letters(life))
    await days(life, 5)
    assert (await states(life), len(await letters(life))) == ([("RETRYING", 1)], written)
    await passed(life, days=1)
    assert (await states(life), len(await letters(life))) == ([("RETRYING", 2)], written + 1)
    assert (await promise(life, invoice["id"]))["state"] == "BROKEN"
    await amounts_agree(life)


async def test_a_kept_promise_ends(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 5))
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    await pay(life, "payInvoice", invoiceId=invoice["id"], paymentMethodId=method)
    assert (await promise(life, invoice["id"]))["state"] == "FULFILLED"
    await days(life, 7)
    assert await unpaid(life) == []
    await amounts_agree(life)


async def test_a_hold_waits_for_the_promise_and_comes_back_when_it_is_broken(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 3))
    assert await standing(life, subscription) == ("ACTIVE", [])
    await days(life, 3)
    assert await standing(life, subscription) == ("ACTIVE", [])
    await passed(life, days=1)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert await states(life) == [("GIVEN_UP", 3)]
    await amounts_agree(life)


async def test_a_hold_does_not_come_back_when_the_promise_is_kept(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 3))
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    await pay(life, "payInvoice", invoiceId=invoice["id"], paymentMethodId=method)
    await days(life, 5)
    assert await standing(life, subscription) == ("ACTIVE", [])


async def test_a_withdrawn_promise_leaves_everything_as_before_it(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    before = await collection(life, invoice["id"])
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 3))
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=None)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])
    assert await collection(life, invoice["id"]) == before
    assert await promise(life, invoice["id"]) is None
    assert await refused(life, "promiseToPay", invoiceId=invoice["id"], on=None) == ("NO_CHANGE", "on")


async def test_the_customers_own_retry_ends_a_promise(life: Life) -> None:
    await renewed(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 5))
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    await passed(life, minutes=1)
    assert len(await unpaid(life)) == 1
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method, retryPastDue=True)
    assert await promise(life, invoice["id"]) is None
    await passed(life, minutes=1)
    assert await unpaid(life) == []


@pytest.mark.parametrize("later", [-1, 61, 20_000])
async def test_a_day_in_the_past_or_after_the_maximum_is_refused(life: Life, later: int) -> None:
    identifier = await create(life)
    assert await refused(life, "promiseToPay", invoiceId=identifier, on=day(life, later)) == ("INVALID_VALUE", "on")


async def test_today_and_the_last_day_are_accepted(life: Life) -> None:
    identifier = await create(life)
    for later in (0, 60):
        await done(life, "promiseToPay", invoiceId=identifier, on=day(life, later))
        assert [str(row["promised_on"]) for row in await life.rows("invoice")] == [day(life, later)]


async def test_an_invoice_that_is_paid_void_or_written_off_takes_no_promise(life: Life) -> None:
    paid, void, written_off = await create(life), await create(life), await create(life)
    await pay(life, "payInvoice", invoiceId=paid)
    await done(life, "voidInvoice", invoiceId=void)
    await done(life, "writeOffInvoice", invoiceId=written_off)
    expected = {paid: "ALREADY_PAID", void: "NOT_PAYABLE", written_off: "WRONG_STATE"}
    for identifier, code in expected.items():
        assert await refused(life, "promiseToPay", invoiceId=identifier, on=day(life, 3)) == (code, "invoiceId")


async def test_the_note_is_for_staff_and_is_one_line(life: Life) -> None:
    identifier = await create(life)
    assert await refused(life, "promiseToPay", invoiceId=identifier, on=day(life, 3), note="x" * 501) == ("INVALID_VALUE", "note")
    await done(life, "promiseToPay", invoiceId=identifier, on=day(life, 3), note="By phone")
    assert await promise(life, identifier) == {"promisedOn": day(life, 3), "state": "OPEN", "note": "By phone"}
    assert await promise(life, identifier, viewer=life.viewer) == {"promisedOn": day(life, 3), "state": "OPEN", "note": None}


async def promise(life: Life, identifier: str, viewer: Any = STAFF) -> Any:
    text = "query I($id: ID!) { node(id: $id) { ... on Invoice { promise { promisedOn state note } } } }"
    return (await life.ask(text, viewer, id=identifier))["node"]["promise"]


async def test_a_hold_does_not_come_back_for_what_was_written_off(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 3))
    await done(life, "writeOffInvoice", invoiceId=invoice["id"])
    await days(life, 5)
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert [row["is_hold_paused"] for row in await unpaid(life)] == [False]
