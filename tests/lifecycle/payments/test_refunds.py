"""Money that goes back: by the merchant, by a bank, in parts, in any order with settlement, and what follows for everything that it had paid."""

from datetime import timedelta
from typing import Any

import pytest

from billing.money.numbers import Numbering
from billing.money.refunds import Report
from billing.states import Actor
from db.unit_of_work import Caller
from jobs.clock import Billing, tick
from payments.processor import ChargeResult, ChargeStatus
from resolvers.changes.writing import system_writer
from resolvers.charges import refunding
from resolvers.charges.charging import apply_result
from tests.auditing import violations
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay, schedule


async def record_refund(life: Life, payment_id: str, report: Report) -> None:
    session = life.context().session.for_caller(Caller(life.customer_id, Actor.SYSTEM, life.now))
    async with session.write() as transaction:
        await refunding.record(transaction, payment_id, report, by=system_writer(life.now, Numbering()))
    await session.close()


async def settled(life: Life, payment_id: str, result: ChargeResult | None = None) -> None:
    session = life.context().session.for_caller(Caller(life.customer_id, Actor.SYSTEM, life.now))
    await apply_result(session, payment_id, result or ChargeResult(ChargeStatus.SUCCEEDED, "x"), by=system_writer(life.now, Numbering()))
    await session.close()


async def one(life: Life, table: str) -> dict[str, Any]:
    (row,) = await life.rows(table)
    return dict(row)


def amounts(row: Any) -> tuple[str, int, int, int, int]:
    return row["status"], row["paid_minor"], row["credited_minor"], row["refunded_minor"], row["remaining_minor"]


async def balance(life: Life) -> int:
    return sum(row["amount_minor"] for row in await life.rows("balance_entry"))


async def test_a_part_that_the_merchant_gives_back_is_credited_by_a_note_and_not_asked_for_again(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 2_500))
    assert amounts(await one(life, "invoice")) == ("PAID", 7_500, 2_500, 2_500, 0)
    note = await one(life, "credit_note")
    assert (note["refunded_minor"], note["total_minor"], note["tax_minor"]) == (2_500, 2_500, 0)
    assert (await one(life, "payment"))["refunded_minor"] == 2_500


async def test_credit_that_paid_a_part_becomes_credit_again_when_all_that_was_charged_is_given_back(life: Life) -> None:
    await credit(life, 2_000)
    await pay(life, "payInvoice", invoiceId=await invoice(life, 5_000))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 3_000))
    assert amounts(await one(life, "invoice")) == ("REFUNDED", 0, 5_000, 3_000, 0)
    assert await balance(life) == 2_000
    assert (await one(life, "payment"))["status"] == "REFUNDED"


async def test_what_a_bank_takes_back_is_owed_again_and_paid_when_the_dispute_is_won(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("dp_1", 10_000, "SUCCEEDED", "DISPUTE"))
    assert amounts(await one(life, "invoice")) == ("OPEN", 0, 0, 10_000, 10_000)
    await record_refund(life, payment["id"], Report("dp_1", 10_000, "REVERSED", "DISPUTE"))
    assert amounts(await one(life, "invoice")) == ("PAID", 10_000, 0, 0, 0)
    assert await life.rows("credit_note") == []


async def test_credit_becomes_credit_again_when_a_dispute_is_won_after_all_else_was_given_back(life: Life) -> None:
    await credit(life, 1_000)
    bill = await invoice(life)
    await pay(life, "payInvoice", invoiceId=bill)
    first = await one(life, "payment")
    await record_refund(life, first["id"], Report("dp_1", first["amount_minor"], "SUCCEEDED", "DISPUTE"))
    await pay(life, "payInvoice", invoiceId=bill)
    (second,) = [row for row in await life.rows("payment") if row["id"] != first["id"]]
    await record_refund(life, second["id"], Report("re_2", second["amount_minor"]))
    assert await balance(life) == 0
    await record_refund(life, first["id"], Report("dp_1", first["amount_minor"], "REVERSED", "DISPUTE"))
    assert await balance(life) == 1_000 + first["amount_minor"], "the credit, and money that came for nothing"
    await record_refund(life, first["id"], Report("re_1", first["amount_minor"]))
    assert await balance(life) == 1_000
    row = await one(life, "invoice")
    assert (row["status"], row["remaining_minor"], row["noted_minor"]) == ("REFUNDED", 0, row["total_minor"])


