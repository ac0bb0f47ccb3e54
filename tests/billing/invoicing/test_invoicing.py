"""What staff write comes to, to the minor unit: lines, tax, credit notes and recorded money."""

from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoicing.checks import MAX_MINOR, memo_text, positive_minor, signed_minor
from billing.invoicing.crediting import LineCredit, amount_line, credited_lines, later_split, left_of, split
from billing.invoicing.issuing import OrderedInvoice, OrderedLine, written
from billing.invoicing.recording import recorded_money
from billing.lifecycle.actions import Action, InvoiceFacts, invoice_actions, of_payment
from billing.money.allocation import Item
from billing.money.decimals import minor_of, ppm_of
from billing.money.money import decimal_text
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import CreditableInvoice, CreditableLine, InvoiceBuyer
from billing.states import Actor, CollectionMethod

NOW = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
BUYER = InvoiceBuyer("cus_1", "USD", True, "Europe/Zurich", 81_000, None, 0, 0, 0)
ORDER = OrderedInvoice("USD", (OrderedLine("Work", 3, 999),), None, None, CollectionMethod.AUTOMATIC)
INVOICE = CreditableInvoice("cus_1", "inv_1", "INV-1", "OPEN", "USD", 1_000, 100, 0, 0, 0, 1_000, 0, 0, False, True, True, 1_000, False, False, True, 1)

minors = st.integers(1, 10**12)


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_the_text_of_an_amount_is_the_amount(minor: int, currency: str) -> None:
    assert minor_of(decimal_text(minor, currency), currency) == minor


@pytest.mark.parametrize(("text", "ppm"), [("8.1", 81_000), ("0", 0), ("100", 1_000_000), ("0.0001", 1), ("12.50000", 125_000)])
def test_percent_are_parts_per_million(text: str, ppm: int) -> None:
    assert ppm_of(text) == ppm


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [("1.005", "USD", "2 decimals"), ("1.5", "JPY", "no decimals"), ("1", "XQQ", "ISO 4217"), (str(2**53), "JPY", "2^53"), ("0", "USD", "above zero")],
)
def test_a_bad_amount_is_refused(amount: str, currency: str, words: str) -> None:
    with pytest.raises(Refused, match=words.replace("^", r"\^")) as refusal:
        positive_minor(SimpleNamespace(amount=amount, currency=currency), "amount")
    assert refusal.value.field == "amount"
    assert signed_minor(SimpleNamespace(amount="-1.00", currency="USD"), "amount") == -100


def test_days_are_those_of_the_customer() -> None:
    """In Zurich it is February already."""
    invoice = written(ORDER, BUYER, now=NOW)
    assert (invoice.due_on, invoice.total_minor, invoice.tax_minor) == (date(2027, 2, 15), 3_240, 243)
    assert invoice.collect_at == datetime(2027, 2, 15, 8, tzinfo=UTC)
    with pytest.raises(Refused):
        written(replace(ORDER, due_on=date(2027, 1, 31)), BUYER, now=NOW)
    late = written(replace(ORDER, due_on=date(2027, 1, 31), is_backdated=True), BUYER, now=NOW)
    assert late.collect_at == NOW


def test_what_credit_pays_is_not_collected() -> None:
    invoice = written(ORDER, replace(BUYER, credit_minor=10_000), now=NOW)
    assert (invoice.credited_minor, invoice.remaining_minor, invoice.collect_at) == (3_240, 0, None)
    assert written(ORDER, replace(BUYER, credit_minor=-5), now=NOW).credited_minor == 0


@given(st.lists(st.tuples(st.integers(1, 100), minors, st.integers(0, 1_000_000)), min_size=1, max_size=20), st.integers(0, 10**13))
def test_an_invoice_is_the_sum_of_its_lines(lines: list[tuple[int, int, int]], credit: int) -> None:
    order = replace(ORDER, lines=tuple(OrderedLine("x", *line) for line in lines))
    invoice = written(order, replace(BUYER, credit_minor=credit), now=NOW)
    assert invoice.subtotal_minor == sum(quantity * unit for quantity, unit, _ in lines)
    assert invoice.total_minor == invoice.credited_minor + invoice.remaining_minor
    assert all(0 <= line.amounts.tax_minor <= line.amounts.subtotal_minor for line in invoice.lines)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.data())
def test_credits_of_amounts_use_up_exactly_the_net_and_the_tax(net: int, tax: int, paid: int, data: st.DataObject) -> None:
    invoice = replace(INVOICE, total_minor=net + tax, tax_minor=tax, remaining_minor=max(net + tax - paid, 0), creditable_minor=net + tax)
    while left_of(invoice).total_minor:
        left = left_of(invoice)
        minor = data.draw(st.one_of(st.just(left.total_minor), st.integers(1, left.total_minor)))
        line = amount_line(invoice, minor, "x")
        parts = split(minor, invoice, refund_minor=None, balance_minor=None)
        assert (line.total_minor, parts.total_minor) == (minor, minor)
        assert 0 <= line.tax_minor <= left.tax_minor
        assert 0 <= line.net_minor <= left.net_minor
        invoice = replace(
            invoice,
            noted_minor=invoice.noted_minor + minor,
            noted_tax_minor=invoice.noted_tax_minor + line.tax_minor,
            remaining_minor=invoice.remaining_minor - parts.released_minor,
        )
    with pytest.raises(Refused) as refusal:
        amount_line(invoice, 1, "x")
    assert refusal.value.code is ErrorCode.AMOUNT_TOO_HIGH


