"""Later due days: dunning begins anew on that day, and what was issued stays as it was printed."""

from datetime import date

import pytest

from auth.viewer import Viewer
from billing.states import Actor
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.dunning.items import collection, day, next_payment, open_items
from tests.lifecycle.invoices.test_dunning import days, held, passed, renewed, standing, states, unpaid
from tests.lifecycle.invoicing.staff import call, create, done, everything, refused
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, pay


async def test_dunning_begins_anew_on_the_later_day(life: Life) -> None:
    await renewed(life)
    await passed(life, days=1)
    (invoice,) = await unpaid(life)
    assert await states(life) == [("RETRYING", 2)]
    on = day(life, 20)
    payload = await done(life, "extendDueDate", invoiceId=invoice["id"], dueOn=on)
    assert (payload["invoice"]["dueOn"], payload["invoice"]["isOverdue"]) == (on, False)
    state = await collection(life, invoice["id"])
    assert (state["state"], state["failedAttempts"], state["nextAttemptAt"][:10]) == ("DUE", 0, on)
    assert (await next_payment(life))["date"] == on
    await days(life, 19)
    assert await states(life) == [("DUE", 0)]
    await passed(life, days=1)
    assert await states(life) == [("RETRYING", 1)]
    await amounts_agree(life)


async def test_a_hold_ends_when_nothing_else_is_overdue(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "extendDueDate", invoiceId=invoice["id"], dueOn=day(life, 15))
    assert await standing(life, subscription) == ("ACTIVE", [])
    assert [(row["actor"], row["detail"]) for row in await life.rows("audit_event", "and event = 'extendDueDate'")] == [("STAFF", invoice["id"])]
    await days(life, 14)
    assert await standing(life, subscription) == ("ACTIVE", [])
    await days(life, 5)
    assert await standing(life, subscription) == ("SUSPENDED", ["DUNNING"])


async def test_a_promise_ends_with_a_later_day(life: Life) -> None:
    identifier = await create(life)
    await done(life, "promiseToPay", invoiceId=identifier, on=day(life, 3))
    await done(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, 30))
    (row,) = await life.rows("invoice")
    assert (row["promised_on"], row["promise_until"], row["is_hold_paused"]) == (None, None, False)


async def test_the_document_keeps_the_day_that_it_was_issued_with(life: Life) -> None:
    identifier = await create(life, dueOn=day(life, 5))
    for later in (20, 40):
        await done(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, later))
    text = "query I($id: ID!) { node(id: $id) { ... on Invoice { dueOn issuedDueOn } } }"
    for viewer in (STAFF, life.viewer):
        assert (await life.ask(text, viewer, id=identifier))["node"] == {"dueOn": day(life, 40), "issuedDueOn": day(life, 5)}


@pytest.mark.parametrize("later", [-1, 14, 13, 365 * 12])
async def test_an_earlier_day_the_same_one_and_one_far_away_are_refused(life: Life, later: int) -> None:
    identifier = await create(life)
    assert await refused(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, later)) == ("INVALID_VALUE", "dueOn")


async def test_a_later_day_that_has_passed_is_refused(life: Life) -> None:
    identifier = await create(life, dueOn=day(life, -30), backdated=True)
    assert await refused(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, -1)) == ("INVALID_VALUE", "dueOn")
    await done(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, 0))


async def test_what_is_paid_void_or_written_off_is_not_extended(life: Life) -> None:
    paid, void, written_off = await create(life), await create(life), await create(life)
    await pay(life, "payInvoice", invoiceId=paid)
    await done(life, "voidInvoice", invoiceId=void)
    await done(life, "writeOffInvoice", invoiceId=written_off)
    for identifier, code in {paid: "ALREADY_PAID", void: "NOT_PAYABLE", written_off: "WRONG_STATE"}.items():
        assert await refused(life, "extendDueDate", invoiceId=identifier, dueOn=day(life, 30)) == (code, "invoiceId")


async def test_unknown_ids_two_ids_and_old_versions_are_refused(life: Life) -> None:
    identifier = await create(life)
    on = day(life, 30)
    for wrong in (life.customer_id, identifier[:-1] + ("0" if identifier[-1] != "0" else "1"), "inv_nonsense"):
        assert await refused(life, "extendDueDate", invoiceId=wrong, dueOn=on) == ("NOT_FOUND", "invoiceId")
        assert await refused(life, "retryNow", invoiceId=wrong) == ("NOT_FOUND", "invoiceId")
        assert await refused(life, "promiseToPay", invoiceId=wrong, on=on) == ("NOT_FOUND", "invoiceId")
    assert await refused(life, "extendDueDate", installmentId=identifier, dueOn=on) == ("NOT_FOUND", "installmentId")
    assert await refused(life, "extendDueDate", dueOn=on) == ("INVALID_VALUE", "invoiceId")
    assert await refused(life, "extendDueDate", invoiceId=identifier, installmentId=identifier, dueOn=on) == ("INVALID_VALUE", "invoiceId")
    assert await refused(life, "extendDueDate", invoiceId=identifier, dueOn=on, expectedVersion=7) == ("VERSION_CONFLICT", "expectedVersion")
    await done(life, "extendDueDate", invoiceId=identifier, dueOn=on, expectedVersion=1)


async def test_a_repeated_call_is_replayed(life: Life) -> None:
    identifier = await create(life)
    sent = {"invoiceId": identifier, "dueOn": day(life, 30), "idempotencyKey": f"once {life.customer_id}"}
    first, again = await call(life, "extendDueDate", **sent), await call(life, "extendDueDate", **sent)
    assert (first["replayed"], again["replayed"], again["invoice"]) == (False, True, first["invoice"])


