"""What must be true of a customer's money whatever happened, read from the rows themselves."""

from collections import Counter, defaultdict
from itertools import pairwise

import asyncpg

from tests.lifecycle.conftest import Life

AMOUNTS = ("subtotal_minor", "discount_minor", "tax_minor", "total_minor")

# Invoices and credit notes.
DOCUMENTS = """
with document as (
    select id, number, sequence, issued_at, 'invoice' as kind from invoice
     union all
    select id, number, sequence, issued_at, 'credit note' from credit_note)
"""
# A number that came from outside before the series reached it is passed over.
GAPS = """
select s.series, s.year, s.last, n.sequence
  from invoice_series s
 cross join lateral generate_series((select min(r.sequence) from invoice_number r where r.series = s.series and r.year = s.year), s.last) n (sequence)
  left join invoice_number r on r.series = s.series and r.year = s.year and r.sequence = n.sequence
 where r.number is null
   and not exists (select from invoice_number o where o.series is null and o.number = replace(replace(s.series, '{year}', s.year::text), '{number}', lpad(n.sequence::text, 6, '0')))"""
WITHOUT_ONE_DOCUMENT = (
    DOCUMENTS
    + """
select r.number, array_agg(d.id) from invoice_number r left join document d on d.number = r.number where r.sequence is not null
 group by r.number, r.sequence having count(d.id) <> 1 or min(d.sequence) <> r.sequence"""
)
WRONG_NUMBERS = (
    DOCUMENTS
    + """
select d.id, d.number, d.sequence, d.issued_at
  from document d left join invoice_number r on r.number = d.number
 where r.number is null or d.number = d.id or d.sequence is distinct from r.sequence or r.year not in (0, extract(year from d.issued_at at time zone 'UTC'))"""
)


async def assert_books(life: Life, *, captured_before: int = 0) -> None:
    """`captured_before` are captures of the sandbox that belong to other customers."""
    books = {
        table: await life.rows(table)
        for table in (
            "subscription",
            "invoice",
            "invoice_line",
            "balance_entry",
            "payment",
            "payment_allocation",
            "charge",
            "taken_plan",
            "credit_note",
            "credit_note_line",
        )
    }
    _invoices_are_the_sum_of_their_lines(books)
    _what_is_paid_was_paid(books)
    _credit_is_what_its_entries_say(books)
    _credit_notes_are_the_sum_of_their_lines(books)
    _credit_notes_take_no_more_than_there_is(books)
    await assert_numbers(life.admin)
    _periods_follow_each_other(books)
    _plans_are_recorded(books)
    succeeded = [payment["id"] for payment in books["payment"] if payment["status"] == "SUCCEEDED"]
    assert life.sandbox.calls("capture") - captured_before == len(succeeded), "money was taken that is nowhere written down"
    assert all(life.sandbox.calls("capture", payment) == 1 for payment in succeeded)
    open_charges = {charge["payment_id"] for charge in books["charge"] if charge["settled_at"] is None}
    waiting = {subscription["charging_payment_id"] for subscription in books["subscription"]} - {None}
    assert waiting <= open_charges, "a subscription waits for a charge that is over"


def _invoices_are_the_sum_of_their_lines(books: dict[str, list[asyncpg.Record]]) -> None:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for line in books["invoice_line"]:
        sums[line["invoice_id"]].update({name: line[name] for name in AMOUNTS})
    currencies = {subscription["id"]: subscription["currency"] for subscription in books["subscription"]}
    for invoice in books["invoice"]:
        assert {name: sums[invoice["id"]][name] for name in AMOUNTS} == {name: invoice[name] for name in AMOUNTS}
        assert invoice["subscription_id"] is None or currencies[invoice["subscription_id"]] == invoice["currency"]


def _what_is_paid_was_paid(books: dict[str, list[asyncpg.Record]]) -> None:
    succeeded = {payment["id"] for payment in books["payment"] if payment["status"] == "SUCCEEDED"}
    paid: Counter[str] = Counter()
    by_payment: Counter[str] = Counter()
    for allocation in books["payment_allocation"]:
        if allocation["payment_id"] in succeeded:
            paid[allocation["invoice_id"]] += allocation["amount_minor"]
            by_payment[allocation["payment_id"]] += allocation["amount_minor"]
    # Money that came when nothing was left for it to do.
    by_payment.update({entry["payment_id"]: entry["amount_minor"] for entry in books["balance_entry"] if entry["kind"] == "OVERPAYMENT"})
    assert {invoice["id"]: invoice["paid_minor"] for invoice in books["invoice"]} == {invoice["id"]: paid[invoice["id"]] for invoice in books["invoice"]}
    assert by_payment == Counter({payment["id"]: payment["amount_minor"] for payment in books["payment"] if payment["id"] in succeeded})


