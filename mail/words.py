"""The words of the letters about money: one function for each letter, from rows of the database to texts of the reader."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from billing.rows.letters import (
    CancellationLetterRow,
    CreditNoteLetterRow,
    InvoiceLetterRow,
    MethodLetterRow,
    PaymentLetterRow,
    RefundLetterRow,
    SubscriptionLetterRow,
)
from billing.states import Collection, InvoiceStatus, SuspendedBy
from mail.letters import Letter
from mail.reader import LetterReader

Words = dict[str, str]


def one_line(text: str) -> str:
    """Return a text of the merchant, such as the name of a plan, without line breaks."""
    return " ".join(text.split())


def invoice_issued(row: InvoiceLetterRow, reader: LetterReader) -> Words:
    is_automatic = row.collection != Collection.NONE and row.method_kind is not None
    return {
        "invoice": row.number,
        "issued": reader.day(row.issued_at),
        "amount": reader.money(row.remaining_minor, row.currency),
        "due": reader.day(row.due_on),
        "method": reader.method(row.method_kind, row.method_brand, row.method_last4) if is_automatic else "",
        "next": _next(row, reader, is_automatic=is_automatic),
    }


def receipt(row: PaymentLetterRow, reader: LetterReader) -> Words:
    return {
        "amount": reader.money(row.amount_minor, row.currency),
        "date": reader.day(row.settled_at or row.created_at),
        "method": reader.method(row.method_kind, row.method_brand, row.method_last4),
        "invoices": _paid_for(row.invoices, reader),
    }


def refund(row: RefundLetterRow, reader: LetterReader) -> Words:
    return {
        "amount": reader.money(row.amount_minor, row.currency),
        "date": reader.day(row.settled_at or row.created_at),
        "method": reader.method(row.method_kind, row.method_brand, row.method_last4),
        "invoices": _paid_for(row.invoices, reader),
    }


def credit_note(row: CreditNoteLetterRow, reader: LetterReader) -> Words:
    return {
        "note": row.number,
        "invoice": row.invoice_number,
        "amount": reader.money(row.total_minor, row.currency),
        "released": reader.amount(row.released_minor, row.currency),
        "granted": reader.amount(row.granted_minor, row.currency),
        "refunded": reader.amount(row.refunded_minor, row.currency),
    }


def card_expiring(row: MethodLetterRow, reader: LetterReader) -> Words:
    return {"method": reader.method(row.kind, row.brand, row.last4), "month": reader.month(row.expires_on)}


def trial_ending(row: SubscriptionLetterRow, reader: LetterReader) -> Words:
    return _to_pay(row, row.trial_ends_at, reader)


def renewal_to_come(row: SubscriptionLetterRow, reader: LetterReader) -> Words:
    return _to_pay(row, row.renews_at, reader)


def on_hold(row: SubscriptionLetterRow, reader: LetterReader) -> Words:
    is_unpaid = row.suspended_by == SuspendedBy.DUNNING
    return {"plan": _plan(row), "reason": reader.phrase("unpaid" if is_unpaid else "by_merchant")}


def cancellation(row: CancellationLetterRow, reader: LetterReader) -> Words:
    return {"plan": _plan(row), "date": reader.day(row.ends_at), "next": reader.phrase("has_ended" if row.has_ended else "runs_until_then")}


# The letters that are made of a row, by the block that selects it, with the page of the portal that they link to. `{id}` is the id of the row.
MADE: dict[Letter, tuple[str, Callable[[Any, LetterReader], Words], str]] = {
    Letter.INVOICE_ISSUED: ("letters.invoice", invoice_issued, "invoices/{id}"),
    Letter.RECEIPT: ("letters.payment", receipt, "payments/{id}"),
    Letter.REFUND: ("letters.refund", refund, "payments/{id}"),
    Letter.CREDIT_NOTE: ("letters.credit_note", credit_note, "credit-notes/{id}"),
    Letter.CARD_EXPIRING: ("letters.method", card_expiring, "payment-methods"),
    Letter.TRIAL_ENDING: ("letters.subscription", trial_ending, "subscriptions/{id}"),
    Letter.RENEWAL_TO_COME: ("letters.subscription", renewal_to_come, "subscriptions/{id}"),
    Letter.ON_HOLD: ("letters.subscription", on_hold, "invoices"),
    Letter.CANCELLATION: ("letters.cancellation", cancellation, "subscriptions/{id}"),
}


def _next(row: InvoiceLetterRow, reader: LetterReader, *, is_automatic: bool) -> str:
    if row.remaining_minor == 0:
        return reader.phrase("is_paid")
    if row.status == InvoiceStatus.PROCESSING:
        return reader.phrase("in_payment")
    return reader.phrase("will_be_charged") if is_automatic else reader.phrase("pay_by", day=reader.day(row.due_on))


def _to_pay(row: SubscriptionLetterRow, at: datetime | date | None, reader: LetterReader) -> Words:
    return {"plan": _plan(row), "date": reader.day(at) if at else "", "amount": reader.money(row.renewal_minor, row.currency)}


def _plan(row: SubscriptionLetterRow | CancellationLetterRow) -> str:
    name = one_line(row.plan_name)
    return name if row.quantity == 1 else f"{name} × {row.quantity}"


def _paid_for(invoices: list[str], reader: LetterReader) -> str:
    """Return the numbers of invoices and the names of installments; the account where a payment was for none."""
    return ", ".join(map(one_line, invoices)) or reader.phrase("account")