async def agree(life: Life, **more: object) -> list[dict[str, str]]:
    """Agree on three installments of 100.00, 10, 40 and 70 days from now, and return them."""
    sent = {
        "customerId": life.customer_id,
        "idempotencyKey": f"schedule {life.customer_id}",
        "name": "Kitchen",
        "currency": "USD",
        "invoicing": "NONE",
        "installments": [{"name": f"{number}/3", "dueOn": day(life, later), "amount": "100.00"} for number, later in enumerate((10, 40, 70), 1)],
    }
    text = """mutation M($i: CreatePaymentScheduleInput!) { createPaymentSchedule(input: $i) { userErrors { code message path }
        paymentSchedule { installments(first: 10, sort: DUE_FIRST) { nodes { id invoice { id } } } } } }"""
    payload = (await life.ask(text, STAFF, i=sent | more))["createPaymentSchedule"]
    assert payload["userErrors"] == []
    items: list[dict[str, str]] = payload["paymentSchedule"]["installments"]["nodes"]
    return items


async def test_an_installment_is_charged_and_invoiced_on_the_later_day(life: Life) -> None:
    await life.card("visa")
    first, *_ = await agree(life, invoicing="PER_INSTALLMENT", collection="AUTOMATIC")
    payload = await done(life, "extendDueDate", installmentId=first["id"], dueOn=day(life, 20))
    assert payload["installment"] == {"id": first["id"], "dueOn": day(life, 20), "status": "DUE"}
    assert payload["invoice"]["dueOn"] == day(life, 20)
    assert (await next_payment(life))["date"] == day(life, 20)
    await days(life, 19)
    assert (await life.rows("installment", f"and id = '{first['id']}'"))[0]["status"] == "DUE"
    await days(life, 1)
    assert (await life.rows("installment", f"and id = '{first['id']}'"))[0]["status"] == "PAID"
    await amounts_agree(life)


async def test_an_installment_without_an_invoice_yet_is_invoiced_later(life: Life) -> None:
    _, second, _ = await agree(life, invoicing="PER_INSTALLMENT")
    await done(life, "extendDueDate", installmentId=second["id"], dueOn=day(life, 50))
    await days(life, 35)
    assert (await life.rows("installment", f"and id = '{second['id']}'"))[0]["invoice_id"] is None
    await days(life, 1)
    assert (await life.rows("installment", f"and id = '{second['id']}'"))[0]["invoice_id"] is not None
    await amounts_agree(life)


async def test_an_invoice_of_all_installments_is_due_with_the_last_one(life: Life) -> None:
    await life.card("visa")
    first, _, last = await agree(life, invoicing="COLLECTIVE", collection="AUTOMATIC")
    invoice_id = first["invoice"]["id"]  # type: ignore[index]
    assert await refused(life, "extendDueDate", invoiceId=invoice_id, dueOn=day(life, 90)) == ("WRONG_STATE", "invoiceId")
    assert (await done(life, "extendDueDate", installmentId=first["id"], dueOn=day(life, 20)))["invoice"]["dueOn"] == day(life, 70)
    assert (await done(life, "extendDueDate", installmentId=last["id"], dueOn=day(life, 80)))["invoice"]["dueOn"] == day(life, 80)
    assert (await next_payment(life))["date"] == day(life, 20)
    await days(life, 19)
    assert await life.rows("payment") == []
    await days(life, 1)
    assert [row["amount_minor"] for row in await life.rows("payment")] == [10_000]
    await amounts_agree(life)


async def test_an_installment_of_no_invoice_leaves_the_open_items_until_its_day(life: Life) -> None:
    first, *_ = await agree(life)
    await passed(life, days=11)
    assert [(item["kind"], item["daysOverdue"]) for item in await open_items(life)] == [("INSTALLMENT", 1)]
    await done(life, "extendDueDate", installmentId=first["id"], dueOn=day(life, 5))
    assert await open_items(life) == []
    await passed(life, days=5)
    assert [(item["id"], item["daysOverdue"]) for item in await open_items(life)] == [(first["id"], 0)]


async def test_an_installment_needs_the_scope_of_schedules_too(life: Life) -> None:
    first, *_ = await agree(life)
    before = await everything(life)
    clerk = Viewer(Actor.STAFF, None, ("invoices:write", "read"), "tests")
    text = "mutation M($i: ExtendDueDateInput!) { extendDueDate(input: $i) { userErrors { code } } }"
    with pytest.raises(AssertionError, match=r"schedules:write"):
        await life.ask(text, clerk, i={"installmentId": first["id"], "dueOn": day(life, 30), "idempotencyKey": f"k {life.customer_id}"})
    assert await everything(life) == before
    both = Viewer(Actor.STAFF, None, ("invoices:write", "schedules:write", "read"), "tests")
    payload = await call(life, "extendDueDate", both, installmentId=first["id"], dueOn=day(life, 30))
    assert payload["userErrors"] == []


async def test_another_card_pays_at_once_what_is_extended(life: Life) -> None:
    """A later day is a time to pay, and no reason not to take the money that the customer offers."""
    await renewed(life, None)
    (invoice,) = await unpaid(life)
    await done(life, "extendDueDate", invoiceId=invoice["id"], dueOn=day(life, 20))
    method = (await add(life, "visa"))["paymentMethod"]["id"]
    await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method)
    assert await states(life) == [("DUE", 0)]
    (row,) = await unpaid(life)
    assert row["due_on"] == date.fromisoformat(day(life, 20))
    await days(life, 20)
    assert await unpaid(life) == []
