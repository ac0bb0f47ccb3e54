"""An import through all layers: what it writes, what a rerun does, and that nothing is told."""

import shutil
from datetime import timedelta

from tests.imports.conftest import EXAMPLE, NOTICES, NOW, ImportPlace
from tests.imports.lines import credit, customer, invoice, method, payment, schedule, shop, subscription


async def test_the_example_is_imported_and_every_invariant_holds(place: ImportPlace) -> None:
    shutil.copytree(EXAMPLE, place.folder, dirs_exist_ok=True)
    result = await place.run()
    assert result.counts.skipped == 0
    assert {outcome for _, _, outcome, _ in place.outcomes()} == {"CREATE"}
    assert await place.violations() == {}
    rows = await place.fetch("select number, status, paid_minor, remaining_minor, imported_at from invoice order by number")
    assert [tuple(row) for row in rows] == [("2026-0501", "PAID", 3213, 0, NOW), ("2026-0502", "PARTIALLY_PAID", 2000, 2500, NOW)]


async def test_nothing_is_told_but_the_end(place: ImportPlace) -> None:
    place.write_lines(**shop(3))
    await place.run()
    assert await place.counts(NOTICES) == dict.fromkeys(NOTICES, 0) | {"event": 1}
    assert [tuple(row) for row in await place.fetch("select customer_id, type from event")] == [("", "import.finished")]


async def test_the_second_run_of_the_same_files_writes_nothing(place: ImportPlace) -> None:
    place.write_lines(**shop(3))
    await place.run()
    before = await place.counts()
    written = await place.fetch("select xmin::text, * from import_record order by kind, external_id")
    await place.run(now=NOW + timedelta(hours=1))
    assert {outcome for _, _, outcome, _ in place.outcomes()} == {"UNCHANGED"}
    assert await place.counts() == before
    assert await place.fetch("select xmin::text, * from import_record order by kind, external_id") == written


async def test_a_dry_run_reports_the_same_as_the_import_and_writes_nothing(place: ImportPlace) -> None:
    place.write_lines(**{**shop(3), "customers": [customer("C1"), customer("C2", email="c1@shop.example"), customer("C3")]})
    before = await place.counts(NOTICES) | await place.counts()
    await place.run(is_dry=True)
    dry = [{name: value for name, value in entry.items() if name != "id"} for entry in place.report]
    assert await place.counts(NOTICES) | await place.counts() == before
    await place.run()
    assert [{name: value for name, value in entry.items() if name != "id"} for entry in place.report] == dry


async def test_a_dry_run_finds_what_only_the_database_refuses(place: ImportPlace) -> None:
    """A row that the plan lets through, and a constraint refuses, is reported by the dry run too."""
    place.write_lines(customers=[customer()], subscriptions=[subscription()])
    await place.fetch("alter table subscription add constraint made_by_a_test check (quantity <> 1)")
    try:
        for is_dry in (True, False):
            await place.run(is_dry=is_dry)
            assert {reason for _, _, _, reason in place.outcomes()} == {"REFUSED_BY_DATABASE"}
            assert {entry["message"] for entry in place.report} == {"made_by_a_test"}
    finally:
        await place.fetch("alter table subscription drop constraint made_by_a_test")
    assert (await place.counts())["customer"] == 0


async def test_a_changed_line_is_taken_up_and_the_others_are_not(place: ImportPlace) -> None:
    lines = shop(2)
    place.write_lines(**lines)
    await place.run()
    lines["customers"][0]["name"] = "Renamed"
    lines["subscriptions"][0]["quantity"] = 3
    lines["invoices"][0]["memo"] = "Changed"
    place.write_lines(**lines)
    await place.run(now=NOW + timedelta(hours=1))
    changed = {(file, outcome, reason) for file, line, outcome, reason in place.outcomes() if outcome != "UNCHANGED"}
    assert changed == {("customers.jsonl", "UPDATE", None), ("subscriptions.jsonl", "UPDATE", None), ("invoices.jsonl", "SKIP", "NOT_CHANGEABLE")}
    assert [row["name"] for row in await place.fetch("select name from customer order by external_id")] == ["Renamed", "Customer C2"]
    (row,) = await place.fetch("select quantity, renewal_minor, version, status, holds from subscription where external_id = 'S1'")
    assert tuple(row) == (3, 8700, 2, "SUSPENDED", ["IMPORT"])
    assert (await place.counts(NOTICES))["event"] == 2  # the end of each run
    assert await place.violations() == {}
    lines["invoices"][0].pop("memo")
    place.write_lines(**lines)
    await place.run(now=NOW + timedelta(hours=2))
    assert {outcome for _, _, outcome, _ in place.outcomes()} == {"UNCHANGED"}


async def test_a_change_of_a_customer_with_events_is_an_event(place: ImportPlace) -> None:
    """Whoever follows the customer has to hear of the new version; the audit compares the two."""
    place.write_lines(customers=[customer()])
    await place.run()
    await place.fetch("update customer set name = 'Changed in the portal', version = version + 1")
    place.write_lines(customers=[customer(companyName="Shop")])
    await place.run(now=NOW + timedelta(hours=1))
    rows = await place.fetch("select type, object_version from event where customer_id <> '' order by seq")
    assert [tuple(row) for row in rows] == [("customer.updated", 2), ("customer.updated", 3)]
    assert await place.violations() == {}


async def test_lines_of_later_runs_find_what_was_imported_before(place: ImportPlace) -> None:
    place.write_lines(customers=[customer()], payment_methods=[method()])
    await place.run()
    place.write_lines(subscriptions=[subscription(paymentMethod="M1")], payment_schedules=[schedule(subscription="S1")], credits=[credit()])
    await place.run()
    assert {outcome for _, _, outcome, _ in place.outcomes()} == {"CREATE"}
    assert await place.violations() == {}


