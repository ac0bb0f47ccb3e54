"""Unused time that becomes credit, or is taken off an open invoice, stands on a credit note with its tax."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from billing.money.notes import IssuedCreditNote, NoteLine
from billing.states import Actor
from db.unit_of_work import Caller, UnitOfWork
from jobs.clock import Billing, tick
from resolvers.changes.credit_notes import note_rows
from resolvers.changes.saving import DecisionOutdated, save
from resolvers.changes.writing import system_writer
from tests.lifecycle.books import assert_books
from tests.lifecycle.conftest import START, Life, new_id

NOTES = """{ customer { creditNotes(first: 50, sort: OLDEST) { nodes {
  id number reason issuedAt subtotal { minorUnits } tax { minorUnits } total { minorUnits }
  amountReleased { minorUnits } amountToBalance { minorUnits } amountRefunded { minorUnits }
  invoice { id } lines { nodes { description subtotal { minorUnits } tax { minorUnits } total { minorUnits } period { startsAt endsAt } } } } }
  balanceEntries { nodes { kind amount { minorUnits } creditNote { id } invoice { id } } } } }"""
PREVIEW = """query P($input: ChangePlanInput!) { previewChangePlan(input: $input) { userErrors { code } preview { previewToken warnings creditGranted { minorUnits }
  invoiceTotal { minorUnits } creditUsed { minorUnits } amountDue { minorUnits } lines { total { minorUnits } tax { minorUnits } }
  creditNotes { reason subtotal { minorUnits } tax { minorUnits } total { minorUnits } amountReleased { minorUnits } amountToBalance { minorUnits }
    invoice { id } lines { description subtotal { minorUnits } tax { minorUnits } total { minorUnits } startsAt endsAt } } } } }"""


async def price(life: Life, minor: int, *, is_inclusive: bool = False) -> str:
    """A plan of its own, for a month."""
    identifier, plan = new_id("price"), new_id("plan")
    await life.admin.execute("insert into plan (id, code, name, created_at) values ($1, $1, $2, $3)", plan, f"Plan {minor}", START)
    await life.admin.execute(
        "insert into price (id, plan_id, currency, unit_minor, billing_interval, tax_behavior, created_at) values ($1, $2, 'EUR', $3, 'MONTH', $4, $5)",
        identifier, plan, minor, "INCLUSIVE" if is_inclusive else "EXCLUSIVE", START,
    )  # fmt: skip
    return identifier


async def subscribed(life: Life, minor: int, *, at: datetime = datetime(2027, 4, 1, tzinfo=UTC)) -> str:
    """In euros, with a tax of a fifth."""
    await life.admin.execute("update customer set currency = 'EUR', time_zone = 'UTC', tax_rate_ppm = 200000 where id = $1", life.customer_id)
    life.now = at
    payload = await life.do("addPlan", priceId=await price(life, minor))
    assert payload["userErrors"] == []
    subscription: str = payload["subscription"]["id"]
    return subscription


async def change(life: Life, subscription: str, minor: int, **arguments: Any) -> dict[str, Any]:
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=await price(life, minor), when="NOW", **arguments)
    assert payload["userErrors"] == [], payload
    return payload


async def invoices(life: Life) -> list[asyncpg.Record]:
    return sorted(await life.rows("invoice"), key=lambda row: (row["issued_at"], row["sequence"]))


async def notes(life: Life) -> list[asyncpg.Record]:
    return sorted(await life.rows("credit_note"), key=lambda row: row["sequence"])


def amounts(note: asyncpg.Record) -> tuple[int, int, int]:
    return note["subtotal_minor"], note["tax_minor"], note["total_minor"]


async def tax_of_documents(life: Life) -> int:
    return sum(row["tax_minor"] for row in await life.rows("invoice")) - sum(row["tax_minor"] for row in await life.rows("credit_note"))


async def ticked(life: Life) -> None:
    assert (await tick(Billing(life.database, {"sandbox": life.sandbox}, numbering=life.numbering), life.now)).failures == 0


async def test_tax_of_unused_time_that_becomes_credit_stands_on_a_credit_note(life: Life) -> None:
    """Case 11: 5.00 of tax in a credit of 30.00 stood on no document."""
    subscription = await subscribed(life, 10_000)
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 5_000)
    first, second = await invoices(life)
    assert (second["total_minor"], second["tax_minor"]) == (0, 0)
    (note,) = await notes(life)
    assert (note["invoice_id"], note["reason"], note["number"]) == (first["id"], "UNUSED_TIME", f"CN-2027-{note['sequence']:06}")
    assert amounts(note) == (2_500, 500, 3_000)
    assert (note["released_minor"], note["granted_minor"], note["refunded_minor"]) == (0, 3_000, 0)
    (line,) = await life.rows("credit_note_line")
    assert (line["description"], line["period_starts_at"], line["period_ends_at"]) == ("Unused time on Plan 10000", life.now, datetime(2027, 5, 1, tzinfo=UTC))
    (entry,) = await life.rows("balance_entry")
    assert (entry["kind"], entry["amount_minor"], entry["credit_note_id"], entry["invoice_id"]) == ("CREDIT_NOTE", 3_000, note["id"], first["id"])
    life.now = datetime(2027, 5, 1, tzinfo=UTC)
    await ticked(life)
    renewal = (await invoices(life))[-1]
    assert (renewal["total_minor"], renewal["tax_minor"], renewal["credited_minor"], renewal["paid_minor"]) == (6_000, 1_000, 3_000, 3_000)
    assert await tax_of_documents(life) == 2_500, "of 125.00 that were consumed"
    await assert_books(life)


async def test_tax_of_unused_time_that_is_taken_off_an_open_invoice_stands_on_a_credit_note(life: Life) -> None:
    """Case 11, released: the invoice was credited 77.42, and no document lowered its tax."""
    subscription = await subscribed(life, 10_000)
    await life.card("insufficient_funds")
    life.now = datetime(2027, 5, 1, tzinfo=UTC)
    await ticked(life)
    await life.card()
    life.now = datetime(2027, 5, 12, tzinfo=UTC)
    await change(life, subscription, 50_000)
    _, renewal, changed = await invoices(life)
    (note,) = await notes(life)
    assert note["invoice_id"] == renewal["id"]
    assert amounts(note) == (6_452, 1_290, 7_742)
    assert (note["released_minor"], note["granted_minor"]) == (7_742, 0)
    assert (renewal["status"], renewal["credited_minor"], renewal["remaining_minor"]) == ("OPEN", 7_742, 4_258)
    assert await life.rows("balance_entry") == [], "the note says it, and no pair of entries"
    assert changed["total_minor"] == 32_258 + 6_452
    assert await tax_of_documents(life) == 2_000 + (2_000 - 1_290) + 6_452
    await assert_books(life)


@pytest.mark.inconsistent_rows
async def test_what_was_paid_in_part_is_released_first_and_the_rest_is_granted(life: Life) -> None:
    subscription = await subscribed(life, 10_000)
    (first,) = await invoices(life)
    await life.admin.execute(
        "update invoice set paid_minor = 11000, status = 'PARTIALLY_PAID', paid_at = null, due_on = due_on + 30 where id = $1", first["id"]
    )  # as a lost dispute over a part would leave it
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 1_000)
    (note,) = await notes(life)
    assert (note["released_minor"], note["granted_minor"], note["total_minor"]) == (1_000, 6_000 - 1_000 - 600, 5_400)
    first = (await invoices(life))[0]
    assert (first["status"], first["credited_minor"], first["remaining_minor"]) == ("PAID", 1_000, 0)


async def test_a_second_change_corrects_the_invoices_on_which_the_time_stands(life: Life) -> None:
    """The invoice of the first change asks for nothing: what it took up stands on the one before it."""
    subscription = await subscribed(life, 10_000)
    first_note_of = []
    for day, minor in ((11, 6_000), (21, 3_000), (26, 600)):
        life.now = datetime(2027, 4, day, tzinfo=UTC)
        await change(life, subscription, minor)
        first_note_of.append((await notes(life))[-1])
    first, *others = await invoices(life)
    assert [row["total_minor"] for row in others] == [0, 0, 0]
    assert {note["invoice_id"] for note in first_note_of} == {first["id"]}
    assert [amounts(note) for note in first_note_of] == [(2_667, 533, 3_200), (1_000, 200, 1_200), (400, 80, 480)]
    assert await tax_of_documents(life) == 2_000 - 533 - 200 - 80
    await assert_books(life)


async def test_an_upgrade_and_a_downgrade_correct_both_invoices(life: Life) -> None:
    subscription = await subscribed(life, 10_000)
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 20_000)
    await change(life, subscription, 1_000)
    first, upgrade, _ = await invoices(life)
    assert (upgrade["total_minor"], upgrade["tax_minor"]) == (6_000, 1_000)
    by_invoice = {note["invoice_id"]: note["total_minor"] for note in await notes(life)}
    assert by_invoice == {upgrade["id"]: 6_000, first["id"]: 12_000 - 6_000 - 600}
    assert await tax_of_documents(life) == 1_000 + 100
    await assert_books(life)


@pytest.mark.parametrize(("rate", "due_minor"), [(0, 0), (100_000, 0), (300_000, 500)])
async def test_another_tax_rate_puts_all_of_it_on_the_note_and_its_credit_pays_the_invoice(life: Life, rate: int, due_minor: int) -> None:
    """A negative line with the old tax would leave less than nothing of net or tax."""
    subscription = await subscribed(life, 10_000)
    await life.admin.execute("update customer set tax_rate_ppm = $2 where id = $1", life.customer_id, rate)
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 10_001)
    _, changed = await invoices(life)
    if rate == 300_000:  # the line fits into it
        assert (changed["total_minor"], changed["tax_minor"], changed["credited_minor"]) == (501, 500, 0)
        assert await notes(life) == []
        return
    (note,) = await notes(life)
    assert amounts(note) == (5_000, 1_000, 6_000)
    tax = 5_001 * rate // 1_000_000
    assert (changed["total_minor"], changed["tax_minor"], changed["credited_minor"], changed["paid_minor"]) == (5_001 + tax, tax, 5_001 + tax, 0)
    assert [line["description"] for line in await life.rows("invoice_line", f"and invoice_id = '{changed['id']}'")] == ["Remaining time on Plan 10001"]
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 6_000 - 5_001 - tax
    await assert_books(life)


async def test_what_is_granted_with_a_bill_is_used_before_credit_that_is_there_and_charged_for_the_rest(life: Life) -> None:
    """While the charge decides, only credit that is there already is reserved."""
    subscription = await subscribed(life, 10_000)
    await life.admin.execute("update customer set tax_rate_ppm = 0 where id = $1", life.customer_id)
    await life.admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, created_at) values ($1, $2, 'EUR', 700, 'ADJUSTMENT', '', $3)",
        life.customer_id, new_id("bal"), life.now,
    )  # fmt: skip
    await life.card("slow")
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 14_000)
    assert await notes(life) == []
    (charge,) = [row for row in await life.rows("charge") if row["settled_at"] is None]
    assert charge["reserved_minor"] == 700
    life.now += timedelta(minutes=5)
    await ticked(life)
    assert [note["granted_minor"] for note in await notes(life)] == [6_000]
    changed = (await invoices(life))[-1]
    assert (changed["total_minor"], changed["credited_minor"], changed["paid_minor"]) == (7_000, 6_700, 300)
    assert sum(entry["amount_minor"] for entry in await life.rows("balance_entry")) == 0
    await assert_books(life)


async def test_the_preview_shows_the_notes_that_are_issued_then(life: Life) -> None:
    subscription = await subscribed(life, 10_000)
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    await change(life, subscription, 20_000)
    life.now += timedelta(days=3, seconds=7)
    arguments = {"subscriptionId": subscription, "priceId": await price(life, 777), "when": "NOW", "idempotencyKey": "-"}
    preview = (await life.ask(PREVIEW, input=arguments))["previewChangePlan"]["preview"]
    assert preview["warnings"] == ["CREDIT_EXCEEDS_LINE"]
    payload = await life.do("changePlan", **arguments | {"previewToken": preview["previewToken"], "idempotencyKey": "then"})
    assert payload["userErrors"] == []
    issued = (await life.ask(NOTES))["customer"]
    assert len(preview["creditNotes"]) == 2
    foreseen_notes, issued_notes = (sorted(notes, key=lambda note: note["invoice"]["id"]) for notes in (preview["creditNotes"], issued["creditNotes"]["nodes"]))
    for foreseen, note in zip(foreseen_notes, issued_notes, strict=True):
        for name in ("reason", "subtotal", "tax", "total", "amountReleased", "amountToBalance", "invoice"):
            assert foreseen[name] == note[name], name
        (line,) = note["lines"]["nodes"]
        period = line.pop("period")
        assert foreseen["lines"] == [line | period]
    granted = {entry["creditNote"]["id"]: entry["amount"] for entry in issued["balanceEntries"]["nodes"] if entry["kind"] == "CREDIT_NOTE"}
    assert granted == {note["id"]: note["amountToBalance"] for note in issued["creditNotes"]["nodes"]}
    assert int(preview["creditGranted"]["minorUnits"]) == sum(int(amount["minorUnits"]) for amount in granted.values())


async def test_no_note_without_unused_time_beside_the_line(life: Life) -> None:
    subscription = await subscribed(life, 10_000)
    life.now = datetime(2027, 4, 16, tzinfo=UTC)
    arguments = {"subscriptionId": subscription, "priceId": await price(life, 20_000), "when": "NOW", "idempotencyKey": "-"}
    assert (await life.ask(PREVIEW, input=arguments))["previewChangePlan"]["preview"]["creditNotes"] == []
    await change(life, subscription, 20_000)
    assert await life.rows("credit_note") == []


async def test_notes_never_take_more_off_an_invoice_than_it_has(life: Life) -> None:
    """Net and tax apart, and several notes of one transaction together; nothing else of the transaction is written either."""
    await subscribed(life, 10_000)
    (invoice,) = await invoices(life)
    by = system_writer(life.now, life.numbering)

    async def write(*parts: tuple[int, int]) -> None:
        session = UnitOfWork(life.database, Caller(life.customer_id, Actor.SYSTEM, life.now))
        try:
            async with session.write() as transaction:
                changes: dict[str, list[dict[str, Any]]] = {}
                for net, tax in parts:
                    note = IssuedCreditNote(invoice["id"], "CORRECTION", (NoteLine("Correction", net, tax),), granted_minor=net + tax)
                    for kind, rows in note_rows(note, life.customer_id, "EUR", by=by).items():
                        changes.setdefault(kind, []).extend(rows)
                await save(transaction, changes)
        finally:
            await session.close()

    for parts in ([(10_001, 0)], [(0, 2_001)], [(6_000, 1_000), (5_000, 1_000)], [(1, 1_500), (1, 501)]):
        with pytest.raises(DecisionOutdated):
            await write(*parts)
        assert await life.rows("credit_note") == await life.rows("balance_entry") == []
    await write((6_000, 1_000), (3_000, 500))
    with pytest.raises(DecisionOutdated):
        await write((1_000, 501))
    await write((1_000, 500))
    assert len(await notes(life)) == len(await life.rows("balance_entry")) == 3
    with pytest.raises(DecisionOutdated):
        await write((1, 0))


@pytest.mark.inconsistent_rows
async def test_money_that_comes_when_the_note_has_nothing_left_to_take_becomes_credit(life: Life) -> None:
    """What was decided no longer holds: another note took the invoice back while the processor thought."""
    subscription = await subscribed(life, 10_000)
    await life.card("insufficient_funds")
    life.now = datetime(2027, 5, 1, tzinfo=UTC)
    await ticked(life)
    await life.card("slow")
    life.now = datetime(2027, 5, 12, tzinfo=UTC)
    payload = await life.do("changePlan", subscriptionId=subscription, priceId=await price(life, 50_000), when="NOW")
    assert payload["userErrors"] == []
    renewal = (await invoices(life))[-1]
    await life.admin.execute(
        """insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, created_at)
           values ($1, $2, 'FROM-OUTSIDE-' || $2, 'CORRECTION', 'EUR', $3, $4, 9000, 1800, 10800, 10800, $4)""",
        life.customer_id, new_id("cn"), renewal["id"], life.now,
    )  # fmt: skip
    await life.admin.execute("update invoice set credited_minor = 10800 where id = $1", renewal["id"])
    life.now += timedelta(minutes=5)
    await ticked(life)
    assert len(await invoices(life)) == 2
    assert [note["reason"] for note in await life.rows("credit_note")] == ["CORRECTION"]
    (payment,) = [row for row in await life.rows("payment") if row["status"] == "SUCCEEDED" and row["created_at"] > START + timedelta(days=95)]
    assert [(entry["kind"], entry["amount_minor"]) for entry in await life.rows("balance_entry")] == [("OVERPAYMENT", payment["amount_minor"])]
    assert (await life.row(subscription))["charging_payment_id"] is None


async def test_a_change_that_waits_for_money_dates_and_numbers_its_note_when_it_comes(life: Life) -> None:
    subscription = await subscribed(life, 10_000, at=datetime(2027, 12, 10, tzinfo=UTC))
    await life.admin.execute("update customer set tax_rate_ppm = 0 where id = $1", life.customer_id)
    await life.card("slow")
    life.now = datetime(2027, 12, 31, 23, 58, tzinfo=UTC)
    await change(life, subscription, 50_000)
    assert await notes(life) == []
    life.now = datetime(2028, 1, 1, 0, 3, tzinfo=UTC)
    await ticked(life)
    (note,) = await notes(life)
    assert (note["issued_at"], note["number"]) == (life.now, f"CN-2028-{note['sequence']:06}")
    await assert_books(life)
