"""Invoices and their lines."""

import strawberry

from billing.lifecycle import actions
from billing.money import collection as rules
from billing.states import Collection, CollectionMethod, InvoiceReason, InvoiceStatus, PromiseState
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.enums import AgeOrder, DueOrder, LineOrder
from schema.declarations.fields import derived, many, money, one, page, part
from schema.declarations.filters import InstallmentFilter, PaymentFilter
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, Date, DateTime, Metadata
from schema.types.attachments import Attachable
from schema.types.money import LOCALE
from schema.types.parties import BilledTo, Issuer, TaxSummary, tax_rate
from schema.types.pdf_links import Document, EInvoiceDocument, document, e_invoice
from schema.types.subscriptions import Period


@strawberry.type(
    description="How an unpaid invoice is collected without the customer. Payments that the customer tries are not counted here, and do not change it."
)
class InvoiceCollection:
    collection: Collection = strawberry.field(name="state", description="Its status.")
    retry_count: int = strawberry.field(name="failedAttempts", description="Failed tries since another payment method came; a try without any method counts.")
    next_attempt_at: DateTime | None = strawberry.field(
        description="For DUE and RETRYING, when it is charged next, after an open promise; null while a payment of it is in flight."
    )
    awaited_on: Date | None = strawberry.field(
        name="promisedOn", description="The day until which the customer has promised to pay it, while that has not passed. Until then it is not charged."
    )
    message = derived(
        rules.message,
        needs=("collection", "next_attempt_on", "status", "awaited_on"),
        arguments=(LOCALE,),
        graphql_type=str | None,
        description="The state in a sentence for the customer, such as: We will try again on February 11. Null for NONE without a promise.",
    )


@strawberry.type(description="A customer's promise to pay an invoice, noted by staff.")
class PaymentPromise:
    promised_on: Date = strawberry.field(description="The day until which the customer has promised to pay.")
    promise_state: PromiseState = strawberry.field(name="state", description="What became of it.")
    promise_note: str | None = strawberry.field(name="note", description="The note of staff. For STAFF; null for all other callers.")


