"""Net and tax of a document for each tax rate: sums of its lines, so that they add up to its totals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from billing.money.money import MILLION, share
from pdf.layout import Recipient


class Priced(Protocol):
    @property
    def quantity(self) -> int: ...

    @property
    def unit_minor(self) -> int: ...

    @property
    def subtotal_minor(self) -> int: ...

    @property
    def tax_rate_ppm(self) -> int | None: ...


class Taxed(Protocol):
    @property
    def tax_rate_ppm(self) -> int | None: ...

    @property
    def tax_minor(self) -> int: ...

    @property
    def total_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class RateSum:
    """Net and tax at one rate. The rate is None where it is not known, or where a credit takes back lines of several rates."""

    tax_rate_ppm: int | None
    net_minor: int
    tax_minor: int


def by_rate(lines: Iterable[Taxed]) -> list[RateSum]:
    """Return the sums for each rate, the highest rate first, an unknown one last."""
    sums: dict[int | None, tuple[int, int]] = {}
    for line in lines:
        net, tax = sums.get(line.tax_rate_ppm, (0, 0))
        sums[line.tax_rate_ppm] = net + line.total_minor - line.tax_minor, tax + line.tax_minor
    order = sorted(sums, key=lambda rate: (rate is None, -(rate or 0)))
    return [RateSum(rate, *sums[rate]) for rate in order]


def tax_rows(lines: Sequence[Taxed], currency: str, reader: Recipient) -> list[tuple[str, str]]:
    """Return rows of the totals: for each rate its net amount and tax, and the sum of the taxes where there are several rates."""
    sums, words = by_rate(lines), reader.words
    rows = [(_label(one, currency, reader), reader.money(one.tax_minor, currency)) for one in sums]
    return [*rows, (words["tax_sum"], reader.money(sum(one.tax_minor for one in sums), currency))] if len(sums) > 1 else rows


def exemption_notes(lines: Iterable[Taxed], reader: Recipient) -> list[str]:
    """Return the sentence on why no tax is charged, where a line has none and the reason is known."""
    is_untaxed = any(not line.tax_rate_ppm and not line.tax_minor for line in lines)
    return [reader.words[f"exempt_{reader.tax_exemption}"]] if reader.tax_exemption and is_untaxed else []


def net_unit_minor(line: Priced) -> int:
    """Return the amount of one unit without tax. The line has the price as it is offered, which may include tax; the share of a period is not divided by it."""
    return share(line.subtotal_minor, 1, line.quantity) if _includes_tax(line) else line.unit_minor


def _includes_tax(line: Priced) -> bool:
    """Return whether the net of the line is its whole price without the tax in it, rounded as `amounts_of` rounds it."""
    price, rate = line.quantity * line.unit_minor, line.tax_rate_ppm
    return bool(rate) and line.subtotal_minor == price - share(price, rate or 0, MILLION + (rate or 0)) and line.subtotal_minor != price


def rate_of(line: Taxed, reader: Recipient) -> str:
    return "" if line.tax_rate_ppm is None else reader.rate(line.tax_rate_ppm)


def _label(one: RateSum, currency: str, reader: Recipient) -> str:
    if one.tax_rate_ppm is None:
        return reader.tax
    return reader.words["tax_at"].format(
        tax=reader.tax_name or reader.words["tax_word"], rate=reader.rate(one.tax_rate_ppm), net=reader.money(one.net_minor, currency)
    )


def summary(name: str, lines: Sequence[Taxed], currency: str, reader: Recipient) -> list[list[Any]]:
    """Return table rows: the document's name, net, rate and tax."""
    return [
        [name, reader.money(one.net_minor, currency), "–" if one.tax_rate_ppm is None else reader.rate(one.tax_rate_ppm), reader.money(one.tax_minor, currency)]
        for one in by_rate(lines)
    ]
