"""The inputs and payloads of what staff do with invoices and money."""

import strawberry

from billing.states import CollectionMethod, CreditNoteReason, RecordedKind, RefundReason
from schema.declarations import nouns
from schema.declarations.fields import one
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import Date, Decimal, Metadata
from schema.payloads.money_inputs import MoneyInput
from schema.payloads.subscriptions import KEY, TOKEN, VERSION

NAMES = "The merchant's own id, 1 to 200 printable characters; EXTERNAL_ID_TAKEN when another object of the kind has it."
PAIRS = "Pairs of the merchant, at most 50."
MEMO = "A text of up to 1,000 characters that is printed on it."


@strawberry.input(description="A line of a new invoice.")
class InvoiceLineInput:
    description: str = strawberry.field(description="What it charges for, 1 to 500 characters.")
    quantity: int = strawberry.field(description="How many units, 1 to 1,000,000.")
    unit_amount: MoneyInput = strawberry.field(description="For one unit, without tax, above zero. All lines are in one currency.")
    tax_rate: Decimal | None = strawberry.field(default=None, description='The tax rate in percent, such as "8.1". Null: that of the customer.')


@strawberry.input(description="An invoice to issue.")
class CreateInvoiceInput:
    customer_id: strawberry.ID = strawberry.field(description="Who is to pay it.")
    lines: list[InvoiceLineInput] = strawberry.field(description="What it charges for, 1 to 200 lines.")
    idempotency_key: str = strawberry.field(description=KEY)
    due_on: Date | None = strawberry.field(default=None, description="The day on which it is due. Null: in 14 days.")
    memo: str | None = strawberry.field(default=None, description=MEMO)
    collection: CollectionMethod = strawberry.field(
        default=CollectionMethod.MANUAL, description="AUTOMATIC: the billing clock charges it on its due day, and retries what is declined."
    )
    external_id: str | None = strawberry.field(default=None, description=NAMES)
    metadata: Metadata | None = strawberry.field(default=None, description=PAIRS)
    backdated: bool = strawberry.field(default=False, description="Whether the due day may be in the past.")
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)


@strawberry.input(description="An invoice to withdraw.")
class VoidInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    idempotency_key: str = strawberry.field(description=KEY)
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="An invoice whose money is no longer expected.")
class WriteOffInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    idempotency_key: str = strawberry.field(description=KEY)
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="A credit of one line of an invoice.")
class CreditLineInput:
    line_id: strawberry.ID = strawberry.field(description="The line of the invoice.")
    amount: MoneyInput | None = strawberry.field(default=None, description="How much of it, with tax. Null: all that is left of it.")
    description: str | None = strawberry.field(default=None, description="What is printed. Null: the description of the line.")


@strawberry.input(description="A credit note to issue: over `amount` or over `lines`.")
class CreditInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice that it corrects.")
    reason: CreditNoteReason = strawberry.field(description="CORRECTION, GOODWILL, DUPLICATE or ORDER_CHANGE.")
    idempotency_key: str = strawberry.field(description=KEY)
    amount: MoneyInput | None = strawberry.field(default=None, description="How much of the invoice, with tax.")
    lines: list[CreditLineInput] | None = strawberry.field(default=None, description="Which lines of the invoice, each once.")
    description: str | None = strawberry.field(default=None, description="With `amount`, what is printed on its line.")
    memo: str | None = strawberry.field(default=None, description=MEMO)
    refund: MoneyInput | None = strawberry.field(
        default=None, description="What of the paid part goes back by the processor, from one payment of the invoice. Needs the scope `payments:refund`, too."
    )
    to_balance: MoneyInput | None = strawberry.field(
        default=None,
        description="What of the paid part becomes the customer's credit. With `refund` it must be all of it; without both, all of it becomes credit.",
    )
    payment_id: strawberry.ID | None = strawberry.field(
        default=None, description="The payment that is refunded. Null: the newest that paid enough of the invoice."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)


