"""Each bad input has its reason with the file and the line, and the lines around it are imported or skipped as they depend on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imports.reasons import ImportReason, reasons_page
from tests.imports.conftest import ImportPlace
from tests.imports.lines import credit, customer, invoice, method, payment, schedule, subscription

Expected = list[tuple[str, int, str, str | None]]


@dataclass(frozen=True)
class BadInput:
    """Files, the lines of the report that are expected, and how many customers there are afterwards."""

    name: str
    files: dict[str, str | bytes]
    expected: Expected
    customers: int


def jsonl(*lines: dict[str, Any] | str) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def one(name: str, line: dict[str, Any], reason: ImportReason) -> BadInput:
    """A line of a customer that is skipped, after one that is imported."""
    files: dict[str, str | bytes] = {"customers.jsonl": jsonl(customer("C1"), line)}
    return BadInput(name, files, [("customers.jsonl", 1, "CREATE", None), ("customers.jsonl", 2, "SKIP", reason)], 1)


def of(kind: str, name: str, line: dict[str, Any], reason: ImportReason, **others: list[dict[str, Any]]) -> BadInput:
    """A line of another kind that is skipped, while its customer is imported."""
    files: dict[str, str | bytes] = {"customers.jsonl": jsonl(customer("C1"))}
    files |= {f"{each}.jsonl": jsonl(*lines) for each, lines in others.items()}
    before = files.get(f"{kind}.jsonl", "")
    files[f"{kind}.jsonl"] = str(before) + jsonl(line)
    return BadInput(name, files, [(f"{kind}.jsonl", str(before).count("\n") + 1, "SKIP", reason)], 1)


GOOD = jsonl(customer("C1"), customer("C2"))
LONG = [customer(f"C{number}") for number in range(300)]

PAID_BY_CREDIT = {"externalId": "P1-1", "name": "One", "dueOn": "2026-10-01", "amount": 500, "creditUsed": 300}

INPUTS = (
    # Files.
    BadInput(
        "broken JSON in the middle of many lines",
        {"customers.jsonl": jsonl(*LONG[:200], "{broken", *LONG[200:])},
        [("customers.jsonl", 201, "SKIP", ImportReason.BROKEN_JSON)],
        300,
    ),
    BadInput("an array", {"customers.jsonl": "[1]\n" + GOOD}, [("customers.jsonl", 1, "SKIP", ImportReason.BROKEN_JSON)], 2),
    BadInput(
        "a line of 2 MB",
        {"customers.jsonl": jsonl(customer("C0", name="x" * 2_000_000)) + GOOD},
        [("customers.jsonl", 1, "SKIP", ImportReason.LINE_TOO_LONG)],
        2,
    ),
    BadInput("UTF-16 with a mark", {"customers.jsonl": GOOD.encode("utf-16")}, [("customers.jsonl", 1, "SKIP", ImportReason.WRONG_ENCODING)], 0),
    BadInput("UTF-16 without a mark", {"customers.jsonl": GOOD.encode("utf-16-be")}, [("customers.jsonl", 1, "SKIP", ImportReason.WRONG_ENCODING)], 0),
    BadInput(
        "UTF-8 with a mark", {"customers.jsonl": GOOD.encode("utf-8-sig")}, [("customers.jsonl", 1, "CREATE", None), ("customers.jsonl", 2, "CREATE", None)], 2
    ),
    BadInput(
        "Latin-1",
        {"customers.jsonl": GOOD.encode() + '{"externalId": "C3", "name": "Zoë"}\n'.encode("latin-1")},
        [("customers.jsonl", 3, "SKIP", ImportReason.WRONG_ENCODING)],
        2,
    ),
    BadInput(
        "CSV in Latin-1",
        {"customers.csv": "externalId,email,name,currency\nC1,a@b.example,Zoë,USD\n".encode("latin-1")},
        [("customers.csv", 2, "SKIP", ImportReason.WRONG_ENCODING)],
        0,
    ),
    BadInput(
        "CSV with quotes, commas and line ends in cells",
        {
            "customers.csv": "externalId,email,name,currency,billingAddress.line1,billingAddress.country\r\n"
            'C1,a@b.example,"Fern, ""Noah""",USD,"1 Street\nBack",DE\r\nC2,c@d.example,Ann,USD,,\r\n'
        },
        [("customers.csv", 2, "SKIP", ImportReason.INVALID_VALUE), ("customers.csv", 4, "CREATE", None)],
        1,
    ),
    BadInput(
        "CSV with a row that is too short",
        {"customers.csv": "externalId,email,name,currency\nC1,a@b.example\nC2,a@b.example,A,USD\n"},
        [("customers.csv", 2, "SKIP", ImportReason.BROKEN_CSV), ("customers.csv", 3, "CREATE", None)],
        1,
    ),
    BadInput(
        "CSV with a quote that does not end",
        {"customers.csv": 'externalId,email,name,currency\nC1,a@b.example,"A,USD\n'},
        [("customers.csv", 2, "SKIP", ImportReason.BROKEN_CSV)],
        0,
    ),
    one("an unknown field", customer("C2", emial="x"), ImportReason.UNKNOWN_FIELD),
    # Values.
    one("no e-mail address", customer("C2", email=...), ImportReason.MISSING_EMAIL),
    one("an empty e-mail address", customer("C2", email=""), ImportReason.MISSING_EMAIL),
    one("no e-mail address, but words", customer("C2", email="nobody"), ImportReason.INVALID_EMAIL),
    one("no name", customer("C2", name=None), ImportReason.MISSING_FIELD),
    one("a number as a name", customer("C2", name=5), ImportReason.INVALID_VALUE),
    one("an external id with a tab", customer("a\tb"), ImportReason.INVALID_EXTERNAL_ID),
    one("an unknown currency", customer("C2", currency="EUX"), ImportReason.UNKNOWN_CURRENCY),
    one("an unknown zone", customer("C2", timeZone="Europe/Zuerich"), ImportReason.UNKNOWN_TIME_ZONE),
    one("an unknown country", customer("C2", billingAddress={"line1": "A", "country": "XY"}), ImportReason.UNKNOWN_COUNTRY),
    one("an unknown language", customer("C2", locale="xx-1"), ImportReason.UNKNOWN_LOCALE),
    one("a day in the order of Europe", customer("C2", createdAt="31.01.2026"), ImportReason.INVALID_DATE),
    one("a day in the order of the United States", customer("C2", createdAt="01/31/2026"), ImportReason.INVALID_DATE),
    one("a day that does not exist", customer("C2", createdAt="2026-02-30"), ImportReason.INVALID_DATE),
    one("a time without an offset", customer("C2", createdAt="2026-01-31T09:00:00"), ImportReason.INSTANT_WITHOUT_OFFSET),
    one("metadata of numbers", customer("C2", metadata={"a": 1}), ImportReason.INVALID_VALUE),
    one("an exempt customer with a rate", customer("C2", taxExemption="EXEMPT", taxRate="19"), ImportReason.INVALID_VALUE),
    of("invoices", "an amount with a fraction", invoice(total=29.0), ImportReason.FLOAT_AMOUNT),
    of("invoices", "too many decimals", invoice(total="29.001"), ImportReason.INVALID_AMOUNT),
    of("invoices", "decimals of a currency without any", invoice(currency="JPY", total="29.5"), ImportReason.INVALID_AMOUNT),
    of("invoices", "an amount with a comma", invoice(total="29,00"), ImportReason.INVALID_AMOUNT),
    of("payments", "an amount below 0", payment(amount=-5), ImportReason.INVALID_AMOUNT),
    # Other lines.
    one("two lines of one external id", customer("C1", email="other@shop.example"), ImportReason.DUPLICATE_ID),
    one("two customers of one address", customer("C2", email="C1@Shop.Example"), ImportReason.DUPLICATE_EMAIL),
    BadInput(
        "two customers who share an address",
        {"customers.jsonl": jsonl(customer("C1"), customer("C2", email="c1@shop.example", allowSharedEmail=True))},
        [("customers.jsonl", 2, "CREATE", None)],
        2,
    ),
    of("subscriptions", "an external id of two customers", subscription("S1", "C9"), ImportReason.DUPLICATE_ID, subscriptions=[subscription("S1")]),
    of("invoices", "two invoices of one number", invoice("I2", number="N-I1"), ImportReason.DUPLICATE_NUMBER, invoices=[invoice("I1")]),
    of(
        "payment_schedules",
        "two installments of one external id",
        schedule("P2", installments=[{"externalId": "P1-1", "name": "A", "dueOn": "2027-01-01", "amount": 1}]),
        ImportReason.DUPLICATE_ID,
        payment_schedules=[schedule("P1")],
    ),
    BadInput(
        "a customer who is in no file", {"subscriptions.jsonl": jsonl(subscription())}, [("subscriptions.jsonl", 1, "SKIP", ImportReason.MISSING_CUSTOMER)], 0
    ),
    BadInput(
        "what depends on a customer who is skipped",
        {
            "customers.jsonl": jsonl(customer("C1", timeZone="Nowhere")),
            "subscriptions.jsonl": jsonl(subscription()),
            "invoices.jsonl": jsonl(invoice(subscription="S1")),
        },
        [
            ("customers.jsonl", 1, "SKIP", ImportReason.UNKNOWN_TIME_ZONE),
            ("subscriptions.jsonl", 1, "SKIP", ImportReason.DEPENDENCY_SKIPPED),
            ("invoices.jsonl", 1, "SKIP", ImportReason.DEPENDENCY_SKIPPED),
        ],
        0,
    ),
    of("invoices", "a subscription that is not there", invoice(subscription="S9"), ImportReason.MISSING_DEPENDENCY),
    of(
        "invoices", "a subscription that is skipped", invoice(subscription="S1"), ImportReason.DEPENDENCY_SKIPPED, subscriptions=[subscription(price="unknown")]
    ),
    of(
        "payments",
        "a method of another customer",
        payment(paymentMethod="M2"),
        ImportReason.MISSING_DEPENDENCY,
        payment_methods=[method("M2", "C9")],
        invoices=[invoice(status="OPEN")],
    ),
    # The catalog.
    of("subscriptions", "an unknown price", subscription(price="gone"), ImportReason.UNKNOWN_PRICE),
    of("subscriptions", "an unknown coupon", subscription(coupon={"code": "GONE"}), ImportReason.UNKNOWN_COUPON),
    of("subscriptions", "a price in another currency", subscription(price="team-eur-month"), ImportReason.CURRENCY_MISMATCH),
    # Subscriptions.
    of(
        "subscriptions",
        "a period that ended last year",
        subscription(startedAt="2025-01-15T00:00:00Z", periodStartsAt="2025-11-15T00:00:00Z", periodEndsAt="2025-12-15T00:00:00Z"),
        ImportReason.PERIOD_LAPSED,
    ),
    of("subscriptions", "a period without an end", subscription(periodEndsAt=...), ImportReason.INVALID_PERIOD),
    of("subscriptions", "a period that ends before it begins", subscription(periodEndsAt="2026-11-14T00:00:00Z"), ImportReason.INVALID_PERIOD),
    of("subscriptions", "a trial without an end", subscription(status="TRIALING"), ImportReason.INVALID_PERIOD),
    of("subscriptions", "a canceled one without an end", subscription(status="CANCELED"), ImportReason.INVALID_PERIOD),
    of("subscriptions", "a pause that has no price", subscription(pendingChange="PLAN"), ImportReason.MISSING_FIELD),
    of(
        "subscriptions",
        "a period that has not begun",
        subscription(startedAt="2026-02-28T00:00:00Z", periodStartsAt="2027-01-01T00:00:00Z", periodEndsAt="2027-02-01T00:00:00Z"),
        ImportReason.INVALID_PERIOD,
    ),
    of(
        "subscriptions",
        "an end on the last of a short month, without evidence",
        subscription(startedAt="2025-06-30T00:00:00Z", periodStartsAt="2026-11-30T00:00:00Z", periodEndsAt="2027-02-28T00:00:00Z"),
        ImportReason.ANCHOR_AMBIGUOUS,
    ),
    of("subscriptions", "an anchor that no boundary fits", subscription(anchorDay=20), ImportReason.ANCHOR_MISMATCH),
    of("subscriptions", "an anchor whose periods end elsewhere", subscription(anchorAt="2026-01-16T00:00:00Z"), ImportReason.ANCHOR_MISMATCH),
    # Money.
    of("invoices", "lines that are not the total", invoice(total=3000), ImportReason.LINES_DO_NOT_ADD_UP),
    of(
        "invoices",
        "a tax that is not its rate",
        invoice(total=3400, lines=[{"description": "A", "subtotal": 2900, "tax": 500, "taxRate": "19"}]),
        ImportReason.LINES_DO_NOT_ADD_UP,
    ),
    of("payments", "a payment over nothing", payment(allocations=[]), ImportReason.NOT_ALLOCATED),
    of("invoices", "more paid than there is", invoice(total=1000, lines=[{"description": "A", "subtotal": 1000}]), ImportReason.OVERPAID, payments=[payment()]),
    of(
        "payments",
        "a refund without a credit note",
        payment(refunds=[{"externalId": "R1", "amount": 100, "allocations": [{"invoice": "I1", "amount": 100}]}]),
        ImportReason.NOT_ALLOCATED,
        invoices=[invoice(status="OPEN")],
    ),
    of("invoices", "an invoice that was refunded, without its refunds", invoice(status="REFUNDED"), ImportReason.UNPAID),
    of("credits", "credit of nothing", credit(amount=0), ImportReason.INVALID_AMOUNT),
    of("payment_schedules", "an installment paid by credit that no line applies", schedule(installments=[PAID_BY_CREDIT]), ImportReason.NOT_ALLOCATED),
    of(
        "payment_schedules",
        "an installment paid by more credit than its invoice",
        schedule(installments=[{**PAID_BY_CREDIT, "invoice": "I1"}]),
        ImportReason.NOT_ALLOCATED,
        invoices=[invoice(status="OPEN")],
        credits=[credit("B2", kind="APPLIED_TO_INVOICE", amount=-200, invoice="I1")],
    ),
    of("credits", "credit that paid nothing", credit(kind="APPLIED_TO_INVOICE", amount=-300), ImportReason.NOT_ALLOCATED),
    # Methods.
    of("payment_methods", "two digits of a card, as a spreadsheet leaves them of 0042", method(last4="42"), ImportReason.INVALID_VALUE),
    of("payment_methods", "the number of a card", method(processorReference="4242424242424242"), ImportReason.REFERENCE_INVALID),
    of(
        "payment_methods", "a reference of Stripe without its customer", method(processor="stripe", processorReference="pm_123"), ImportReason.REFERENCE_INVALID
    ),
)


