"""The installments of an invoice ask for no more than the invoice: a line of a schedule that asks for more is skipped, and says by how much."""

from typing import Any

import pytest

from tests.imports.conftest import ImportPlace
from tests.imports.lines import customer, invoice, payment, schedule

PAID = {"status": "PAID"}


def part(number: int = 1, amount: int = 2900, **changes: Any) -> dict[str, Any]:
    return {"externalId": f"P1-{number}", "name": f"Part {number}", "dueOn": f"2027-0{number}-01", "amount": amount, "invoice": "I1", **changes}


def second(amount: int) -> dict[str, Any]:
    return schedule("P2", installments=[part(3, amount)])


TOO_MUCH: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, list[dict[str, Any]]], str]] = {
    "one that is more than its invoice": ([part(amount=2901)], {}, {}, "installments[0].invoice"),
    "two that are more than their invoice": ([part(amount=1500), part(2, 1500)], {}, {}, "installments[1].invoice"),
    "one of an invoice of which a part is paid": (
        [part()],
        {},
        {"payments": [payment(amount=900, allocations=[{"invoice": "I1", "amount": 900}])]},
        "installments[0].invoice",
    ),
    "one of an invoice of which a part was paid elsewhere": ([part()], {"paidElsewhere": 1}, {}, "installments[0].invoice"),
    "one of a paid invoice": ([part()], PAID, {}, "installments[0].invoice"),
    "one of a void invoice": ([part()], {"status": "VOID"}, {}, "installments[0].invoice"),
    "a paid one that is more than its paid invoice": (
        [part(amount=3900)],
        PAID,
        {"payments": [payment(amount=6800, allocations=[{"invoice": "I1", "amount": 2900}, {"installment": "P1-1", "amount": 3900}])]},
        "installments[0].invoice",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_installments_that_ask_for_more_than_their_invoice_are_skipped(place: ImportPlace, name: str) -> None:
    parts, changes, others, field = TOO_MUCH[name]
    lines = {"customers": [customer()], "payment_schedules": [schedule(installments=parts)], "invoices": [invoice(**{"status": "OPEN"} | changes)]}
    place.write_lines(**lines, **others)
    await place.run()
    (entry,) = [entry for entry in place.report if entry["file"] == "payment_schedules.jsonl"]
    assert (entry["outcome"], entry.get("reason"), entry.get("field")) == ("SKIP", "MORE_THAN_INVOICE", field)
    assert "the invoice I1" in entry["message"]
    assert (await place.counts(("payment_schedule", "installment", "invoice"))) == {"payment_schedule": 0, "installment": 0, "invoice": 1}
    assert await place.violations() == {}


async def test_a_second_schedule_of_the_same_invoice_counts_the_first(place: ImportPlace) -> None:
    """In one run, and in a later one, which reads what the first has written."""
    place.write_lines(customers=[customer()], payment_schedules=[schedule(installments=[part(amount=2000)]), second(901)], invoices=[invoice(status="OPEN")])
    await place.run()
    assert [(outcome, reason) for file, _, outcome, reason in place.outcomes() if file.startswith("payment_s")] == [
        ("CREATE", None),
        ("SKIP", "MORE_THAN_INVOICE"),
    ]
    for amount, expected in ((901, ("SKIP", "MORE_THAN_INVOICE")), (900, ("CREATE", None))):
        place.write_lines(customers=[customer()], payment_schedules=[second(amount)])
        await place.run()
        assert place.outcomes()[-1][2:] == expected
    assert await place.violations() == {}


async def test_what_does_not_ask_for_more_is_imported(place: ImportPlace) -> None:
    """A paid one of a paid invoice, the rest of an invoice of which a part is paid, and a canceled one of a void invoice."""
    parts = [part(1, 1000), part(2, 1900), part(3, 2900, invoice="I2", isCanceled=True)]
    paid = [{"invoice": "I1", "installment": "P1-1", "amount": 1000}]
    place.write_lines(
        customers=[customer()],
        payment_schedules=[schedule(installments=parts)],
        invoices=[invoice(status="OPEN"), invoice("I2", status="VOID")],
        payments=[payment(amount=1000, allocations=paid)],
    )
    await place.run()
    assert {(outcome, reason) for _, _, outcome, reason in place.outcomes()} == {("CREATE", None)}
    assert await place.violations() == {}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ({"invoices": [invoice(status="OPEN", currency="EUR")]}, "CURRENCY_MISMATCH"),
        ({"invoices": [invoice(status="OPEN", currency="EUR", total=1, lines=...)]}, "CURRENCY_MISMATCH"),
        ({"invoices": [invoice("I1", "C2", status="OPEN")]}, "MISSING_DEPENDENCY"),
        ({"invoices": [invoice(status="OPEN", total=29.0)]}, "MISSING_DEPENDENCY"),
        ({}, "MISSING_DEPENDENCY"),
    ],
    ids=["another currency", "another currency and amount", "another customer", "an invoice that cannot be read", "none"],
)
async def test_an_installment_of_an_invoice_that_is_not_its_own_is_skipped(place: ImportPlace, lines: dict[str, Any], reason: str) -> None:
    place.write_lines(customers=[customer(), customer("C2")], payment_schedules=[schedule(installments=[part()])], **lines)
    await place.run()
    assert [entry.get("reason") for entry in place.report if entry["file"] == "payment_schedules.jsonl"] == [reason]
    assert await place.violations() == {}
