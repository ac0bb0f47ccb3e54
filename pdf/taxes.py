"""Net and tax of a document for each tax rate: sums of its lines, so that they add up to its totals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pdf.layout import Recipient


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


def rate_of(line: Taxed, reader: Recipient) -> str:
    return "" if line.tax_rate_ppm is None else reader.rate(line.tax_rate_ppm)


def _label(one: RateSum, currency: str, reader: Recipient) -> str:
    if one.tax_rate_ppm is None:
        return reader.words["tax"]
    return reader.words["tax_at"].format(rate=reader.rate(one.tax_rate_ppm), net=reader.money(one.net_minor, currency))


def summary(name: str, lines: Sequence[Taxed], currency: str, reader: Recipient) -> list[list[Any]]:
    """Return table rows: the document's name, net, rate and tax."""
    return [
        [name, reader.money(one.net_minor, currency), "–" if one.tax_rate_ppm is None else reader.rate(one.tax_rate_ppm), reader.money(one.tax_minor, currency)]
        for one in by_rate(lines)
    ]
