"""`createPaymentSchedule`: what is written, what is invoiced at once, and what is refused with nothing written."""

import asyncio
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.schedules.installments import MAX_INSTALLMENTS
from billing.states import Actor
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, living, new_id
from tests.lifecycle.payments.test_paying import credit
from tests.lifecycle.schedules.agreeing import SCHEDULER, all_agree, amounts, call, create, day, parts, read_schedule, statuses

EQUAL = """query E($c: CurrencyCode!, $i: EqualInstallmentsInput!) {
  equalInstallments(currency: $c, input: $i) { installments { name dueOn amount { minorUnits } } userErrors { code path } } }"""


async def test_a_schedule_is_written_as_agreed_and_the_customer_sees_it(life: Life) -> None:
    schedule = (await create(life, "100", "50.5", first=20, externalId="order 1", metadata={"public:order": "1", "crm": "x"}, name="Kitchen")).schedule
    assert (schedule["name"], schedule["status"], schedule["collection"], schedule["externalId"]) == ("Kitchen", "ACTIVE", "MANUAL", "order 1")
    assert amounts(schedule) == (15_050, 0, 0, 15_050)
    assert [(one["name"], one["dueOn"], one["amount"]["minorUnits"], one["invoice"]) for one in schedule["installments"]["nodes"]] == [
        ("1/2", day(life, 20), "10000", None),
        ("2/2", day(life, 50), "5050", None),
    ]
    seen = await read_schedule(life, schedule["id"])
    assert (seen["externalId"], seen["metadata"]) == (None, {"public:order": "1"})
    assert [one["action"] for one in seen["availableActions"]] == ["UPLOAD_ATTACHMENTS"]
    assert [one["action"] for one in schedule["availableActions"] if one["allowed"]] == ["UPLOAD_ATTACHMENTS", "UPDATE_INSTALLMENTS", "CANCEL"]
    await all_agree(life)


@pytest.mark.parametrize(("invoicing", "invoices"), [("NONE", 0), ("COLLECTIVE", 1), ("PER_INSTALLMENT", 2)])
async def test_what_is_due_soon_is_invoiced_at_once_with_the_tax_in_the_amount(life: Life, invoicing: str, invoices: int) -> None:
    schedule = (await create(life, "100", "100", "100", every=10, invoicing=invoicing)).schedule
    rows = await life.rows("invoice")
    assert len(rows) == invoices
    assert sum(row["total_minor"] for row in rows) == {"NONE": 0, "COLLECTIVE": 30_000, "PER_INSTALLMENT": 20_000}[invoicing]
    for row in rows:
        assert (row["reason"], row["schedule_id"], row["collection"]) == ("SCHEDULE", schedule["id"], "NONE")
        lines = await life.rows("invoice_line", f"and invoice_id = '{row['id']}'")
        assert {(line["tax_minor"], line["total_minor"], line["tax_rate_ppm"]) for line in lines} == {(749, 10_000, 81_000)}
    if invoicing == "COLLECTIVE":
        assert str(rows[0]["due_on"]) == day(life, 20)
    await all_agree(life)


async def test_credit_pays_what_is_invoiced_first(life: Life) -> None:
    await credit(life, 15_000)
    await create(life, "100", "100", "100", every=7)
    assert await statuses(life) == (["PAID", "PARTIALLY_PAID", "DUE"], ["PAID", "OPEN", "OPEN"])
    assert sum(row["amount_minor"] for row in await life.rows("balance_entry")) == 0
    await all_agree(life)


