"""Money is spread once, oldest first, and invoices stay in step with their installments."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.allocation import AllocationPart, Item, OpenInstallment, OpenInvoice, after, allocate, items_of, spread

DAY = date(2026, 11, 22)
days = st.integers(0, 5).map(lambda number: DAY + timedelta(days=number))
amounts = st.integers(0, 10**9)


@st.composite
def books(draw: st.DrawFn) -> tuple[list[OpenInvoice], list[OpenInstallment]]:
    """Invoices of every kind beside each other: without installments, with one each, with several, and installments alone."""
    invoices = [OpenInvoice(f"inv_{number}", draw(days), draw(amounts)) for number in range(draw(st.integers(0, 4)))]
    parents = st.sampled_from([None, *[invoice.id for invoice in invoices]])
    return invoices, [OpenInstallment(f"ins_{number}", draw(parents), draw(days), draw(amounts)) for number in range(draw(st.integers(0, 6)))]


items = books().map(lambda book: items_of(*book))


@given(books())
def test_everything_owed_is_owed_once(book: tuple[list[OpenInvoice], list[OpenInstallment]]) -> None:
    invoices, installments = book
    owed = items_of(invoices, installments)
    alone = sum(one.remaining_minor for one in installments if one.invoice_id is None)
    assert sum(item.remaining_minor for item in owed) == sum(invoice.remaining_minor for invoice in invoices) + alone
    for invoice in invoices:
        assert sum(item.remaining_minor for item in owed if item.invoice_id == invoice.id) == invoice.remaining_minor
    limits = {one.id: one.remaining_minor for one in installments}
    assert all(item.installment_id is None or 0 < item.remaining_minor <= limits[item.installment_id] for item in owed)
    assert owed == sorted(owed, key=lambda item: (item.due_on, item.installment_id or item.invoice_id or ""))


@given(amounts, items)
def test_parts_and_rest_are_the_whole_and_no_part_is_more_than_remains(amount: int, owed: list[Item]) -> None:
    result = spread(amount, owed)
    assert result.spent_minor + result.rest_minor == amount
    limits = {(item.invoice_id, item.installment_id): item.remaining_minor for item in owed}
    assert all(0 < part.amount_minor <= limits[part.invoice_id, part.installment_id] for part in result.parts)
    assert result.rest_minor == 0 or not after(owed, result.parts)


@given(amounts, items)
def test_nothing_is_paid_before_what_is_older(amount: int, owed: list[Item]) -> None:
    paid = {(part.invoice_id, part.installment_id): part.amount_minor for part in spread(amount, owed).parts}
    shares = [paid.get((item.invoice_id, item.installment_id), 0) / item.remaining_minor for item in owed]
    assert shares == sorted(shares, reverse=True)
    assert sum(0 < share < 1 for share in shares) <= 1


@given(amounts, items, st.sampled_from(["inv_0", "inv_1", "ins_0", "ins_3", "nothing"]))
def test_what_is_aimed_at_is_paid_first(amount: int, owed: list[Item], target: str) -> None:
    result = spread(amount, owed, target_id=target)
    aimed = [item for item in owed if target in (item.invoice_id, item.installment_id)]
    got = sum(part.amount_minor for part in result.parts if target in (part.invoice_id, part.installment_id))
    assert got == min(amount, sum(item.remaining_minor for item in aimed))
    assert result.spent_minor == spread(amount, owed).spent_minor


@given(amounts, st.integers(-(10**9), 10**9), items)
def test_credit_is_used_first_and_never_more_than_there_is(amount: int, credit: int, owed: list[Item]) -> None:
    result = allocate(amount, credit, owed)
    total = sum(item.remaining_minor for item in owed)
    assert result.by_credit.rest_minor == 0
    assert result.by_credit.spent_minor == max(min(credit, amount, total), 0)
    assert result.by_credit.spent_minor + result.by_charge.spent_minor == min(amount, total)
    assert not after(after(owed, result.by_credit.parts), result.by_charge.parts) or result.by_charge.rest_minor == 0
    merged: Counter[tuple[str | None, str | None]] = Counter()
    for part in (*result.by_credit.parts, *result.by_charge.parts):
        merged[part.invoice_id, part.installment_id] += part.amount_minor
    assert all(merged[item.invoice_id, item.installment_id] <= item.remaining_minor for item in owed)
    assert merged == Counter({(part.invoice_id, part.installment_id): part.amount_minor for part in spread(min(amount, total), owed).parts})


def in_step(mode: str, parts: list[int]) -> tuple[list[OpenInvoice], list[OpenInstallment]]:
    """A schedule in one of the three modes, as it is agreed."""
    due = [DAY + timedelta(days=30 * number) for number in range(len(parts))]
    parents = {"NONE": [None] * len(parts), "COLLECTIVE": ["inv"] * len(parts), "PER_INSTALLMENT": [f"inv_{number}" for number in range(len(parts))]}[mode]
    installments = [OpenInstallment(f"ins_{number}", parent, due[number], parts[number]) for number, parent in enumerate(parents)]
    invoices = {
        "NONE": [],
        "COLLECTIVE": [OpenInvoice("inv", due[-1], sum(parts))],
        "PER_INSTALLMENT": [OpenInvoice(f"inv_{number}", day, part) for number, (day, part) in enumerate(zip(due, parts, strict=True))],
    }
    return invoices[mode], installments


def paid(book: tuple[list[OpenInvoice], list[OpenInstallment]], parts: tuple[AllocationPart, ...]) -> tuple[list[OpenInvoice], list[OpenInstallment]]:
    """The book after these parts, written to invoice and installment alike."""
    invoices, installments = book
    of_invoice, of_installment = Counter[str | None](), Counter[str | None]()
    for part in parts:
        of_invoice[part.invoice_id] += part.amount_minor
        of_installment[part.installment_id] += part.amount_minor
    return (
        [OpenInvoice(one.id, one.due_on, one.remaining_minor - of_invoice[one.id]) for one in invoices],
        [OpenInstallment(one.id, one.invoice_id, one.due_on, one.remaining_minor - of_installment[one.id]) for one in installments],
    )


@given(
    st.sampled_from(["NONE", "COLLECTIVE", "PER_INSTALLMENT"]),
    st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 1500), st.integers(0, 300), st.sampled_from([None, "inv", "inv_1", "ins_0", "ins_2"])), max_size=8),
)
def test_invoices_and_installments_agree_after_every_payment(mode: str, parts: list[int], payments: list[tuple[int, int, str | None]]) -> None:
    book, money_in = in_step(mode, parts), 0
    for amount, credit, target in payments:
        settlement = allocate(amount, credit, items_of(*book), target_id=target)
        book = paid(paid(book, settlement.by_credit.parts), settlement.by_charge.parts)
        money_in += settlement.by_credit.spent_minor + settlement.by_charge.spent_minor
        invoices, installments = book
        assert sum(one.remaining_minor for one in installments) == sum(parts) - money_in
        for invoice in invoices:
            assert invoice.remaining_minor == sum(one.remaining_minor for one in installments if one.invoice_id == invoice.id) >= 0


def test_a_collective_invoice_is_paid_installment_by_installment() -> None:
    result = spread(250, items_of(*in_step("COLLECTIVE", [100, 100, 100])), target_id="inv")
    assert [(part.invoice_id, part.installment_id, part.amount_minor) for part in result.parts] == [
        ("inv", "ins_0", 100),
        ("inv", "ins_1", 100),
        ("inv", "ins_2", 50),
    ]


def test_of_the_same_day_the_smaller_id_is_paid_first() -> None:
    owed = items_of([OpenInvoice("inv_b", DAY, 10), OpenInvoice("inv_a", DAY, 10)], [])
    assert [part.invoice_id for part in spread(15, owed).parts] == ["inv_a", "inv_b"]


def test_what_was_credited_on_an_invoice_is_not_asked_of_its_installments() -> None:
    owed = items_of([OpenInvoice("inv", DAY, 120)], [OpenInstallment("ins_0", "inv", DAY, 100), OpenInstallment("ins_1", "inv", DAY, 100)])
    assert [item.remaining_minor for item in owed] == [100, 20]


@pytest.mark.parametrize("amount", [0, 1, 7])
def test_with_nothing_owed_all_of_it_is_left(amount: int) -> None:
    assert spread(amount, []).rest_minor == amount
