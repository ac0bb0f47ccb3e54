"""Credit notes take net and tax off an invoice, and never more of either than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.notes import IssuedCreditNote, RemainingAmounts, note_line, part_of, remaining_of

AMOUNTS = st.integers(0, 10_000)


@st.composite
def invoices_and_notes(draw: st.DrawFn) -> tuple[RemainingAmounts, list[int]]:
    """An invoice, and the totals of notes on it that take the whole of it in the end."""
    invoice = RemainingAmounts(draw(AMOUNTS), draw(AMOUNTS))
    left, amounts = invoice.total_minor, []
    for part in draw(st.lists(st.integers(0, 10_000), max_size=8)):
        amounts.append(min(part, left))
        left -= amounts[-1]
    return invoice, [*amounts, left]


@given(invoices_and_notes())
def test_notes_that_take_the_whole_of_an_invoice_take_exactly_its_tax(case: tuple[RemainingAmounts, list[int]]) -> None:
    invoice, amounts = case
    notes: list[RemainingAmounts] = []
    for amount in amounts:
        left = remaining_of(invoice, notes)
        note = part_of(left, amount)
        assert note.total_minor == amount
        assert 0 <= note.net_minor <= left.net_minor
        assert 0 <= note.tax_minor <= left.tax_minor
        assert left.total_minor == 0 or abs(note.tax_minor - left.tax_minor * amount / left.total_minor) <= 0.5
        notes.append(note)
    assert remaining_of(invoice, notes) == RemainingAmounts(0, 0)


@pytest.mark.parametrize("amount", [-1, 121])
def test_more_than_is_left_cannot_be_taken(amount: int) -> None:
    assert part_of(RemainingAmounts(100, 20), 120) == RemainingAmounts(100, 20)
    with pytest.raises(ValueError, match="no more"):
        part_of(RemainingAmounts(100, 20), amount)


def test_a_note_is_the_sum_of_its_lines() -> None:
    left = RemainingAmounts(100, 20)
    note = IssuedCreditNote("inv_1", "UNUSED_TIME", (note_line(left, 60, "a"), note_line(RemainingAmounts(50, 10), 30, "b")), released_minor=90)
    assert (note.net_minor, note.tax_minor, note.total_minor) == (75, 15, 90)
