"""Previews: the result that an action would have, from the same decision as the action itself; nothing is written."""

import strawberry

from billing.lifecycle.facts import Warning
from billing.states import CreditNoteReason, SubscriptionStatus
from schema.declarations import nouns
from schema.declarations.costs import ERRORS, costing
from schema.declarations.enums import described
from schema.declarations.fields import one
from schema.declarations.payloads import UserError
from schema.declarations.scalars import DateTime

described(
    Warning,
    "What a customer should know before they confirm.",
    REPLACES_PENDING_PAUSE="The pending pause is withdrawn.",
    REPLACES_PENDING_CANCEL="The pending cancellation is withdrawn.",
    REPLACES_PENDING_PLAN="The pending change of plan is withdrawn.",
    OPEN_INVOICES_STAY_DUE="What is owed stays owed.",
    NO_REFUND="What was paid for and is not used is not paid back.",
    COUPON_ENDS="The coupon on it ends.",
    PAYMENT_BECOMES_CREDIT="A payment is in progress: if it succeeds, its amount is added to the customer's credit.",
    PERIOD_ENDS_NOW="The running period ends at once and a new one begins: what is left of it is credited.",
    CREDIT_EXCEEDS_LINE="The unused time is worth more than the line of the invoice credits: the rest is on `creditNotes`.",
    RESUMES_AFTER_SUSPENSION="It does not resume on the day that was set for the end of its pause, as long as it is suspended.",
)


@strawberry.type(description="A line of the previewed invoice.")
class PreviewLine:
    description: str = strawberry.field(description="What it is for.")
    quantity: int = strawberry.field(description="Units.")
    subtotal: nouns.MoneyType = strawberry.field(description="Without tax, before the discount. Negative for credited time.")
    discount: nouns.MoneyType = strawberry.field(description="What the coupon takes off.")
    tax: nouns.MoneyType = strawberry.field(description="Tax.")
    total: nouns.MoneyType = strawberry.field(description="The total of the line.")
    starts_at: DateTime = strawberry.field(description="The start of the time that it pays for.")
    ends_at: DateTime = strawberry.field(description="The end of the time that it pays for.")


@strawberry.type(description="A line of a previewed credit note. Its amounts are positive: what is taken back.")
class PreviewCreditNoteLine:
    description: str = strawberry.field(description="What is taken back.")
    subtotal: nouns.MoneyType = strawberry.field(description="Without tax.")
    tax: nouns.MoneyType = strawberry.field(description="Tax.")
    total: nouns.MoneyType = strawberry.field(description="Subtotal with tax.")
    starts_at: DateTime | None = strawberry.field(description="The start of the time that it is about.")
    ends_at: DateTime | None = strawberry.field(description="The end of the time that it is about.")


@strawberry.type(description="A previewed credit note for unused time that no line of the invoice credits. Its amounts are positive: what is taken back.")
class PreviewCreditNote:
    reason: CreditNoteReason = strawberry.field(description="Why it would be issued.")
    subtotal: nouns.MoneyType = strawberry.field(description="The sum of its lines without tax.")
    tax: nouns.MoneyType = strawberry.field(description="The tax on it.")
    total: nouns.MoneyType = strawberry.field(description="Subtotal with tax: `amountReleased` and `amountToBalance` together.")
    amount_released: nouns.MoneyType = strawberry.field(description="What would be taken off what remains of the invoice it corrects.")
    amount_to_balance: nouns.MoneyType = strawberry.field(description="What would become the customer's credit.")
    lines: list[PreviewCreditNoteLine] = strawberry.field(description="Its lines.", metadata=costing(1, length=2))
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice, description="The invoice it would correct.")


@strawberry.type(description="The result that an action would have now.")
class SubscriptionPreview:
    effective_at: DateTime = strawberry.field(description="When it would take effect.")
    status: SubscriptionStatus = strawberry.field(description="The subscription's status right after the call.")
    invoice_total: nouns.MoneyType = strawberry.field(description="The total of the invoice; zero without one.")
    credit_used: nouns.MoneyType = strawberry.field(description="What the customer's credit would pay of it.")
    amount_due: nouns.MoneyType = strawberry.field(description="What would be charged at once.")
    credit_granted: nouns.MoneyType = strawberry.field(description="What would be added to the customer's credit, by `creditNotes`.")
    lines: list[PreviewLine] = strawberry.field(description="The lines of the invoice.", metadata=costing(1, length=5))
    credit_notes: list[PreviewCreditNote] = strawberry.field(
        description="The credit notes for the unused time that the lines do not credit.", metadata=costing(1, length=5)
    )
    trial_ends_at: DateTime | None = strawberry.field(description="When the subscription's trial would end or ended; null if it would have none.")
    renews_at: DateTime | None = strawberry.field(description="When the next period would be invoiced; null if it would not renew.")
    renewal_amount: nouns.MoneyType = strawberry.field(description="What that renewal would cost.")
    warnings: list[Warning] = strawberry.field(description="What the customer should know before they confirm.")
    preview_token: str = strawberry.field(
        description="Pass it to the mutation, with the same input, within 10 minutes: it then has exactly this result, or is refused with PREVIEW_EXPIRED."
    )


@strawberry.type(description="A preview, or why the action would be refused.")
class PreviewPayload:
    preview: SubscriptionPreview | None = strawberry.field(description="The result that it would have; null when it would be refused.")
    user_errors: list[UserError] = strawberry.field(description="Why it would be refused. Empty when it would not.", metadata=ERRORS)
