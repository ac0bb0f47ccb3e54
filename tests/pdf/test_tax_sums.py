"""Parts add up: what a document comes to at its tax rates is what it comes to, to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from billing.money.charges import Amounts, amounts_of
from billing.money.notes import RemainingAmounts, part_of, remaining_of
from billing.states import TaxBehavior
from pdf.taxes import RateSum, by_rate, summary, tax_rows
from tests.pdf.samples import ADA

RATES = [0, 25_000, 55_000, 70_000, 81_000, 190_000, 255_000, 1_000_000]


@dataclass(frozen=True)
class TaxedLine:
    tax_rate_ppm: int | None
    amounts: Amounts

    @property
    def tax_minor(self) -> int:
        return self.amounts.tax_minor

    @property
    def total_minor(self) -> int:
        return self.amounts.total_minor


@st.composite
def taxed_line(draw: st.DrawFn) -> TaxedLine:
    """A charge, or unused time, whose amounts are below zero."""
    price = draw(st.integers(0, 10**12))
    rate = draw(st.sampled_from(RATES))
    amounts = amounts_of(price, draw(st.integers(0, price)), rate_ppm=rate, behavior=draw(st.sampled_from(TaxBehavior)))
    if draw(st.integers(0, 4)) == 0:
        amounts = Amounts(-amounts.subtotal_minor, -amounts.discount_minor, -amounts.tax_minor)
    return TaxedLine(draw(st.sampled_from([rate, rate, rate, None])), amounts)


LINES = st.lists(taxed_line(), min_size=1, max_size=12)


def sums(parts: Sequence[RateSum]) -> tuple[int, int]:
    return sum(part.net_minor for part in parts), sum(part.tax_minor for part in parts)


@given(LINES)
def test_net_and_tax_of_all_rates_are_those_of_the_lines_and_their_totals(lines: list[TaxedLine]) -> None:
    parts = by_rate(lines)
    net, tax = sums(parts)
    assert net == sum(line.amounts.subtotal_minor - line.amounts.discount_minor for line in lines)
    assert tax == sum(line.tax_minor for line in lines)
    assert net + tax == sum(line.total_minor for line in lines)
    rates = [part.tax_rate_ppm for part in parts]
    assert len(rates) == len(set(rates))
    assert set(rates) == {line.tax_rate_ppm for line in lines}
    for part in parts:
        assert sums([part]) == sums(by_rate([line for line in lines if line.tax_rate_ppm == part.tax_rate_ppm]))


@given(LINES)
def test_what_is_printed_has_a_row_for_each_rate_and_the_whole_tax(lines: list[TaxedLine]) -> None:
    rows, parts = tax_rows(lines, "EUR", ADA), by_rate(lines)
    assert len(rows) == len(parts) + (len(parts) > 1)
    assert rows[-1][1] == ADA.money(sum(line.tax_minor for line in lines), "EUR")
    assert [row[1] for row in rows[: len(parts)]] == [ADA.money(part.tax_minor, "EUR") for part in parts]
    table = summary("INV-1", lines, "EUR", ADA)
    assert [row[1:] for row in table] == [
        [ADA.money(part.net_minor, "EUR"), "–" if part.tax_rate_ppm is None else ADA.rate(part.tax_rate_ppm), ADA.money(part.tax_minor, "EUR")]
        for part in parts
    ]


@given(st.lists(taxed_line().filter(lambda line: line.total_minor >= 0), min_size=1, max_size=6), st.lists(st.integers(0, 1000), max_size=6))
def test_credit_notes_take_back_what_the_invoice_came_to_and_no_more(lines: list[TaxedLine], shares: list[int]) -> None:
    """Notes over parts, and a last one over the rest: together they have the net and the tax of the invoice at its rates."""
    whole = RemainingAmounts(*sums(by_rate(lines)))
    notes: list[RemainingAmounts] = []
    for thousandths in shares:
        left = remaining_of(whole, notes)
        notes.append(part_of(left, left.total_minor * thousandths // 1000))
    left = remaining_of(whole, notes)
    assert 0 <= left.net_minor <= whole.net_minor
    assert 0 <= left.tax_minor <= whole.tax_minor
    notes.append(part_of(left, left.total_minor))
    rates = {line.tax_rate_ppm for line in lines}
    rate = rates.pop() if len(rates) == 1 else None
    noted = by_rate([TaxedLine(rate, Amounts(note.net_minor, 0, note.tax_minor)) for note in notes])
    assert sums(noted) == sums(by_rate(lines))
