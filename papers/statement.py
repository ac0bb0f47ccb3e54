"""The statement of account of one currency and period: what was owed and paid, day by day, and what is left. As a PDF for people and as CSV for programs."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from io import StringIO
from itertools import accumulate
from typing import Any

from billing.money import decimal_text
from billing.numbers import receipt_number
from papers.line_words import entry_text
from papers.sheet import Merchant, Paper, Reader, sheet

COLUMNS = ("date", "kind", "reference", "amount", "balance", "currency")
OPENING = "OPENING"
# A spreadsheet takes text that begins with one of these for a formula, and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class EntryKind(StrEnum):
    INVOICE = "INVOICE"
    INSTALLMENT = "INSTALLMENT"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    CREDIT = "CREDIT"
    CHARGE = "CHARGE"
    CREDIT_NOTE = "CREDIT_NOTE"


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount_minor` above zero is what the customer owes more, below zero what they owe less. `on` is a day where the customer lives."""

    on: date
    kind: EntryKind
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries in their order, from the first to the last day of a period. `opening_minor` is what was owed before."""

    currency: str
    starts_on: date
    ends_on: date
    opening_minor: int
    entries: Sequence[Entry]

    def balances(self) -> list[int]:
        """What is owed after each entry."""
        return list(accumulate((entry.amount_minor for entry in self.entries), initial=self.opening_minor))[1:]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)


def statement_paper(statement: Statement, *, merchant: Merchant, reader: Reader, made_at: datetime) -> Paper:
    return Paper("statement", partial(_content, statement, merchant, reader), made_at, len(statement.entries))


def _content(statement: Statement, merchant: Merchant, reader: Reader) -> dict[str, Any]:
    words, currency = reader.words, statement.currency
    period = f"{reader.day(statement.starts_on)} – {reader.day(statement.ends_on)}"
    return sheet(merchant, reader, title=f"{words['statement']} {currency} {period}") | {
        "heading": words["statement"],
        "facts": [(words["period"], period), (words["closing"], reader.money(statement.closing_minor, currency))],
        "opening": [reader.day(statement.starts_on), words["opening"], "", "", reader.money(statement.opening_minor, currency)],
        "entries": [
            [
                reader.day(entry.on),
                words[f"entry_{entry.kind}"],
                _reference(entry, reader),
                reader.money(entry.amount_minor, currency),
                reader.money(balance, currency),
            ]
            for entry, balance in zip(statement.entries, statement.balances(), strict=True)
        ],
        "closing": reader.money(statement.closing_minor, currency),
    }


def _reference(entry: Entry, reader: Reader) -> str:
    """Of a payment the number of its receipt; of a credit or charge a few words."""
    if entry.kind in (EntryKind.PAYMENT, EntryKind.REFUND):
        return receipt_number(entry.reference)
    return entry_text(entry.reference, reader.language) if entry.kind in (EntryKind.CREDIT, EntryKind.CHARGE) else entry.reference


def statement_csv(statement: Statement) -> bytes:
    """RFC 4180 in UTF-8, with ISO days, plain decimals and English column names, so that a program reads it in every language alike.

    The first row is what was owed before, so every balance is the sum of the amounts up to it."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    opening = decimal_text(statement.opening_minor, statement.currency)
    rows.writerow([statement.starts_on.isoformat(), OPENING, "", opening, opening, statement.currency])
    for entry, balance in zip(statement.entries, statement.balances(), strict=True):
        amount, left = decimal_text(entry.amount_minor, statement.currency), decimal_text(balance, statement.currency)
        rows.writerow([entry.on.isoformat(), entry.kind, _harmless(entry.reference), amount, left, statement.currency])
    return text.getvalue().encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