def _credit_is_what_its_entries_say(books: dict[str, list[asyncpg.Record]]) -> None:
    applied: Counter[str] = Counter()
    balance: Counter[str] = Counter()
    for entry in books["balance_entry"]:
        balance[entry["currency"]] += entry["amount_minor"]
        if entry["kind"] == "APPLIED_TO_INVOICE":
            applied[entry["invoice_id"]] -= entry["amount_minor"]
    for note in books["credit_note"]:
        applied[note["invoice_id"]] += note["released_minor"] + note["refunded_minor"]
    for invoice in books["invoice"]:
        assert invoice["credited_minor"] == applied[invoice["id"]]
    assert all(minor >= 0 for minor in balance.values()), "credit was spent twice"
    given = sum(entry["amount_minor"] for entry in books["balance_entry"] if entry["kind"] == "ADJUSTMENT")
    paid = sum(payment["amount_minor"] for payment in books["payment"] if payment["status"] == "SUCCEEDED")
    assert sum(balance.values()) <= paid + given, "more credit than was ever paid"


def _credit_notes_are_the_sum_of_their_lines(books: dict[str, list[asyncpg.Record]]) -> None:
    """And what one grants is an entry of the balance."""
    names = ("subtotal_minor", "tax_minor", "total_minor")
    granted = Counter({entry["credit_note_id"]: entry["amount_minor"] for entry in books["balance_entry"] if entry["credit_note_id"]})
    for note in books["credit_note"]:
        lines = [line for line in books["credit_note_line"] if line["credit_note_id"] == note["id"]]
        assert {name: sum(line[name] for line in lines) for name in names} == {name: note[name] for name in names}
        assert min(line[name] for line in lines for name in names) >= 0
        assert note["granted_minor"] == granted[note["id"]]


def _credit_notes_take_no_more_than_there_is(books: dict[str, list[asyncpg.Record]]) -> None:
    for invoice in books["invoice"]:
        notes = [note for note in books["credit_note"] if note["invoice_id"] == invoice["id"]]
        assert sum(note["tax_minor"] for note in notes) <= invoice["tax_minor"]
        assert sum(note["subtotal_minor"] for note in notes) <= invoice["total_minor"] - invoice["tax_minor"]


async def assert_numbers(connection: asyncpg.Connection) -> None:
    """Over all customers: a series has every number from its first to its last once, on one document, dated in the number's year. What came from outside has none of them."""
    for sql in (GAPS, WITHOUT_ONE_DOCUMENT, WRONG_NUMBERS):
        assert await connection.fetch(sql) == [], sql


def _periods_follow_each_other(books: dict[str, list[asyncpg.Record]]) -> None:
    """A period begins where the last one ended, or later; only a change of plan begins within one, and takes its place."""
    for subscription in books["subscription"]:
        invoices = sorted(
            (row for row in books["invoice"] if row["subscription_id"] == subscription["id"]), key=lambda row: (row["issued_at"], row["sequence"])
        )
        for one, other in pairwise(invoices):
            if other["reason"] == "PLAN_CHANGE":
                assert one["period_starts_at"] <= other["period_starts_at"] < one["period_ends_at"], "a change of plan outside of the running period"
            else:
                assert one["period_ends_at"] <= other["period_starts_at"], "two invoices for the same time"
        if invoices and subscription["status"] == "ACTIVE":
            assert invoices[-1]["period_ends_at"] == subscription["period_ends_at"], "it runs in a period that nobody was asked to pay"


def _plans_are_recorded(books: dict[str, list[asyncpg.Record]]) -> None:
    """Every subscription's plan, unless it was canceled before it began; and of a customer's trials of a plan one."""
    taken: dict[str, set[str]] = defaultdict(set)
    for row in books["taken_plan"]:
        taken[row["subscription_id"]].add(row["plan_id"])
    for subscription in books["subscription"]:
        if subscription["status"] == "CANCELED" and subscription["period_starts_at"] is None:
            assert not taken[subscription["id"]], "who had nothing is said to have had a plan"
        else:
            assert subscription["plan_id"] in taken[subscription["id"]], "a plan is had that is not recorded"
    trials = Counter(row["plan_id"] for row in books["taken_plan"] if row["has_trial"])
    assert max(trials.values(), default=0) <= 1, "a plan was tried twice"
