"""Previews of what staff do with invoices and money: the same decision as that of the mutation; nothing is written."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry

from auth import permissions
from billing.money.coupons import percent_text
from billing.refusals import Refused
from billing.states import CollectionMethod, CreditNoteReason
from resolvers.context import Context, Info
from resolvers.invoicing import crediting, issuing, recording, refunds
from schema.declarations import nouns
from schema.declarations.costs import ERRORS, PREVIEW, costing
from schema.declarations.fields import derived, guarded, one
from schema.declarations.payloads import UserError, error_of
from schema.declarations.scalars import CurrencyCode, Date, DateTime, Decimal
from schema.payloads import invoicing

TOKEN = "Pass it to the mutation, with the same input, within 10 minutes: it then has exactly this result, or is refused with PREVIEW_EXPIRED."
ARGUMENT = "As for the mutation. Idempotency key, version and token are ignored."
LINES = costing(1, length=200, is_of_input=True)
# A payment pays at most as many debts as a customer has open; the list is not paged.
PARTS = costing(1, length=20)


def _tax_rate() -> Any:
    description = "The tax rate in percent; null where a credit takes back lines of several rates."
    return derived(percent_text, needs=("tax_rate_ppm",), graphql_type=Decimal | None, description=description)


@strawberry.type(description="A line of a previewed invoice of staff.")
class CreateInvoicePreviewLine:
    description: str = strawberry.field(description="What it charges for.")
    quantity: int = strawberry.field(description="How many units.")
    unit_amount: nouns.MoneyType = strawberry.field(description="For one unit.")
    tax_rate = _tax_rate()
    subtotal: nouns.MoneyType = strawberry.field(description="Without tax.")
    tax: nouns.MoneyType = strawberry.field(description="The tax.")
    total: nouns.MoneyType = strawberry.field(description="With tax.")


@strawberry.type(description="The invoice that `createInvoice` would issue now.")
class CreateInvoicePreview:
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    due_on: Date = strawberry.field(description="The day on which it would be due.")
    memo: str | None = strawberry.field(description="What would be printed on it.")
    collection: CollectionMethod = strawberry.field(name="collectionMethod", description="Who would collect it.")
    collect_at: DateTime | None = strawberry.field(name="chargedAt", description="When the billing clock would charge it; null for never.")
    subtotal: nouns.MoneyType = strawberry.field(description="The sum of its lines without tax.")
    tax: nouns.MoneyType = strawberry.field(description="The tax on it.")
    total: nouns.MoneyType = strawberry.field(description="With tax.")
    credit_used: nouns.MoneyType = strawberry.field(description="What the customer's credit would pay of it at once.")
    amount_remaining: nouns.MoneyType = strawberry.field(description="What would remain to be paid.")
    lines: list[CreateInvoicePreviewLine] = strawberry.field(description="Its lines.", metadata=LINES)
    preview_token: str = strawberry.field(description=TOKEN)


@strawberry.type(description="A line of a previewed credit note of staff. Its amounts are positive: what is taken back.")
class CreditInvoicePreviewLine:
    description: str = strawberry.field(description="What is taken back.")
    tax_rate = _tax_rate()
    subtotal: nouns.MoneyType = strawberry.field(description="Without tax.")
    tax: nouns.MoneyType = strawberry.field(description="The tax.")
    total: nouns.MoneyType = strawberry.field(description="With tax.")


@strawberry.type(description="The credit note that `creditInvoice` would issue now.")
class CreditInvoicePreview:
    reason: CreditNoteReason = strawberry.field(description="Why.")
    subtotal: nouns.MoneyType = strawberry.field(description="The sum of its lines without tax.")
    tax: nouns.MoneyType = strawberry.field(description="The tax on it.")
    total: nouns.MoneyType = strawberry.field(description="With tax: `amountReleased`, `amountRefunded` and `amountToBalance` together.")
    amount_released: nouns.MoneyType = strawberry.field(description="What would be taken off what remains of the invoice.")
    amount_refunded: nouns.MoneyType = strawberry.field(description="What the processor would give back.")
    amount_to_balance: nouns.MoneyType = strawberry.field(description="What would become the customer's credit.")
    amount_remaining: nouns.MoneyType = strawberry.field(description="What would remain of the invoice.")
    lines: list[CreditInvoicePreviewLine] = strawberry.field(description="Its lines.", metadata=LINES)
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice, description="The invoice that it would correct, as it is now.")
    payment = one("payments.by_id", key="payment_id", graphql_type=nouns.Payment | None, description="The payment that would be refunded, if any.")
    preview_token: str = strawberry.field(description=TOKEN)


@strawberry.type(description="A part of previewed money: for an invoice, an installment or, with neither, the customer's account.")
class MoneyPart:
    amount: nouns.MoneyType = strawberry.field(description="How much.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice | None, description="The invoice, as it is now.")
    installment = one("installments.by_id", key="installment_id", graphql_type=nouns.Installment | None, description="The installment, as it is now.")


@strawberry.type(description="What `refundPayment` would give back now.")
class RefundPaymentPreview:
    amount: nouns.MoneyType = strawberry.field(description="The whole amount.")
    parts: list[MoneyPart] = strawberry.field(description="What it would take from. An invoice that it takes from gets a credit note.", metadata=PARTS)
    preview_token: str = strawberry.field(description=TOKEN)


@strawberry.type(description="What the money of `recordPayment` would pay now.")
class RecordPaymentPreview:
    amount: nouns.MoneyType = strawberry.field(description="The whole amount.")
    received_on: Date = strawberry.field(description="The day on which the money came.")
    parts: list[MoneyPart] = strawberry.field(description="The debts that it would pay, in this order.", metadata=PARTS)
    to_account: nouns.MoneyType = strawberry.field(description="What would pay a debt on the account.")
    to_balance: nouns.MoneyType = strawberry.field(description="What would become the customer's credit.")
    preview_token: str = strawberry.field(description=TOKEN)


@strawberry.type(description="A preview, or why the mutation would be refused.")
class CreateInvoicePreviewPayload:
    preview: CreateInvoicePreview | None = strawberry.field(description="The result that it would have; null when it would be refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it would be refused. Empty when it would not.", metadata=ERRORS)


@strawberry.type(description="A preview, or why the mutation would be refused.")
class CreditInvoicePreviewPayload:
    preview: CreditInvoicePreview | None = strawberry.field(description="The result that it would have; null when it would be refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it would be refused. Empty when it would not.", metadata=ERRORS)


@strawberry.type(description="A preview, or why the mutation would be refused.")
class RefundPaymentPreviewPayload:
    preview: RefundPaymentPreview | None = strawberry.field(description="The result that it would have; null when it would be refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it would be refused. Empty when it would not.", metadata=ERRORS)


@strawberry.type(description="A preview, or why the mutation would be refused.")
class RecordPaymentPreviewPayload:
    preview: RecordPaymentPreview | None = strawberry.field(description="The result that it would have; null when it would be refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it would be refused. Empty when it would not.", metadata=ERRORS)


def _staff_preview(
    resolve: Callable[[Any, Context], Awaitable[Any]], *, input_type: Any, payload_type: Any, permission: permissions.Permission, description: str
) -> Any:
    async def run(info: Info, input: Any) -> Any:
        try:
            return SimpleNamespace(preview=await resolve(input, info.context), user_errors=[])
        except Refused as refused:
            return SimpleNamespace(preview=None, user_errors=[error_of(refused)])

    argument = Annotated[input_type, strawberry.argument(description=ARGUMENT)]
    run.__annotations__ = {"info": Info, "input": argument, "return": payload_type | None}
    return guarded(strawberry.field(resolver=run, graphql_type=payload_type | None, description=description, metadata=PREVIEW), permission)


@strawberry.type(description="Previews of what staff do with invoices and money.")
class InvoicingPreviews:
    preview_create_invoice = _staff_preview(
        issuing.preview,
        input_type=invoicing.CreateInvoiceInput,
        payload_type=CreateInvoicePreviewPayload,
        permission=permissions.INVOICES,
        description="For staff: a preview of a new invoice. Nothing is written.",
    )
    preview_credit_invoice = _staff_preview(
        crediting.preview,
        input_type=invoicing.CreditInvoiceInput,
        payload_type=CreditInvoicePreviewPayload,
        permission=permissions.INVOICES,
        description="For staff: a preview of a credit note. Nothing is written.",
    )
    preview_refund_payment = _staff_preview(
        refunds.preview,
        input_type=invoicing.RefundPaymentInput,
        payload_type=RefundPaymentPreviewPayload,
        permission=permissions.REFUND,
        description="For staff: a preview of a refund. Nothing is written.",
    )
    preview_record_payment = _staff_preview(
        recording.preview,
        input_type=invoicing.RecordPaymentInput,
        payload_type=RecordPaymentPreviewPayload,
        permission=permissions.RECORD,
        description="For staff: a preview of what recorded money would pay. Nothing is written.",
    )