async def test_a_refund_that_fails_after_it_was_applied_leaves_the_money_as_credit(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 10_000))
    assert amounts(await one(life, "invoice"))[0] == "REFUNDED"
    await record_refund(life, payment["id"], Report("re_1", 10_000, "FAILED"))
    assert amounts(await one(life, "invoice")) == ("PAID", 10_000, 0, 0, 0)
    assert await balance(life) == 10_000
    assert (await one(life, "payment"))["status"] == "SUCCEEDED"


async def test_a_part_that_could_not_be_paid_back_and_is_paid_back_again_takes_the_credit_that_it_left(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 3_000))
    await record_refund(life, payment["id"], Report("re_1", 3_000, "FAILED"))
    assert await balance(life) == 3_000
    await record_refund(life, payment["id"], Report("re_2", 3_000))
    assert (await balance(life), (await one(life, "credit_note"))["total_minor"]) == (0, 3_000)
    assert (await one(life, "payment"))["refunded_minor"] == 3_000
    await amounts_agree(life)


@pytest.mark.parametrize("settles_first", [True, False])
async def test_a_part_of_a_refund_that_was_known_only_by_its_total_fails_alone(life: Life, *, settles_first: bool) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    if settles_first:
        await settled(life, payment["id"])
    for report in (Report(None, 3_000), Report("re_1", 2_000), Report("re_2", 1_000), Report("re_1", 2_000, "FAILED"), Report(None, 3_000)):
        await record_refund(life, payment["id"], report)
        assert await violations(life.admin, {life.customer_id}) == []
    if not settles_first:
        await settled(life, payment["id"])
    assert (await one(life, "payment"))["refunded_minor"] == 1_000
    rows = sorted((row["reference"], row["status"], row["amount_minor"]) for row in await life.rows("refund"))
    assert rows == [("re_1", "FAILED", 2_000), ("re_2", "SUCCEEDED", 1_000)]
    assert (await one(life, "credit_note"))["refunded_minor"] == 1_000
    assert (await one(life, "invoice"))["remaining_minor"] == 0
    assert await balance(life) == (2_000 if settles_first else 0)
    await amounts_agree(life)


async def test_a_total_of_before_a_failure_that_comes_after_it_is_no_refund(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    for report in (Report("re_1", 2_000), Report("re_1", 2_000, "FAILED"), Report(None, 2_000)):
        await record_refund(life, payment["id"], report)
    assert (await one(life, "payment"))["refunded_minor"] == 0
    assert [row["status"] for row in await life.rows("refund")] == ["FAILED"]


@pytest.mark.parametrize(
    ("disputed", "then", "status", "minor"),
    [(10_000, "FAILED", "FAILED", 7_000), (10_000, "SUCCEEDED", "FAILED", 7_000), (5_000, "SUCCEEDED", "SUCCEEDED", 5_000)],
)
async def test_a_dispute_takes_all_that_it_is_about_though_a_refund_is_under_way(life: Life, disputed: int, then: str, status: str, minor: int) -> None:
    """A processor drops such a refund. If it is carried out all the same, it takes at most what the bank left."""
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 7_000, "PENDING"))
    await record_refund(life, payment["id"], Report("dp_1", disputed, "SUCCEEDED", "DISPUTE"))
    await record_refund(life, payment["id"], Report("re_1", 7_000, then))
    (refund,) = await life.rows("refund", "and reason = 'REQUESTED'")
    assert (refund["status"], refund["amount_minor"]) == (status, minor)
    assert (await one(life, "invoice"))["remaining_minor"] == disputed
    assert await violations(life.admin, {life.customer_id}) == []