async def test_equal_installments_are_previewed_as_they_are_written(life: Life) -> None:
    rhythm = {"total": "100", "count": 3, "firstDueOn": "2027-01-31", "every": {"interval": "MONTH"}}
    preview = (await life.ask(EQUAL, SCHEDULER, c="USD", i=rhythm))["equalInstallments"]
    written = (await create(life, equalInstallments=rhythm)).installments
    expected = [("1/3", "2027-01-31", "3334"), ("2/3", "2027-02-28", "3333"), ("3/3", "2027-03-31", "3333")]
    assert [(one["name"], one["dueOn"], one["amount"]["minorUnits"]) for one in preview["installments"]] == expected
    assert [(one["name"], one["dueOn"], one["amount"]["minorUnits"]) for one in written] == expected
    refused = (await life.ask(EQUAL, SCHEDULER, c="JPY", i=rhythm | {"total": "1.5"}))["equalInstallments"]
    assert refused == {"installments": [], "userErrors": [{"code": "INVALID_VALUE", "path": ["input", "total"]}]}


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown customer": ({"customerId": new_id("cus")}, "NOT_FOUND", "customerId"),
    "an id of another kind": ({"customerId": new_id("sub")}, "NOT_FOUND", "customerId"),
    "an unknown subscription": ({"subscriptionId": new_id("sub")}, "NOT_FOUND", "subscriptionId"),
    "no name": ({"name": " "}, "INVALID_VALUE", "name"),
    "a long name": ({"name": "x" * 201}, "INVALID_VALUE", "name"),
    "an external id of no characters": ({"externalId": ""}, "INVALID_VALUE", "externalId"),
    "too long metadata": ({"metadata": {"a": "x" * 501}}, "INVALID_VALUE", "metadata"),
    "an unknown currency": ({"currency": "ZZZ"}, "INVALID_VALUE", "currency"),
    "charged without an invoice": ({"invoicing": "NONE", "collection": "AUTOMATIC"}, "INVALID_VALUE", "collection"),
    "no installments": ({"installments": []}, "INVALID_VALUE", "installments"),
    "neither": ({"installments": None}, "INVALID_VALUE", "installments"),
    "too many": ({"installments": [{"dueOn": "2027-02-01", "amount": "1"}] * (MAX_INSTALLMENTS + 1)}, "INVALID_VALUE", "installments"),
    "zero": ({"installments": [{"dueOn": "2027-02-01", "amount": "1"}, {"dueOn": "2027-02-01", "amount": "0"}]}, "INVALID_VALUE", "installments.1.amount"),
    "negative": ({"installments": [{"dueOn": "2027-02-01", "amount": "-1"}]}, "INVALID_VALUE", "installments.0.amount"),
    "three decimals": ({"installments": [{"dueOn": "2027-02-01", "amount": "1.001"}]}, "INVALID_VALUE", "installments.0.amount"),
    "one beyond 2^53": ({"installments": [{"dueOn": "2027-02-01", "amount": "90071992547409.92"}]}, "INVALID_VALUE", "installments.0.amount"),
    "together beyond 2^53": ({"installments": [{"dueOn": "2027-02-01", "amount": "90071992547409.91"}] * 2}, "INVALID_VALUE", "installments"),
    "out of order": (
        {"installments": [{"dueOn": "2027-02-02", "amount": "1"}, {"dueOn": "2027-02-01", "amount": "1"}]},
        "INVALID_VALUE",
        "installments.1.dueOn",
    ),
    "in the past": ({"installments": [{"dueOn": "2027-01-30", "amount": "1"}]}, "INVALID_VALUE", "installments.0.dueOn"),
    "a name of no characters": ({"installments": [{"name": "", "dueOn": "2027-02-01", "amount": "1"}]}, "INVALID_VALUE", "installments.0.name"),
    "a long external id": ({"installments": [{"dueOn": "2027-02-01", "amount": "1", "externalId": "x" * 201}]}, "INVALID_VALUE", "installments.0.externalId"),
    "one external id twice": (
        {"installments": [{"dueOn": "2027-02-01", "amount": "1", "externalId": "a"}] * 2},
        "EXTERNAL_ID_TAKEN",
        "installments.1.externalId",
    ),
    "equal parts of nothing": (
        {"installments": None, "equalInstallments": {"total": "0", "count": 2, "firstDueOn": "2027-02-01", "every": {"interval": "DAY"}}},
        "INVALID_VALUE",
        "equalInstallments.total",
    ),
    "too many equal parts": (
        {"installments": None, "equalInstallments": {"total": "9", "count": 121, "firstDueOn": "2027-02-01", "every": {"interval": "DAY"}}},
        "INVALID_VALUE",
        "equalInstallments.count",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "field"), BAD.values(), ids=BAD)
