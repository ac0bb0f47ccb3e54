"""A statement as CSV: whole, can be added up, opens in a spreadsheet, and runs nothing there."""

import csv
import io
import re
from datetime import date

import pytest

from pdf.statement import COLUMNS, EntryKind, LedgerEntry, StatementCsv

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
ENTRIES = [
    LedgerEntry(date(2026, 11, 1), EntryKind.INVOICE, "INV-1", 11_900),
    LedgerEntry(date(2026, 11, 2), EntryKind.PAYMENT, "=SUM(A1)", -10_000),
    LedgerEntry(date(2026, 11, 3), EntryKind.CREDIT, 'Kulanz; "gut",\nMüller 田中', -2_400),
]


def written(pages: list[list[LedgerEntry]], opening_minor: int = 500) -> bytes:
    made = StatementCsv("EUR", FIRST, opening_minor)
    for page in pages:
        made.add(page)
    return made.closed(LAST)


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_a_statement_as_csv_has_its_opening_its_entries_and_its_closing_balance() -> None:
    rows = rows_of(written([ENTRIES]))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1:] == [
        ["2026-11-01", "OPENING", "", "5.00", "5.00", "EUR"],
        ["2026-11-01", "INVOICE", "INV-1", "119.00", "124.00", "EUR"],
        ["2026-11-02", "PAYMENT", "'=SUM(A1)", "-100.00", "24.00", "EUR"],
        ["2026-11-03", "CREDIT", 'Kulanz; "gut",\nMüller 田中', "-24.00", "0.00", "EUR"],
        ["2026-11-30", "CLOSING", "", "", "0.00", "EUR"],
    ]


@pytest.mark.parametrize("pages", [[ENTRIES[:1], ENTRIES[1:]], [[each] for each in ENTRIES], [[], ENTRIES, []]])
def test_pages_of_any_size_make_the_same_csv(pages: list[list[LedgerEntry]]) -> None:
    assert written(pages) == written([ENTRIES])


def test_without_entries_both_balances_are_there() -> None:
    assert [row[1:5] for row in rows_of(written([], -700))[1:]] == [["OPENING", "", "-7.00", "-7.00"], ["CLOSING", "", "", "-7.00"]]


def test_it_is_utf8_with_a_byte_order_mark_and_lines_end_as_in_rfc_4180() -> None:
    content = written([ENTRIES[:2]])
    assert content.startswith(b"\xef\xbb\xbfdate,kind,")
    assert content.count(b"\r\n") == len(content.splitlines()) == 5
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\xa0"])
def test_no_cell_of_text_begins_a_formula(sign: str, before: str) -> None:
    reference = f"{before}{sign}cmd|'/c calc'!A0"
    cell = rows_of(written([[LedgerEntry(FIRST, EntryKind.CREDIT, reference, -1)]]))[2][2]
    assert cell == f"'{reference}"


@pytest.mark.parametrize("reference", ["INV-1", "a=b", "'quoted", "Kulanz - gut", "田中"])
def test_text_that_is_no_formula_stays_as_it_is(reference: str) -> None:
    assert rows_of(written([[LedgerEntry(FIRST, EntryKind.CREDIT, reference, -1)]]))[2][2] == reference


def test_amounts_are_plain_numbers_below_zero_too() -> None:
    amounts = [cell for row in rows_of(written([ENTRIES]))[1:] for cell in row[3:5] if cell]
    assert all(re.fullmatch(r"-?\d+\.\d\d", amount) for amount in amounts)
    assert "-100.00" in amounts