@pytest.mark.parametrize("invoicing", ["NONE", "COLLECTIVE"])
async def test_installments_and_schedules_follow(life: Life, invoicing: str) -> None:
    owed = await invoice(life, 6_000) if invoicing == "COLLECTIVE" else None
    installments = await schedule(life, 3_000, 3_000, invoicing=invoicing, covered_by=[owed, owed])
    for installment in installments:
        await pay(life, "payInstallment", installmentId=installment)
        life.now += timedelta(minutes=1)
    first, second = await life.rows("payment")
    await record_refund(life, second["id"], Report("re_2", 3_000))
    await record_refund(life, first["id"], Report("re_1", 1_000))
    rows = sorted(await life.rows("installment"), key=lambda row: row["position"])
    assert [(row["status"], row["paid_minor"], row["refunded_minor"], row["remaining_minor"]) for row in rows] == [
        ("PAID", 2_000, 1_000, 0),
        ("REFUNDED", 0, 3_000, 0),
    ]
    assert (await one(life, "payment_schedule"))["status"] == "FINISHED"


@pytest.mark.parametrize(("reason", "collection", "failures"), [("DISPUTE", "GIVEN_UP", 0), ("RETURNED", "RETRYING", 1)])
async def test_the_clock_tries_a_returned_debit_again_and_never_what_is_in_dispute(life: Life, reason: str, collection: str, failures: int) -> None:
    subscription = await life.subscribe("storage")
    await record_refund(life, (await one(life, "payment"))["id"], Report("dp_1", (await one(life, "payment"))["amount_minor"], "SUCCEEDED", reason))
    row = await one(life, "invoice")
    assert (row["status"], row["collection"], row["failed_attempts"]) == ("OPEN", collection, failures)
    life.now += timedelta(days=2)
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert life.sandbox.calls("capture") == 1 + failures
    assert (await one(life, "invoice"))["status"] == ("PAID" if failures else "OPEN")
    assert (await life.row(subscription))["status"] == ("ACTIVE" if failures else "SUSPENDED")


async def test_after_a_returned_debit_was_paid_after_all_nothing_is_collected_and_another_return_counts_from_the_start(life: Life) -> None:
    await life.subscribe("storage")
    payment = await one(life, "payment")
    for reference in ("dp_1", "dp_2"):
        await record_refund(life, payment["id"], Report(reference, payment["amount_minor"], "SUCCEEDED", "RETURNED"))
        row = await one(life, "invoice")
        assert (row["collection"], row["retry_count"], row["retry_began_on"]) == ("RETRYING", 1, life.now.date())
        await record_refund(life, payment["id"], Report(reference, payment["amount_minor"], "REVERSED", "RETURNED"))
        row = await one(life, "invoice")
        assert (row["status"], row["collection"], row["collect_at"], row["retry_count"]) == ("PAID", "NONE", None, 0)
        life.now += timedelta(days=2)


async def test_a_dispute_that_is_won_lifts_what_it_had_brought(life: Life) -> None:
    subscription = await life.subscribe("storage")
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("dp_1", payment["amount_minor"], "SUCCEEDED", "DISPUTE"))
    assert (await life.row(subscription))["status"] == "SUSPENDED"
    life.now += timedelta(days=3)
    await record_refund(life, payment["id"], Report("dp_1", payment["amount_minor"], "REVERSED", "DISPUTE"))
    assert ((await life.row(subscription))["status"], (await one(life, "invoice"))["status"]) == ("ACTIVE", "PAID")


async def test_a_debit_that_paid_what_is_in_dispute_and_is_returned_brings_the_hold_again(life: Life) -> None:
    """The clock charges nothing that is in dispute, so nothing else would ever happen."""
    subscription = await life.subscribe("storage")
    first = await one(life, "payment")
    await record_refund(life, first["id"], Report("dp_1", first["amount_minor"], "SUCCEEDED", "DISPUTE"))
    life.now += timedelta(days=1)
    assert (await pay(life, "payInvoice", invoiceId=(await one(life, "invoice"))["id"]))["userErrors"] == []
    assert (await life.row(subscription))["status"] == "ACTIVE"
    (second,) = await life.rows("payment", f"and id <> '{first['id']}'")
    await record_refund(life, second["id"], Report("dp_2", second["amount_minor"], "SUCCEEDED", "RETURNED"))
    assert ((await one(life, "invoice"))["collection"], (await life.row(subscription))["status"]) == ("GIVEN_UP", "SUSPENDED")


