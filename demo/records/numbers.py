"""Numbers of the demo's invoices and credit notes: one series of each for all customers, without gaps, after the existing numbers."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TypeAlias

from billing.money.numbers import Numbering, NumberPosition
from db.connections import Connection
from demo.records.money import SeedCreditNote
from demo.records.rows import SeedInvoice

Document: TypeAlias = SeedInvoice | SeedCreditNote

LAST = "select series, year, last from invoice_series"
REACHED = """
insert into invoice_series as s (series, year, last) values ($1, $2, $3) on conflict (series, year) do update set last = greatest(s.last, excluded.last)"""


class Numbers:
    """The last number of each series and year."""

    def __init__(self, last: dict[tuple[str, int], int]) -> None:
        self._last = last

    @classmethod
    async def following(cls, connection: Connection) -> "Numbers":
        """Return numbers that continue those in the database."""
        return cls({(record["series"], record["year"]): record["last"] for record in await connection.fetch(LAST)})

    def number(self, documents: Iterable[Document]) -> None:
        """Number documents in the order of their issue."""
        for document in sorted(documents, key=lambda document: (document.issued_at, document.id)):
            place = _place(document)
            key = place.series, place.year
            document.sequence = self._last[key] = self._last.get(key, 0) + 1
            document.number = place.number(document.sequence)


async def registered(connection: Connection, documents: Iterable[Document]) -> None:
    """Insert the numbers of documents into the register. Must run before the documents are inserted."""
    places = [(document, _place(document)) for document in documents]
    rows = [(document.number, place.series, place.year, document.sequence) for document, place in places]
    last: dict[tuple[str, int], int] = {}
    for _, series, year, sequence in rows:
        last[series, year] = max(sequence, last.get((series, year), 0))
    await connection.executemany(REACHED, [(*key, sequence) for key, sequence in last.items()])
    await connection.copy_records_to_table("invoice_number", schema_name="portico", columns=["number", "series", "year", "sequence"], records=rows)


def _place(document: Document) -> NumberPosition:
    return _place_of_year(document.issued_at.astimezone(UTC).year, isinstance(document, SeedInvoice))


@cache
def _place_of_year(year: int, is_invoice: bool) -> NumberPosition:
    numbering, issued_at = Numbering(), datetime(year, 1, 1, tzinfo=UTC)
    return numbering.place(issued_at) if is_invoice else numbering.credit_note_place(issued_at)
