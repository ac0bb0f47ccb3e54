"""Buyer and seller as the documents of the demo print them: their present data are those of the day of issue."""

from collections.abc import Iterable
from dataclasses import fields

from billing.money.wording import Wording, WordingKind
from demo.records.issued import PrintedParty, SeedDocumentSnapshot
from demo.records.money import SeedCreditNote, SeedCreditNoteLine, SeedPayment
from demo.records.rows import SeedCustomer, SeedInvoice
from demo.records.tables import Rows


def snapshots(rows: Rows) -> Iterable[SeedDocumentSnapshot]:
    """Return the snapshots of all invoices, credit notes and settled payments."""
    copied = {customer.id: {column.name: getattr(customer, column.name) for column in fields(PrintedParty)} for customer in rows[SeedCustomer]}
    settled = [payment for payment in rows[SeedPayment] if payment.settled_at]
    for document in (*rows[SeedInvoice], *rows[SeedCreditNote], *settled):
        yield SeedDocumentSnapshot(customer_id=document.customer_id, document_id=document.id, **copied[document.customer_id])


def name_corrected(rows: Rows) -> None:
    """Put the number of the invoice into the lines of credit notes of refunds."""
    invoices = {invoice.id: invoice.number for invoice in rows[SeedInvoice]}
    refunded = {note.id: invoices[note.invoice_id] for note in rows[SeedCreditNote] if note.reason == "REFUND"}
    for line in rows[SeedCreditNoteLine]:
        if number := refunded.get(line.credit_note_id):
            words = Wording(WordingKind.REFUND, number)
            line.description, line.wording, line.wording_of = words.english, words.kind, words.subject