@pytest.mark.parametrize("case", INPUTS, ids=lambda case: case.name)
async def test_a_bad_input_has_its_reason_and_its_line(place: ImportPlace, case: BadInput) -> None:
    place.write(case.files)
    await place.run()
    outcomes = place.outcomes()
    assert [line for line in case.expected if line not in outcomes] == [], place.report[:10]
    assert (await place.counts(("customer",)))["customer"] == case.customers
    assert await place.violations() == {}
    # The same again: what was imported is unchanged, and what was skipped is skipped for the same reason.
    await place.run()
    assert [(file, line, reason) for file, line, _, reason in place.outcomes()] == [(file, line, reason) for file, line, _, reason in outcomes]
    assert {outcome for _, _, outcome, _ in place.outcomes()} <= {"UNCHANGED", "SKIP"}


NOTES: tuple[tuple[str, dict[str, list[dict[str, Any]]], str, ImportReason], ...] = (
    ("a card that expires next week", {"payment_methods": [method(expiresOn="2026-12-08")]}, "M1", ImportReason.CARD_EXPIRES_SOON),
    ("a card that has expired", {"payment_methods": [method(expiresOn="2026-10")]}, "M1", ImportReason.CARD_EXPIRED),
    ("a method that nobody was asked about", {"payment_methods": [method()]}, "M1", ImportReason.NOT_VERIFIED),
    (
        "two running subscriptions of a plan",
        {"payment_methods": [method()], "subscriptions": [subscription(), subscription("S2")]},
        "S2",
        ImportReason.SECOND_OF_PLAN,
    ),
    ("nothing to charge", {"subscriptions": [subscription()]}, "S1", ImportReason.NO_METHOD),
)