@strawberry.type(description="An invoice of the merchant. Drafts are never shown.")
class Invoice(Node, Attachable):
    number: str = strawberry.field(description="The number printed on it.")
    status: InvoiceStatus = strawberry.field(description="Its status.")
    reason: InvoiceReason = strawberry.field(description="Why it was made.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    issued_at: DateTime = strawberry.field(description="When it was issued.")
    due_on: Date = strawberry.field(description="The day on which it is due, where the customer lives.")
    issued_due_on: Date | None = strawberry.field(description="The due day that the document prints, where staff have extended `dueOn` since; null otherwise.")
    is_overdue: bool = strawberry.field(description="Whether something remains and its due day has passed where the customer lives.")
    days_overdue: int = strawberry.field(description="Days since its due day; 0 when not overdue.")
    period = part(Period, when="period_starts_at", description="The period of the subscription that it pays for, if it does.")
    subtotal = money("subtotal_minor", description="The sum of its lines before discount and tax.")
    discount = money("discount_minor", description="What coupons take off.")
    tax = money("tax_minor", description="The tax on it.")
    total = money("total_minor", description="Subtotal less discount, with tax.")
    amount_paid = money("paid_minor", description="What was paid of it and not given back.")
    amount_credited = money("credited_minor", description="What credit settled of it, and what credit notes released or refunded.")
    amount_refunded = money("refunded_minor", description="What was paid of it and went back, by the merchant or by a bank.")
    amount_remaining = money("remaining_minor", description="Total less paid and credited; nothing on a void or refunded invoice.")
    payable = money(
        "charged_minor",
        when="charged_minor",
        description="What `payInvoice` without an amount would charge now: `amountRemaining` less the credit that it would use first. Zero where credit pays all: "
        "then `payInvoice` uses the credit, and its `payment` is null. Null where it would be refused: nothing remains, or it is void, refunded or in payment.",
    )
    paid_at: DateTime | None = strawberry.field(description="When the last of it was paid.")
    collection = part(InvoiceCollection, description="How the billing clock collects it, and what the customer can do.")
    promise = part(PaymentPromise, when="promised_on", description="The customer's promise to pay it, if there is one; also one that was kept or broken.")
    collection_method: CollectionMethod = strawberry.field(description="Who collects it.")
    imported: bool = strawberry.field(description="Whether it was issued by another system, before the customer was brought in.")
    memo: str | None = strawberry.field(description="A text of the merchant that is printed on it.")
    written_off_at: DateTime | None = strawberry.field(
        description="When staff wrote off what remains: it can still be paid, but is not overdue and not collected. For STAFF; null for all other callers."
    )
    amount_creditable = money("creditable_minor", description="What credit notes may still take back of it.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    document = derived(document, needs=("id", "customer_id"), graphql_type=Document | None, description="The invoice as a PDF.")
    e_invoice = derived(e_invoice, needs=("id", "customer_id"), graphql_type=EInvoiceDocument | None, description="The invoice as an e-invoice (XML).")
    billed_to = one("document_snapshots.of_document", key="id", graphql_type=BilledTo, description="Who it was issued to, as printed.")
    issuer = one(
        "document_snapshots.with_issuer",
        key="id",
        graphql_type=Issuer | None,
        description="Who issued it, as printed; null where that was not stored yet: then it is printed with the merchant of today.",
    )
    taxes = many("document_taxes.of_invoice", key="id", graphql_type=TaxSummary, description="Net and tax of each tax rate; together they are its totals.")
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who is to pay it.")
    subscription = one("subscriptions.by_id", key="subscription_id", graphql_type=nouns.Subscription | None, description="The subscription it is for, if any.")
    payment_schedule = one(
        "schedules.by_id", key="schedule_id", graphql_type=nouns.PaymentSchedule | None, description="The payment schedule it is for, if any."
    )
    lines = page("invoice_lines.of_invoice", key="id", graphql_type=nouns.InvoiceLine, sort=LineOrder, description="What it charges for, line by line.")
    credit_notes = page(
        "credit_notes.of_invoice", key="id", graphql_type=nouns.CreditNote, sort=AgeOrder, description="The credit notes that take back a part of it."
    )
    payments = page(
        "payments.of_invoice",
        key="id",
        graphql_type=nouns.Payment,
        sort=AgeOrder,
        filter=PaymentFilter,
        description="What was paid on it, declined attempts included.",
    )
    installments = page(
        "installments.of_invoice", key="id", graphql_type=nouns.Installment, sort=DueOrder, filter=InstallmentFilter, description="The installments it covers."
    )
    attachments = page("attachments.of_invoice", key="id", graphql_type=nouns.Attachment, sort=AgeOrder, description="Files attached to it.")
    available_actions = derived(
        actions.invoice_actions,
        needs=(
            "status",
            "remaining_minor",
            "is_in_payment",
            "file_count",
            "is_voidable",
            "is_expected",
            "creditable_minor",
            "is_being_credited",
            "is_retryable",
            "is_awaited",
        ),
        graphql_type=list[ActionState],
        description="What may be done with it now: by the customer, and for staff also what only staff do.",
    )


@strawberry.type(description="One line of an invoice.")
class InvoiceLine(Node):
    position: int = strawberry.field(description="Its place on the invoice, from 1.")
    description: str = strawberry.field(description="What it charges for.")
    quantity: int = strawberry.field(description="How many units.")
    unit_amount = money("unit_minor", description="For one unit; negative on a line that credits.")
    subtotal = money("subtotal_minor", description="Before discount and tax.")
    discount = money("discount_minor", description="What a coupon takes off this line.")
    net_amount = money("net_minor", description="Subtotal less discount, without tax.")
    tax_rate = tax_rate()
    tax = money("tax_minor", description="The tax on this line.")
    total = money("total_minor", description="Subtotal less discount, with tax.")
    period = part(Period, when="period_starts_at", description="The period it pays for, if any.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice, description="The invoice it stands on.")