async def test_bad_input_is_refused_with_its_path_and_nothing_is_written(life: Life, arguments: dict[str, Any], code: str, field: str) -> None:
    before = await life.everything()
    answer = await create(life, **({"installments": parts(life, "1")} | arguments))
    assert answer.refusal == (code, ["input", *field.split(".")])
    assert await life.everything() == before


async def test_past_due_days_are_accepted_where_the_call_says_so(life: Life) -> None:
    await create(life, "10", "10", first=-40, backdated=True)
    assert await statuses(life) == (["DUE", "DUE"], ["OPEN", "OPEN"])
    await all_agree(life)


async def test_an_external_id_of_another_schedule_or_installment_is_refused(life: Life) -> None:
    own = new_id("x")
    await create(life, externalId=own, installments=[{"dueOn": day(life, 1), "amount": "1", "externalId": own}])
    before = await life.everything()
    assert (await create(life, "1", externalId=own)).refusal == ("EXTERNAL_ID_TAKEN", ["input", "externalId"])
    taken = [{"dueOn": day(life, 1), "amount": "1"}, {"dueOn": day(life, 1), "amount": "1", "externalId": own}]
    assert (await create(life, installments=taken)).refusal == ("EXTERNAL_ID_TAKEN", ["input", "installments", "1", "externalId"])
    assert await life.everything() == before


async def test_a_subscription_of_another_customer_or_currency_is_refused(life: Life, portal: Any, pool: Any, owner: asyncpg.Connection) -> None:
    own = await life.subscribe("storage")
    assert (await create(life, "1", subscriptionId=own)).schedule["subscription"] == {"id": own}
    assert (await create(life, "1", subscriptionId=own, currency="EUR")).refusal == ("CURRENCY_MISMATCH", ["input", "currency"])
    async with living(portal, pool, owner) as other:
        assert (await create(other, "1", subscriptionId=own)).refusal == ("NOT_FOUND", ["input", "subscriptionId"])


async def test_the_same_key_has_one_effect_and_another_input_is_a_conflict(life: Life) -> None:
    terms = {"idempotencyKey": f"{life.customer_id} once", "installments": parts(life, "5", "6")}
    first, again = await create(life, **terms), await create(life, **terms)
    assert again.payload["replayed"]
    assert again.schedule["id"] == first.schedule["id"]
    assert len(await life.rows("payment_schedule")) == 1
    assert (await create(life, **(terms | {"name": "Bath"}))).refusal == ("IDEMPOTENCY_CONFLICT", ["input", "idempotencyKey"])


async def test_two_calls_at_once_with_one_external_id_write_one_schedule(life: Life) -> None:
    own = new_id("x")
    answers = await asyncio.gather(*(create(life, "7", externalId=own) for _ in range(4)))
    assert sorted(len(answer.payload["userErrors"]) for answer in answers) == [0, 1, 1, 1]
    assert len(await life.rows("payment_schedule")) == 1


@pytest.mark.parametrize("viewer", [Viewer(Actor.STAFF, None, ("invoices:write", "payments:record"), "erp"), None], ids=["another scope", "the customer"])
async def test_only_staff_with_the_scope_may(life: Life, viewer: Viewer | None) -> None:
    with pytest.raises(AssertionError) as error:
        await call(
            life, "createPaymentSchedule", viewer or life.viewer, customerId=life.customer_id, name="x", currency="USD", invoicing="NONE", installments=[]
        )
    assert isinstance(error.value.args[0], Forbidden) or "scope" in str(error.value) or "STAFF" in str(error.value)
    assert await life.rows("payment_schedule") == []


async def test_who_agreed_is_in_the_audit(life: Life) -> None:
    schedule = (await create(life, "5")).schedule
    (event,) = await life.admin.fetch("select * from audit_event where customer_id = $1 and event = 'createPaymentSchedule'", life.customer_id)
    assert (event["actor"], event["client"], event["detail"], event["outcome"]) == ("STAFF", "erp", schedule["id"], "OK")
    assert (await call(life, "cancelPaymentSchedule", STAFF, paymentScheduleId=schedule["id"])).schedule["status"] == "CANCELED"
