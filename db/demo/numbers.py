"""Numbers of the demo's invoices: one series for all customers, without a gap, after what is there."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TypeAlias

import asyncpg

from billing.numbers import Numbering, Place
from db.demo.rows import Invoice

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SERIES = Numbering().place(datetime(2026, 1, 1, tzinfo=UTC)).series
LAST = "select year, last from invoice_series where series = $1"
REACHED = """
insert into invoice_series as s (series, year, last) values ($1, $2, $3) on conflict (series, year) do update set last = greatest(s.last, excluded.last)"""


class Numbers:
    """The last number of each year, and where in the series the invoices of a year stand."""

    def __init__(self, last: dict[int, int]) -> None:
        self._last = last

    @classmethod
    async def following(cls, connection: Connection) -> "Numbers":
        """The numbers after those that are in the database."""
        return cls({record["year"]: record["last"] for record in await connection.fetch(LAST, SERIES)})

    def number(self, invoices: Iterable[Invoice]) -> None:
        """Number invoices in the order of their issue."""
        for invoice in sorted(invoices, key=lambda invoice: (invoice.issued_at, invoice.id)):
            place = _place(invoice)
            invoice.sequence = self._last[place.year] = self._last.get(place.year, 0) + 1
            invoice.number = place.number(invoice.sequence)


async def registered(connection: Connection, invoices: Iterable[Invoice]) -> None:
    """Enter the numbers of invoices in the register, before the invoices."""
    rows = [(invoice.number, SERIES, _place(invoice).year, invoice.sequence) for invoice in invoices]
    last: dict[int, int] = {}
    for _, _, year, sequence in rows:
        last[year] = max(sequence, last.get(year, 0))
    await connection.executemany(REACHED, [(SERIES, year, sequence) for year, sequence in last.items()])
    await connection.copy_records_to_table("invoice_number", schema_name="portico", columns=["number", "series", "year", "sequence"], records=rows)


def _place(invoice: Invoice) -> Place:
    return _place_of_year(invoice.issued_at.astimezone(UTC).year)


@cache
def _place_of_year(year: int) -> Place:
    return Numbering().place(datetime(year, 1, 1, tzinfo=UTC))
