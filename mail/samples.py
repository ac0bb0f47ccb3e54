"""Samples of the letters about money, for previews and tests: rows as the database has them, and words where a mutation gives them."""

from datetime import UTC, date, datetime
from typing import Any

from billing.money.collection import message
from billing.rows.letters import (
    CancellationLetterRow,
    CreditNoteLetterRow,
    InvoiceLetterRow,
    MethodLetterRow,
    PaymentLetterRow,
    RefundLetterRow,
    SubscriptionLetterRow,
)
from billing.states import Collection, InvoiceStatus
from mail.letters import Letter
from mail.reader import LetterReader, reader_of
from mail.words import MADE

AT = datetime(2027, 1, 31, 10, 15, tzinfo=UTC)
CARD = ("CARD", "visa", "4242")
ID = "01hv8q6c9mffr9s0v3b4k5n6p7"
ENDS_AT = datetime(2027, 2, 14, 9, tzinfo=UTC)
_SUBSCRIPTION = SubscriptionLetterRow(f"sub_{ID}", "Business", 3, "EUR", 8_925, datetime(2027, 2, 3, 9, tzinfo=UTC), ENDS_AT, "DUNNING")

SAMPLES: dict[Letter, Any] = {
    Letter.INVOICE_ISSUED: InvoiceLetterRow(f"inv_{ID}", "INV-2027-000042", "OPEN", "EUR", 8_925, AT, date(2027, 2, 14), "DUE", *CARD),
    Letter.RECEIPT: PaymentLetterRow(f"pay_{ID}", "EUR", 8_925, AT, AT, *CARD, ["INV-2027-000042"]),
    Letter.REFUND: RefundLetterRow(f"pay_{ID}", "EUR", 2_500, AT, AT, *CARD, ["INV-2027-000042"]),
    Letter.CREDIT_NOTE: CreditNoteLetterRow(f"cn_{ID}", "CN-2027-000007", "INV-2027-000042", "EUR", 5_001, 1_000, 1_501, 2_500),
    Letter.CARD_EXPIRING: MethodLetterRow(f"pm_{ID}", *CARD, date(2027, 2, 28)),
    Letter.TRIAL_ENDING: _SUBSCRIPTION,
    Letter.RENEWAL_TO_COME: _SUBSCRIPTION,
    Letter.ON_HOLD: _SUBSCRIPTION,
    Letter.CANCELLATION: CancellationLetterRow(f"sub_{ID}", "Business", 3, False, ENDS_AT),
    Letter.PAYMENT_FAILED: None,
    Letter.INVITATION: None,
    Letter.PRICE_CHANGE: None,
}


def sample_words(letter: Letter, locale: str, *, portal: str = "Acme Gardens", url: str = "https://portal.example") -> dict[str, str]:
    """Return the words of a sample in a language."""
    reader, row = reader_of(letter, locale, "Europe/Berlin"), SAMPLES[letter]
    head = {"portal": portal, "help": url}
    if letter not in MADE:
        return head | _words_of_mutation(letter, reader, url)
    _, words_of, page = MADE[letter]
    return head | {"link": f"{url}/{page.format(id=row.id)}"} | words_of(row, reader)


def _words_of_mutation(letter: Letter, reader: LetterReader, url: str) -> dict[str, str]:
    """Return the words of a letter that is not made of a row."""
    if letter is Letter.INVITATION:
        return {"link": f"{url}/reset-password#token=cD0kq2zYtJ7v1sX9wB4nM8rL3hF6gA5e"}
    if letter is Letter.PRICE_CHANGE:
        return {"plan": "Business × 3", "old": reader.money(8_925, "EUR"), "new": reader.money(9_900, "EUR"), "from": reader.day(AT)}
    next_try = message(Collection.RETRYING, date(2027, 2, 3), InvoiceStatus.OPEN, locale=reader.locale) or ""
    return {"link": f"{url}/invoices/inv_{ID}", "invoice": "INV-2027-000042", "amount": reader.money(8_925, "EUR"), "next": next_try}