@pytest.mark.parametrize(("name", "lines", "external_id", "note"), NOTES, ids=[note[0] for note in NOTES])
async def test_what_is_imported_but_should_be_looked_at_is_noted(
    place: ImportPlace, name: str, lines: dict[str, Any], external_id: str, note: ImportReason
) -> None:
    place.write_lines(customers=[customer()], **lines)
    await place.run()
    (entry,) = [entry for entry in place.report if entry["externalId"] == external_id]
    assert entry["outcome"] == "CREATE"
    assert note in entry["notes"]


async def test_an_address_in_the_database_is_refused_too(place: ImportPlace) -> None:
    place.write_lines(customers=[customer("C1")])
    await place.run(source="other")
    place.write_lines(customers=[customer("C2", email="c1@shop.example"), customer("C1", email="new@shop.example")], subscriptions=[subscription("S1", "C2")])
    await place.run()
    assert {(entry["externalId"], entry["reason"]) for entry in place.report} == {
        ("C2", "DUPLICATE_EMAIL"),
        ("C1", "EXTERNAL_ID_TAKEN"),
        ("S1", "DEPENDENCY_SKIPPED"),
    }


def test_every_reason_is_in_the_docs(root: Path) -> None:
    assert (root / "docs/import/reasons.md").read_text("utf-8") == reasons_page()
