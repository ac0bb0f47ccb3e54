"""Credit notes and their lines."""

import strawberry

from billing.states import CreditNoteReason
from schema.declarations import nouns
from schema.declarations.enums import LineOrder
from schema.declarations.fields import derived, many, money, one, page, part
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, DateTime
from schema.types.parties import BilledTo, Issuer, TaxSummary, tax_rate
from schema.types.pdf_links import Document, EInvoiceDocument, document, e_invoice
from schema.types.subscriptions import Period


@strawberry.type(description="A document that takes back a part of an issued invoice, with its tax. Its amounts are positive: what is taken back.")
class CreditNote(Node):
    number: str = strawberry.field(description="The number printed on it.")
    reason: CreditNoteReason = strawberry.field(description="Why it was issued.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    issued_at: DateTime = strawberry.field(description="When it was issued.")
    memo: str | None = strawberry.field(description="A text of the merchant that is printed on it.")
    subtotal = money("subtotal_minor", description="The sum of its lines without tax.")
    tax = money("tax_minor", description="The tax on it.")
    total = money("total_minor", description="Subtotal with tax: `amountReleased`, `amountToBalance` and `amountRefunded` together.")
    amount_released = money("released_minor", description="The part that was not paid yet: it reduces what remains of the invoice.")
    amount_to_balance = money("granted_minor", description="The part that was paid and became the customer's credit.")
    amount_refunded = money("refunded_minor", description="The part that was paid and was paid back.")
    document = derived(document, needs=("id", "customer_id"), graphql_type=Document | None, description="The credit note as a PDF.")
    e_invoice = derived(e_invoice, needs=("id", "customer_id"), graphql_type=EInvoiceDocument | None, description="The credit note as an e-invoice (XML).")
    billed_to = one("document_snapshots.of_document", key="id", graphql_type=BilledTo, description="Who it was issued to, as printed.")
    issuer = one(
        "document_snapshots.with_issuer",
        key="id",
        graphql_type=Issuer | None,
        description="Who issued it, as printed; null where that was not stored yet: then it is printed with the merchant of today.",
    )
    taxes = many("document_taxes.of_credit_note", key="id", graphql_type=TaxSummary, description="Net and tax of each tax rate; together they are its totals.")
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="The customer whose invoice it corrects.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice, description="The invoice it corrects.")
    lines = page(
        "credit_note_lines.of_credit_note", key="id", graphql_type=nouns.CreditNoteLine, sort=LineOrder, description="What it takes back, line by line."
    )


@strawberry.type(description="One line of a credit note. Its amounts are positive: what is taken back.")
class CreditNoteLine:
    position: int = strawberry.field(description="Its place on the credit note, from 1.")
    description: str = strawberry.field(description="What is taken back.")
    subtotal = money("subtotal_minor", description="Without tax.")
    tax_rate = tax_rate()
    tax = money("tax_minor", description="The tax on it.")
    total = money("total_minor", description="Subtotal with tax.")
    period = part(Period, when="period_starts_at", description="The time it is about, if any.")