async def test_only_one_kind_is_read(place: ImportPlace) -> None:
    place.write_lines(**shop(2))
    await place.run(only="customers")
    assert {file for file, _, _, _ in place.outcomes()} == {"customers.jsonl"}
    await place.run(only="subscriptions")
    assert {reason for _, _, _, reason in place.outcomes()} == {"MISSING_DEPENDENCY"}


async def test_at_most_so_many_customers_are_imported(place: ImportPlace) -> None:
    place.write_lines(**shop(5))
    await place.run(limit=2)
    assert (await place.counts())["customer"] == 2
    assert [reason for file, _, _, reason in place.outcomes() if file == "customers.jsonl"] == [None, None, "NOT_REACHED", "NOT_REACHED", "NOT_REACHED"]
    await place.run()
    assert (await place.counts())["customer"] == 5


async def test_it_stops_at_the_first_line_that_is_skipped_if_it_shall(place: ImportPlace) -> None:
    lines = shop(4)
    lines["subscriptions"][2]["price"] = "unknown"
    place.write_lines(**lines)
    result = await place.run(stops=True)
    assert result.is_stopped
    reasons = {entry["externalId"]: entry.get("reason") for entry in place.report if entry["file"] == "subscriptions.jsonl"}
    assert reasons == {"S1": None, "S2": None, "S3": "UNKNOWN_PRICE", "S4": "NOT_REACHED"}
    assert [row["external_id"] for row in await place.fetch("select external_id from customer order by external_id")] == ["C1", "C2"]


async def test_a_broken_line_stops_the_run_before_anything_is_written(place: ImportPlace) -> None:
    place.write({"customers.jsonl": '{"externalId": "C1", "email": "a@b.example", "name": "A", "currency": "USD"}\n{broken\n'})
    result = await place.run(stops=True)
    assert result.is_stopped
    assert [(line, reason) for _, line, _, reason in place.outcomes()] == [(1, "NOT_REACHED"), (2, "BROKEN_JSON")]
    assert (await place.counts())["customer"] == 0


async def test_payments_refunds_credit_notes_and_credit_agree(place: ImportPlace) -> None:
    """A refund that went back in part, credit that was granted and used, an installment that credit paid, and an invoice paid elsewhere."""
    note = {
        "number": "CN-1",
        "issuedAt": "2026-10-20",
        "released": 0,
        "granted": 900,
        "refunded": 1000,
        "refund": "R1",
        "lines": [{"description": "Back", "subtotal": 1900}],
    }
    refund = {"externalId": "R1", "amount": 1000, "createdAt": "2026-10-20", "allocations": [{"invoice": "I1", "amount": 1000}]}
    parts = [{"externalId": "P1-1", "name": "One", "dueOn": "2026-10-01", "amount": 500, "creditUsed": 300}]
    place.write_lines(
        customers=[customer()],
        payment_schedules=[schedule(installments=[*parts, {"externalId": "P1-2", "name": "Two", "dueOn": "2027-01-01", "amount": 700}])],
        invoices=[invoice(creditNotes=[note]), invoice("I2", status="OPEN"), invoice("I3"), invoice("I4", status="VOID")],
        payments=[payment(amount=3100, refunds=[refund], allocations=[{"invoice": "I1", "amount": 2900}, {"installment": "P1-1", "amount": 200}])],
        credits=[
            credit("B1", kind="CREDIT_NOTE", amount=900, creditNote="CN-1"),
            credit("B2", kind="APPLIED_TO_INVOICE", amount=-500, invoice="I2"),
            credit("B3", kind="APPLIED_TO_INVOICE", amount=-300),
        ],
    )
    await place.run()
    assert {(outcome, reason) for _, _, outcome, reason in place.outcomes()} == {("CREATE", None)}
    assert await place.violations() == {}
    rows = await place.fetch("select external_id, status, paid_minor, credited_minor, refunded_minor, noted_minor from invoice order by external_id")
    assert [tuple(row) for row in rows] == [
        ("I1", "PAID", 1900, 1000, 1000, 1900),
        ("I2", "OPEN", 0, 500, 0, 0),
        ("I3", "PAID", 2900, 0, 0, 0),
        ("I4", "VOID", 0, 0, 0, 0),
    ]
    rows = await place.fetch("select external_id, status, paid_minor from installment order by position")
    assert [tuple(row) for row in rows] == [("P1-1", "PAID", 500), ("P1-2", "DUE", 0)]


async def test_a_line_that_others_counted_on_takes_them_along(place: ImportPlace) -> None:
    """The payment names an unknown invoice too, so the invoice that it would have paid is not paid by it."""
    place.write_lines(
        customers=[customer()],
        invoices=[invoice(status="OPEN")],
        payments=[payment(amount=3000, allocations=[{"invoice": "I1", "amount": 2900}, {"invoice": "I9", "amount": 100}])],
    )
    await place.run()
    assert [reason for _, _, _, reason in place.outcomes()] == [None, None, "MISSING_DEPENDENCY"]
    (row,) = await place.fetch("select status, remaining_minor from invoice")
    assert tuple(row) == ("OPEN", 2900)
    assert await place.violations() == {}


async def test_what_is_new_of_a_customer_whose_changed_line_is_refused_is_skipped_too(place: ImportPlace) -> None:
    place.write_lines(customers=[customer()])
    await place.run()
    place.write_lines(customers=[customer(currency="EUR")], credits=[credit()])
    await place.run()
    assert [reason for _, _, _, reason in place.outcomes()] == ["NOT_CHANGEABLE", "DEPENDENCY_SKIPPED"]
    assert (await place.counts())["balance_entry"] == 0
