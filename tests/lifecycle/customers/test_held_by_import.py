"""An invoice that its source still collects is charged here only by an explicit payment, until the release: whatever becomes of that payment, the clock does not charge it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import asyncpg
import pytest

from billing.money.refunds import Report
from db.builtin.embedded import Urls
from jobs.clock import Billing, tick
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import done, refused
from tests.lifecycle.mixed.imported import check_held, import_customer
from tests.lifecycle.mixed.mixed_history import MixedHistory
from tests.lifecycle.models.histories import for_sale
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, pay
from tests.lifecycle.payments.test_refunds import record_refund

RELEASE = "mutation M($i: ReleaseImportedInput!) { releaseImported(input: $i) { userErrors { code } } }"
UPDATE = "mutation M($i: UpdateInstallmentsInput!) { updateInstallments(input: $i) { userErrors { code } } }"
ACTIONS = "query Q($id: ID!) { node(id: $id) { ... on Invoice { collection { nextAttemptAt } availableActions { action reason } } } }"


@pytest.fixture
async def held(life: Life, owner: asyncpg.Connection, place: Urls, tmp_path: Path) -> Life:
    """The life of an imported customer with an automatic invoice of 29.00 USD that is due in three days."""
    await import_customer(MixedHistory(life, Random(1), await for_sale(owner)), place, tmp_path)
    return life


async def imported_invoice(life: Life) -> asyncpg.Record:
    return next(row for row in await life.rows("invoice") if row["imported_at"])


async def pay_minor(life: Life, minor: int) -> asyncpg.Record:
    """Pay so much of the invoice in the portal, and return the payment."""
    payload = await pay(life, "payInvoice", invoiceId=(await imported_invoice(life))["id"], amountMinorUnits=str(minor))
    assert payload["userErrors"] == []
    (payment,) = await life.rows("payment")
    return payment


async def go_back(life: Life, payment: asyncpg.Record, reason: str, status: str = "SUCCEEDED") -> None:
    await record_refund(life, payment["id"], Report("dp_1", payment["amount_minor"], status, reason))


async def days_pass(life: Life, *, days: int) -> None:
    for _ in range(days):
        life.now += timedelta(days=1)
        assert (await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)).failures == 0


async def release(life: Life) -> None:
    answer = await life.ask(RELEASE, STAFF, i={"customerId": life.customer_id, "idempotencyKey": f"release {life.customer_id}"})
    assert answer["releaseImported"]["userErrors"] == []


async def standing(life: Life) -> tuple[str, str, int]:
    """Return status and collection of the invoice, and how much remains."""
    row = await imported_invoice(life)
    return row["status"], row["collection"], row["remaining_minor"]


async def returned(life: Life) -> None:
    await go_back(life, await pay_minor(life, 1_000), "RETURNED")


async def returned_whole(life: Life) -> None:
    await go_back(life, await pay_minor(life, 2_900), "RETURNED")


async def disputed(life: Life) -> None:
    await go_back(life, await pay_minor(life, 1_000), "DISPUTE")


async def returned_and_another_card(life: Life) -> None:
    await returned(life)
    assert (await add(life, "mastercard", makeDefault=True))["userErrors"] == []


async def retry_requested(life: Life) -> None:
    await days_pass(life, days=4)
    (method,) = await life.rows("payment_method")
    payload = await change_method(life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=method["id"], retryPastDue=True)
    assert payload["userErrors"] == []


async def extended(life: Life) -> None:
    await returned(life)
    (installment,) = await life.rows("installment", "and invoice_id is not null")
    await done(life, "extendDueDate", installmentId=installment["id"], dueOn=str((life.now + timedelta(days=10)).date()))


@pytest.mark.parametrize("happens", [returned, returned_whole, returned_and_another_card, disputed, retry_requested, extended])
async def test_nothing_makes_the_clock_charge_what_the_source_collects(held: Life, happens: Callable[[Life], Awaitable[None]]) -> None:
    await happens(held)
    await check_held(held)
    charged = held.sandbox.calls("capture")
    await days_pass(held, days=20)
    await check_held(held)
    assert held.sandbox.calls("capture") == charged
    assert (await imported_invoice(held))["remaining_minor"] == 2_900
    await amounts_agree(held)


async def test_what_was_returned_is_charged_once_and_wholly_after_the_release(held: Life) -> None:
    await returned(held)
    await release(held)
    assert await standing(held) == ("OPEN", "DUE", 2_900)
    charged = held.sandbox.calls("capture")
    await days_pass(held, days=5)
    assert held.sandbox.calls("capture") == charged + 1
    assert await standing(held) == ("PAID", "NONE", 0)
    await amounts_agree(held)


@pytest.mark.parametrize("is_paid_before", [True, False])
async def test_a_payment_that_is_returned_after_the_release_is_retried_like_any_other(held: Life, is_paid_before: bool) -> None:
    if is_paid_before:
        payment = await pay_minor(held, 2_900)
        await release(held)
    else:
        await release(held)
        payment = await pay_minor(held, 2_900)
    await go_back(held, payment, "RETURNED")
    assert await standing(held) == ("OPEN", "RETRYING", 2_900)


async def test_staff_cannot_charge_it_and_the_customer_can_pay_it(held: Life) -> None:
    await days_pass(held, days=4)
    invoice = await imported_invoice(held)
    (node,) = (await held.ask(ACTIONS, STAFF, id=invoice["id"])).values()
    offered = {item["action"]: item["reason"] for item in node["availableActions"]}
    assert (node["collection"]["nextAttemptAt"], offered["RETRY"] is None, offered["PAY"]) == (None, False, None)
    assert (await refused(held, "retryNow", invoiceId=invoice["id"]))[0] == "WRONG_STATE"
    await pay_minor(held, 2_900)
    await release(held)
    assert await standing(held) == ("PAID", "NONE", 0)


async def add_installment(life: Life, key: str) -> list[str]:
    """Add an installment to the imported schedule, and return the codes of refusals."""
    (schedule,) = await life.rows("payment_schedule")
    added = {"name": "One more", "dueOn": str((life.now + timedelta(days=30)).date()), "amount": "5.00"}
    sent = {"paymentScheduleId": schedule["id"], "expectedVersion": schedule["version"], "add": [added], "idempotencyKey": f"{key} {schedule['id']}"}
    return [error["code"] for error in (await life.ask(UPDATE, STAFF, i=sent))["updateInstallments"]["userErrors"]]


async def test_a_schedule_of_which_all_installments_are_paid_in_part_is_held_too(held: Life) -> None:
    """What is added to it would be invoiced and charged here before the release."""
    for installment in await held.rows("installment"):
        minor = 2_900 if installment["invoice_id"] else 100
        assert (await pay(held, "payInstallment", installmentId=installment["id"], amountMinorUnits=str(minor)))["userErrors"] == []
    assert await add_installment(held, "before") == ["WRONG_STATE"]
    await check_held(held)
    await release(held)
    assert await add_installment(held, "after") == []


async def test_one_that_was_disputed_before_the_release_is_not_charged_after_it(held: Life) -> None:
    await disputed(held)
    await release(held)
    charged = held.sandbox.calls("capture")
    await days_pass(held, days=5)
    assert held.sandbox.calls("capture") == charged
    assert await standing(held) == ("OPEN", "GIVEN_UP", 2_900)