@strawberry.input(description="A payment to refund.")
class RefundPaymentInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    reason: RefundReason = strawberry.field(description="REQUESTED, GOODWILL, DUPLICATE or FRAUDULENT.")
    idempotency_key: str = strawberry.field(description=KEY)
    amount: MoneyInput | None = strawberry.field(default=None, description="How much of it. Null: all that is left, `Payment.refundable`.")
    comment: str | None = strawberry.field(default=None, description="A note for the merchant's staff, up to 500 characters.")
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)


@strawberry.input(description="Money that came otherwise. It is for exactly one of `customerId`, `invoiceId` and `installmentId`.")
class RecordPaymentInput:
    amount: MoneyInput = strawberry.field(description="How much came.")
    kind: RecordedKind = strawberry.field(description="How it came.")
    idempotency_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Who paid: the oldest debts are paid first.")
    invoice_id: strawberry.ID | None = strawberry.field(default=None, description="The invoice that is paid first, before the oldest debts.")
    installment_id: strawberry.ID | None = strawberry.field(default=None, description="The installment that is paid first, before the oldest debts.")
    received_on: Date | None = strawberry.field(default=None, description="The day on which the money came, not after today. Null: today.")
    reference: str | None = strawberry.field(default=None, description="What the bank or the check calls it, up to 200 characters.")
    external_id: str | None = strawberry.field(default=None, description=NAMES)
    metadata: Metadata | None = strawberry.field(default=None, description=PAIRS)
    preview_token: str | None = strawberry.field(default=None, description=TOKEN)


@strawberry.input(description="A correction of a customer's balance.")
class AdjustBalanceInput:
    customer_id: strawberry.ID = strawberry.field(description="Whose balance.")
    amount: MoneyInput = strawberry.field(
        description="Above zero adds to the customer's credit, below zero takes from it, and may leave a debt on the account."
    )
    reason: str = strawberry.field(description="Why, in 1 to 500 characters. The customer sees it.")
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="The invoice of a mutation of staff.")
class StaffInvoicePayload(KeyedPayload, CustomerPayload):
    invoice = one("invoices.by_id", key="invoice_key", graphql_type=nouns.Invoice | None, description="The invoice as it is now; null when it was refused.")


@strawberry.type(description="The result of issuing an invoice.")
class CreateInvoicePayload(StaffInvoicePayload):
    pass


@strawberry.type(description="The result of withdrawing an invoice.")
class VoidInvoicePayload(StaffInvoicePayload):
    pass


@strawberry.type(description="The result of writing off an invoice.")
class WriteOffInvoicePayload(StaffInvoicePayload):
    pass


@strawberry.type(description="The result of crediting an invoice.")
class CreditInvoicePayload(StaffInvoicePayload):
    credit_note = one(
        "credit_notes.by_id",
        key="credit_note_key",
        graphql_type=nouns.CreditNote | None,
        description="The credit note; null when it was refused, and while its refund is PENDING.",
    )
    refund = one("refunds.by_id", key="refund_key", graphql_type=nouns.Refund | None, description="The refund of its refunded part, if it has one.")


@strawberry.type(description="The result of refunding a payment.")
class RefundPaymentPayload(KeyedPayload, CustomerPayload):
    payment = one("payments.by_id", key="payment_key", graphql_type=nouns.Payment | None, description="The payment as it is now; null when it was refused.")
    refund = one(
        "refunds.by_id",
        key="refund_key",
        graphql_type=nouns.Refund | None,
        description="The refund; PENDING while the processor works on it, FAILED when it was refused there.",
    )


@strawberry.type(description="The result of recording a payment.")
class RecordPaymentPayload(KeyedPayload, CustomerPayload):
    payment = one("payments.by_id", key="payment_key", graphql_type=nouns.Payment | None, description="The payment; null when it was refused.")
    invoice = one("invoices.by_id", key="invoice_key", graphql_type=nouns.Invoice | None, description="The invoice of `invoiceId`, as it is now.")
    installment = one(
        "installments.by_id", key="installment_key", graphql_type=nouns.Installment | None, description="The installment of `installmentId`, as it is now."
    )


@strawberry.type(description="The result of correcting a balance.")
class AdjustBalancePayload(KeyedPayload, CustomerPayload):
    pass