async def test_what_was_paid_otherwise_meanwhile_makes_the_won_money_credit(life: Life) -> None:
    owed = await invoice(life)
    await pay(life, "payInvoice", invoiceId=owed)
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("dp_1", 10_000, "SUCCEEDED", "DISPUTE"))
    assert (await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="9000"))["userErrors"] == []
    await record_refund(life, payment["id"], Report("dp_1", 10_000, "REVERSED", "DISPUTE"))
    assert amounts(await one(life, "invoice")) == ("PAID", 10_000, 0, 0, 0)
    assert await balance(life) == 9_000
    await amounts_agree(life)


async def test_an_invoice_may_be_voided_after_a_part_that_was_paid_was_given_back(life: Life) -> None:
    """The credit note over that part stays, and the audit accepts it."""
    owed = await invoice(life)
    await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits="2500")
    await record_refund(life, (await one(life, "payment"))["id"], Report("re_1", 2_500))
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    assert await violations(life.admin, {life.customer_id}) == []
    assert ((await figures_agree(life))["USD"].due, (await one(life, "credit_note"))["total_minor"]) == (0, 2_500)


async def test_a_refund_of_what_became_credit_takes_the_credit(life: Life) -> None:
    """Money that came when nothing was left for it to pay."""
    owed = await invoice(life)
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=owed)
    payment = await one(life, "payment")
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", owed)
    await settled(life, payment["id"])
    assert await balance(life) == 10_000
    await record_refund(life, payment["id"], Report("re_1", 4_000))
    assert (await balance(life), await life.rows("credit_note")) == (6_000, [])
    await amounts_agree(life)


async def test_after_unused_time_was_credited_a_refund_takes_the_rest_from_the_credit(life: Life) -> None:
    """What a credit note gave as credit is not given back a second time."""
    subscription = await life.subscribe("enterprise-support")
    payment = await one(life, "payment")
    life.now += timedelta(days=10)
    assert (await life.do("changePlan", subscriptionId=subscription, priceId=price("storage"), when="NOW"))["userErrors"] == []
    (note,) = await life.rows("credit_note")
    before = await balance(life)
    assert note["granted_minor"] > 0
    await record_refund(life, payment["id"], Report("re_1", payment["amount_minor"]))
    (first,) = await life.rows("invoice", "and reason = 'FIRST'")
    assert (first["noted_minor"], first["remaining_minor"]) == (first["total_minor"], 0)
    assert await balance(life) == before - note["granted_minor"]


FIELDS = """query P($id: ID!) { node(id: $id) { ... on Payment { status refunded { amount } refunds { id amount { amount } status reason createdAt settledAt }
    allocations { invoice { status amountPaid { amount } amountRefunded { amount } amountCredited { amount } creditNotes { nodes { total { amount } } } } } } } }"""


async def test_a_payment_shows_its_refunds(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    payment = await one(life, "payment")
    await record_refund(life, payment["id"], Report("re_1", 2_500, "SUCCEEDED", "DUPLICATE"))
    await record_refund(life, payment["id"], Report("re_2", 1_000, "PENDING"))
    node = (await life.ask(FIELDS, id=payment["id"]))["node"]
    refunds = sorted((one["amount"]["amount"], one["status"], one["reason"], one["settledAt"] is None) for one in node["refunds"])
    assert refunds == [("10.00", "PENDING", "REQUESTED", True), ("25.00", "SUCCEEDED", "DUPLICATE", False)]
    assert (node["status"], node["refunded"]["amount"]) == ("SUCCEEDED", "25.00")
    (allocation,) = node["allocations"]
    assert allocation["invoice"] == {
        "status": "PAID",
        "amountPaid": {"amount": "75.00"},
        "amountRefunded": {"amount": "25.00"},
        "amountCredited": {"amount": "25.00"},
        "creditNotes": {"nodes": [{"total": {"amount": "25.00"}}]},
    }
    data = (await life.ask("query R($id: ID!) { node(id: $id) { id ... on Refund { payment { id } } } }", id=node["refunds"][0]["id"]))["node"]
    assert data == {"id": node["refunds"][0]["id"], "payment": {"id": payment["id"]}}