@given(st.integers(1, 1_000), st.integers(0, 1_000), st.data())
def test_the_parts_of_a_credit_are_its_total_or_it_is_refused(total: int, remaining: int, data: st.DataObject) -> None:
    invoice = replace(INVOICE, remaining_minor=remaining)
    rest = total - min(total, remaining)
    refund = data.draw(st.integers(0, rest))
    parts = split(total, invoice, refund_minor=refund, balance_minor=rest - refund)
    assert (parts.total_minor, parts.refunded_minor, parts.released_minor) == (total, refund, min(total, remaining))
    with pytest.raises(Refused):
        split(total, invoice, refund_minor=refund + 1, balance_minor=rest - refund)
    later = later_split(total, refund, data.draw(st.integers(0, remaining)))
    assert (later.total_minor, later.refunded_minor) == (total, refund)
    assert later.granted_minor >= 0


def test_a_line_is_credited_up_to_what_earlier_notes_left_of_it() -> None:
    line = CreditableLine("line_1", "Work", 100_000, 900, 100, 450, 50)
    (row,) = credited_lines(INVOICE, {line.id: line}, [LineCredit("line_1", None)])
    assert (row.net_minor, row.tax_minor, row.tax_rate_ppm, row.line_id) == (450, 50, 100_000, "line_1")
    with pytest.raises(Refused):
        credited_lines(INVOICE, {line.id: line}, [LineCredit("line_1", 501)])
    discount = CreditableLine("line_2", "Unused time", 0, -50, 0, 0, 0)
    with pytest.raises(Refused):
        credited_lines(INVOICE, {discount.id: discount}, [LineCredit("line_2", None)])


@given(st.lists(st.tuples(st.integers(1, 28), minors), max_size=6), minors, st.integers(-100, 10**6))
def test_recorded_money_pays_the_oldest_then_the_account_and_the_rest_is_credit(debts: list[tuple[int, int]], amount: int, owed: int) -> None:
    items = [Item(f"inv_{place}", None, date(2027, 1, day), minor) for place, (day, minor) in enumerate(debts)]
    target = items[-1].invoice_id if items else None
    money = recorded_money(amount, items, target_id=target, owed_on_account_minor=owed)
    assert sum(part.amount_minor for part in money.parts) + money.account_minor + money.credit_minor == amount
    assert 0 <= money.account_minor <= max(owed, 0)
    if money.credit_minor:
        assert sum(part.amount_minor for part in money.parts) == sum(minor for _, minor in debts)
        assert money.account_minor == max(owed, 0)
    if money.parts:
        assert money.parts[0].invoice_id == target


def test_a_memo_has_lines_and_nothing_invisible() -> None:
    assert memo_text("  Thank you. \n\n See you.  ") == "Thank you.\n\n See you."
    assert memo_text(" \n ") is None
    with pytest.raises(Refused):
        memo_text("a\x00b\u202e")


OF_ALL = {Action.PAY, Action.DOWNLOAD, Action.UPLOAD_ATTACHMENTS}


@pytest.mark.parametrize(
    ("status", "facts", "allowed"),
    [
        ("OPEN", InvoiceFacts(True, True, 100, False, True, True), {"RECORD_PAYMENT", "VOID", "WRITE_OFF", "CREDIT", "RETRY", "EXTEND_DUE_DATE", "PROMISE"}),
        ("PARTIALLY_PAID", InvoiceFacts(False, True, 100, False, False, True), {"RECORD_PAYMENT", "WRITE_OFF", "CREDIT", "EXTEND_DUE_DATE", "PROMISE"}),
        ("PAID", InvoiceFacts(False, False, 100, False, False, False), {"CREDIT"}),
        ("PROCESSING", InvoiceFacts(False, True, 100, False, True, True), set()),
        ("OPEN", InvoiceFacts(True, True, 100, True, True, True), {"RECORD_PAYMENT"}),
        # Of a payment schedule: its installments have the days that can be extended.
        ("OPEN", InvoiceFacts(False, False, 100, False, True, True), {"RECORD_PAYMENT", "CREDIT", "RETRY", "PROMISE"}),
        ("VOID", InvoiceFacts(False, False, 0, False, False, False), set()),
    ],
)
def test_staff_are_offered_what_the_state_allows_and_customers_nothing_of_it(status: str, facts: InvoiceFacts, allowed: set[str]) -> None:
    values = astuple(facts)
    remaining = 0 if status in ("PAID", "VOID") else 100
    of_staff = {state.action: state for state in invoice_actions(status, remaining, False, 0, *values, actor=Actor.STAFF)}
    assert {action.value for action in of_staff.keys() - OF_ALL if of_staff[action].allowed} == allowed
    customers = {state.action for state in invoice_actions(status, remaining, False, 0, *values, actor=Actor.CUSTOMER)}
    assert customers == OF_ALL


def test_a_payment_is_refunded_by_staff_while_something_is_left() -> None:
    assert [state.allowed for state in of_payment(1, actor=Actor.STAFF)] == [True]
    assert [state.reason for state in of_payment(0, actor=Actor.STAFF)] == [ErrorCode.NOT_REFUNDABLE]
    assert of_payment(1, actor=Actor.CUSTOMER) == []
