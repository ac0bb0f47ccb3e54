"""What the documents of the demo print of buyer and seller: everybody is today as they were then."""

from collections.abc import Iterable
from dataclasses import fields

from billing.money.wording import Wording, WordingKind
from demo.records.issued import DocumentSnapshot, Party
from demo.records.money import CreditNote, CreditNoteLine, Payment
from demo.records.rows import Customer, Invoice
from demo.records.tables import Rows


def snapshots(rows: Rows) -> Iterable[DocumentSnapshot]:
    """Of all invoices, credit notes and settled payments."""
    copied = {customer.id: {column.name: getattr(customer, column.name) for column in fields(Party)} for customer in rows[Customer]}
    settled = [payment for payment in rows[Payment] if payment.settled_at]
    for document in (*rows[Invoice], *rows[CreditNote], *settled):
        yield DocumentSnapshot(customer_id=document.customer_id, document_id=document.id, **copied[document.customer_id])


def name_corrected(rows: Rows) -> None:
    """Credit notes of refunds name the invoice, once it has a number."""
    invoices = {invoice.id: invoice.number for invoice in rows[Invoice]}
    refunded = {note.id: invoices[note.invoice_id] for note in rows[CreditNote] if note.reason == "REFUND"}
    for line in rows[CreditNoteLine]:
        if number := refunded.get(line.credit_note_id):
            words = Wording(WordingKind.REFUND, number)
            line.description, line.wording, line.wording_of = words.english, words.kind, words.subject
