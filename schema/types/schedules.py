"""Payment schedules: an amount paid in installments."""

import strawberry

from billing.lifecycle import actions
from billing.states import CollectionMethod, InstallmentStatus, Invoicing, ScheduleStatus
from schema.declarations import nouns
from schema.declarations.actions import ActionState
from schema.declarations.enums import AgeOrder, DueOrder, InvoiceOrder
from schema.declarations.fields import derived, money, one, page
from schema.declarations.filters import InstallmentFilter, InvoiceFilter, PaymentFilter
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, Date, DateTime, Metadata
from schema.types.attachments import Attachable


@strawberry.type(description="An installment plan: one amount, paid in parts on agreed days.")
class PaymentSchedule(Node, Attachable):
    name: str = strawberry.field(description="What it is for.")
    status: ScheduleStatus = strawberry.field(description="Its status.")
    is_overdue: bool = strawberry.field(description="Whether one of its installments is overdue today where the customer lives.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    invoicing: Invoicing = strawberry.field(description="How it is invoiced.")
    total = money("total_minor", description="The sum of its installments, which credit notes on their invoices lower.")
    paid = money("paid_minor", description="What was paid of it and not given back.")
    refunded = money("refunded_minor", description="What the merchant gave back of it, which is not charged again.")
    canceled = money("canceled_minor", description="What was canceled of it and is not owed. Total is paid, refunded, canceled and remaining.")
    remaining = money("remaining_minor", description="What is left to pay.")
    collection: CollectionMethod = strawberry.field(description="Whether its installments are charged without the customer.")
    created_at: DateTime = strawberry.field(description="When it was agreed.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="Who pays it.")
    subscription = one(
        "subscriptions.by_id", key="subscription_id", graphql_type=nouns.Subscription | None, description="The subscription it belongs to, if any."
    )
    next_installment = one(
        "installments.next_of_schedule",
        key="id",
        graphql_type=nouns.Installment | None,
        description="The oldest installment that is not fully paid; null when all are.",
    )
    installments = page(
        "installments.of_schedule", key="id", graphql_type=nouns.Installment, sort=DueOrder, filter=InstallmentFilter, description="Its parts, by due day."
    )
    invoices = page(
        "invoices.of_schedule", key="id", graphql_type=nouns.Invoice, sort=InvoiceOrder, filter=InvoiceFilter, description="The invoices made for it."
    )
    attachments = page("attachments.of_schedule", key="id", graphql_type=nouns.Attachment, sort=AgeOrder, description="Files attached to it.")
    available_actions = derived(
        actions.of_schedule,
        needs=("status", "file_count", "is_in_payment", "remaining_minor"),
        graphql_type=list[ActionState],
        description="What the caller may do with it now.",
    )


@strawberry.type(description="One part of a payment schedule.")
class Installment(Node):
    name: str = strawberry.field(description='What it is called, such as "2 of 6".')
    position: int = strawberry.field(description="Its place in the schedule, from 1.")
    due_on: Date = strawberry.field(description="The day on which it is due, where the customer lives.")
    amount = money("amount_minor", description="How much it is in all. A credit note that lowers its invoice lowers it too.")
    paid = money("paid_minor", description="What was paid of it and not given back.")
    refunded = money("refunded_minor", description="What the merchant gave back of it, which is not charged again.")
    remaining = money("remaining_minor", description="What is left to pay.")
    payable = money(
        "charged_minor",
        when="charged_minor",
        description="What `payInstallment` without an amount would charge now: `remaining` less the credit that it would use first. Zero where credit pays all: "
        "then `payInstallment` uses the credit, and its `payment` is null. Null where it would be refused: nothing remains, or it, or its invoice, "
        "is canceled, void, refunded or in payment.",
    )
    status: InstallmentStatus = strawberry.field(description="Its status.")
    is_overdue: bool = strawberry.field(description="Whether something remains and its day has passed where the customer lives.")
    days_overdue: int = strawberry.field(description="Days since that day; 0 when not overdue.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    schedule = one("schedules.by_id", key="schedule_id", graphql_type=nouns.PaymentSchedule, description="What it is a part of.")
    invoice = one(
        "invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice | None, description="The invoice that covers it, if any. Money is counted once."
    )
    payments = page("payments.of_installment", key="id", graphql_type=nouns.Payment, sort=AgeOrder, filter=PaymentFilter, description="What was paid on it.")
    available_actions = derived(
        actions.installment_actions,
        needs=("status", "remaining_minor", "invoice_status", "invoice_remaining_minor"),
        graphql_type=list[ActionState],
        description="What may be done with it now: by the customer, and for staff also what only staff do.",
    )
