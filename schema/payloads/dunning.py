"""Dunning for people: what is open of all customers, and the inputs and payloads of what staff do about it."""

import strawberry

from billing.states import Ageing, Collection, OpenItemKind
from schema.declarations import nouns
from schema.declarations.fields import money, one
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import CurrencyCode, Date, DateTime
from schema.payloads.invoicing import StaffInvoicePayload
from schema.payloads.subscriptions import KEY, VERSION


@strawberry.type(
    description="An unpaid invoice of any customer, or a due installment that no invoice covers. All of them together are what customers owe beside their accounts."
)
class OpenItem:
    item_id: strawberry.ID = strawberry.field(name="id", description="The id of the invoice or of the installment.")
    kind: OpenItemKind = strawberry.field(description="What it is.")
    currency: CurrencyCode = strawberry.field(description="The currency of its amounts.")
    amount_open = money("remaining_minor", description="What remains to be paid.")
    amount_overdue = money(
        "overdue_minor", description="The part of it that was due before today: of an invoice that is paid in installments, those that are late."
    )
    due_on: Date = strawberry.field(description="The day on which it is due, where the customer lives.")
    days_overdue: int = strawberry.field(description="Days since its due day, where the customer lives; 0 when not overdue.")
    ageing: Ageing | None = strawberry.field(description="The bucket of `daysOverdue`; null for what was written off.")
    collection: Collection = strawberry.field(description="How the billing clock collects it.")
    retry_count: int = strawberry.field(name="failedAttempts", description="Failed tries of the billing clock since another payment method came.")
    next_attempt_at: DateTime | None = strawberry.field(description="When the billing clock charges it next; null if it does not, or a payment is in flight.")
    promised_on: Date | None = strawberry.field(
        description="The day until which the customer has promised to pay; null without a promise, and once it has passed."
    )
    is_in_payment: bool = strawberry.field(description="Whether a payment of it is in flight.")
    is_written_off: bool = strawberry.field(description="Whether staff no longer expect the money. It can still be paid.")
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who owes it.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice | None, description="The invoice, if it is one.")
    installment = one("installments.by_id", key="installment_id", graphql_type=nouns.Installment | None, description="The installment, if it is one.")


@strawberry.type(description="What all customers owe in one currency and one ageing bucket.")
class OpenItemTotal:
    currency: CurrencyCode = strawberry.field(description="The currency.")
    ageing: Ageing | None = strawberry.field(description="How long it has been overdue; null for what was written off.")
    item_count: int = strawberry.field(description="How many invoices and installments.")
    amount_open = money("remaining_minor", description="What remains of them.")
    amount_overdue = money("overdue_minor", description="The part of it that was due before today.")


@strawberry.input(description="An unpaid invoice to charge now.")
class RetryNowInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.input(description="A later due day, of an invoice or of an installment.")
class ExtendDueDateInput:
    due_on: Date = strawberry.field(description="The new due day: later than the present one, not in the past, and within 10 years.")
    idempotency_key: str = strawberry.field(description=KEY)
    invoice_id: strawberry.ID | None = strawberry.field(default=None, description="The invoice; one of a payment schedule is extended by its installment.")
    installment_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The installment, instead of an invoice. Needs the scope `schedules:write`, too. Its invoice is due with the last one that it covers.",
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="A customer's promise to pay.")
class PromiseToPayInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    idempotency_key: str = strawberry.field(description=KEY)
    on: Date | None = strawberry.field(
        default=None,
        description="The day until which the customer promises to pay, from today to `PORTICO_PROMISE_DAYS` days later. Null withdraws the promise.",
    )
    note: str | None = strawberry.field(default=None, description="A note for staff of up to 500 characters, which the customer does not see.")


@strawberry.type(description="The result of charging an invoice now.")
class RetryNowPayload(StaffInvoicePayload):
    payment = one(
        "payments.by_id",
        key="payment_key",
        graphql_type=nouns.Payment | None,
        description="The payment; FAILED when it was declined, null when it was refused before.",
    )


@strawberry.type(description="The result of a later due day.")
class ExtendDueDatePayload(KeyedPayload, CustomerPayload):
    invoice = one(
        "invoices.by_id",
        key="invoice_key",
        graphql_type=nouns.Invoice | None,
        description="The invoice, or the one that covers the installment; null when it was refused.",
    )
    installment = one(
        "installments.by_id", key="installment_key", graphql_type=nouns.Installment | None, description="The installment of `installmentId` as it is now."
    )


@strawberry.type(description="The result of a promise to pay.")
class PromiseToPayPayload(StaffInvoicePayload):
    pass
