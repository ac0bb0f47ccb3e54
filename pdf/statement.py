"""The statement of account of one currency and period: what was owed and paid, day by day, and the balance. As PDF and, for programs, as CSV."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from io import SEEK_END, StringIO
from itertools import accumulate
from typing import Any

from billing.money.money import decimal_text
from billing.money.numbers import receipt_number
from pdf.layout import Merchant, Paper, Recipient, sheet, with_breaks
from pdf.line_words import entry_text

COLUMNS = ("date", "kind", "reference", "amount", "balance", "currency")
# A spreadsheet evaluates text that begins with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
MEASURED = 12
SPACES = " \u00a0\u3000"
BYTE_ORDER_MARK = "\ufeff"


class EntryKind(StrEnum):
    INVOICE = "INVOICE"
    INSTALLMENT = "INSTALLMENT"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    CREDIT = "CREDIT"
    CHARGE = "CHARGE"
    CREDIT_NOTE = "CREDIT_NOTE"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry of a statement. A positive `amount_minor` adds to what the customer owes, a negative one reduces it. `on` is a day in the customer's time zone."""

    on: date
    kind: EntryKind
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """The entries of a period in their order, from its first to its last day. `opening_minor` is what was owed before."""

    currency: str
    starts_on: date
    ends_on: date
    opening_minor: int
    entries: Sequence[LedgerEntry]

    def balances(self) -> list[int]:
        """Return what is owed after each entry, in minor units."""
        return list(accumulate((entry.amount_minor for entry in self.entries), initial=self.opening_minor))[1:]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)


def statement_paper(statement: AccountStatement, *, merchant: Merchant, reader: Recipient, made_at: datetime) -> Paper:
    return Paper("statement", partial(_content, statement, merchant, reader), made_at, len(statement.entries), splits="entries")


def _content(statement: AccountStatement, merchant: Merchant, reader: Recipient) -> dict[str, Any]:
    words, currency = reader.words, statement.currency
    period = f"{reader.day(statement.starts_on)} – {reader.day(statement.ends_on)}"
    opening = [reader.day(statement.starts_on), words["opening"], "", "", reader.money(statement.opening_minor, currency)]
    entries = [
        [
            reader.day(entry.on),
            words[f"entry_{entry.kind}"],
            with_breaks(_reference(entry, reader)),
            reader.money(entry.amount_minor, currency),
            reader.money(balance, currency),
        ]
        for entry, balance in zip(statement.entries, statement.balances(), strict=True)
    ]
    return sheet(merchant, reader, title=f"{words['statement']} {currency} {period}") | {
        "heading": words["statement"],
        "facts": [(words["period"], period), (words["closing"], reader.money(statement.closing_minor, currency))],
        "opening": opening,
        "entries": entries,
        "widest": [_longest(column) for column in zip(opening, *entries, strict=True)],
        "closing": reader.money(statement.closing_minor, currency),
    }


def _reference(entry: LedgerEntry, reader: Recipient) -> str:
    """Return the reference column: the receipt number of a payment or refund, the text of a credit or charge, or the entry's own reference."""
    if entry.kind in (EntryKind.PAYMENT, EntryKind.REFUND):
        return receipt_number(entry.reference)
    return entry_text(entry.reference, reader.language) if entry.kind in (EntryKind.CREDIT, EntryKind.CHARGE) else entry.reference


def _longest(texts: Iterable[str]) -> list[str]:
    """Return the MEASURED longest texts, of which one is the widest: all figures have the same width."""
    return sorted(dict.fromkeys(texts), key=lambda text: (-len(text), text))[:MEASURED]


class StatementCsv:
    """The CSV of a statement, built from its entries a page at a time: RFC 4180 in UTF-8, with ISO days, plain decimals and English column names, so that it is the
    same for customers of every language. It begins with a byte order mark, without which Excel reads UTF-8 as another encoding. Its first row is what was owed
    before, so that every balance is the sum of the amounts up to it."""

    def __init__(self, currency: str, starts_on: date, opening_minor: int) -> None:
        self._currency, self._balance_minor = currency, opening_minor
        self._text = StringIO(BYTE_ORDER_MARK, newline="")
        self._text.seek(0, SEEK_END)
        self._rows = csv.writer(self._text)
        self._rows.writerow(COLUMNS)
        self._add(starts_on, "OPENING", "", decimal_text(opening_minor, currency))

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        for entry in entries:
            self._balance_minor += entry.amount_minor
            self._add(entry.on, entry.kind, entry.reference, decimal_text(entry.amount_minor, self._currency))

    def closed(self, ends_on: date) -> bytes:
        """Return the whole CSV, with the closing balance."""
        self._add(ends_on, "CLOSING", "", "")
        return self._text.getvalue().encode()

    def _add(self, on: date, kind: str, reference: str, amount: str) -> None:
        self._rows.writerow([on.isoformat(), kind, _harmless(reference), amount, decimal_text(self._balance_minor, self._currency), self._currency])


def _harmless(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would evaluate it: spreadsheets ignore leading spaces and, in Japanese, accept full-width signs."""
    return f"'{text}" if text.lstrip(SPACES).startswith(FORMULA) else text
