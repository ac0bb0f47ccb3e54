"""The customer: profile, summary, and everything that belongs to them."""

import strawberry

from auth import permissions
from auth.urls.links import Links
from billing.events import EventType
from billing.money.coupons import percent_text
from billing.states import BalanceEntryKind, DataExportStatus, NextPaymentKind, TaxExemption, Uploader
from schema.declarations import nouns
from schema.declarations.enums import AgeOrder, InvoiceOrder, MethodOrder
from schema.declarations.fields import any_of, derived, guarded, many, money, one, page, part
from schema.declarations.filters import (
    BalanceEntryFilter,
    CreditNoteFilter,
    InvoiceFilter,
    PaymentFilter,
    PaymentMethodFilter,
    ScheduleFilter,
    SubscriptionFilter,
)
from schema.declarations.merchant import EXTERNAL_ID, METADATA
from schema.declarations.node import Node
from schema.declarations.scalars import CurrencyCode, Date, DateTime, Decimal, Metadata
from schema.types.parties import BillingAddress, first_tax_id, is_exempt
from schema.types.pdf_links import STATEMENT_ARGUMENTS, StatementDocuments, statement


def _total(column: str, description: str) -> object:
    return many(
        "totals.of_customer",
        key="customer_id",
        graphql_type=nouns.MoneyType,
        columns={"minor": column, "currency": "currency"},
        description=f"{description} One amount per currency the account has known (of its invoices, payments, subscriptions, schedules and balance entries), zero included, sorted by code.",
    )


@strawberry.type(description="What will be charged next.")
class NextPayment:
    due_on: Date = strawberry.field(name="date", description="The day on which it will be charged or is due.")
    amount = money("amount_minor", description="The amount, before the customer's credit (`summary.balance`) is used, which is used first.")
    kind: NextPaymentKind = strawberry.field(description="Where it comes from.")
    source = any_of(
        "sub", "ins", "inv", key="source_id", graphql_type=Node | None, description="The Subscription, Installment or Invoice it comes from.", is_certain=True
    )


@strawberry.type(description="The figures of the Summary page. A customer has one.")
class Summary(Node):
    balance = _total("balance_minor", "The account's balance: positive is the customer's credit; negative is owed on account, and is part of `totalDue`.")
    total_due = _total(
        "due_minor",
        "What remains on unpaid invoices, what remains on installments without an invoice whose day has come, and what is owed on account (a balance below zero). "
        "`payAllDue` pays it. Less the credit (a balance above zero), and less what was paid on installments without an invoice before their day, "
        "it is the last balance of a statement of account that ends today.",
    )
    total_overdue = _total(
        "overdue_minor", "The part of `totalDue` that was due before today where the customer lives. What is owed on account has no day and is never overdue."
    )
    processing = _total("processing_minor", "Payments in flight. Not taken off `totalDue` or `balance` before they settle.")
    payable = many(
        "totals.of_customer",
        key="customer_id",
        graphql_type=nouns.MoneyType,
        columns={"minor": "charged_minor", "currency": "currency"},
        when="charged_minor",
        description="What `payAllDue` would charge now: `totalDue` less what is in payment, and less the credit that it would use first. "
        "One amount per currency in which `payAllDue` is not refused, sorted by code: none where nothing is due or all of it is in payment. "
        "Zero where credit pays all: then `payAllDue` uses the credit, and its `payment` is null.",
    )
    active_subscriptions: int = strawberry.field(description="How many subscriptions are active or in trial.")
    active_schedules: int = strawberry.field(description="How many payment schedules have installments left to pay.")
    last_payment = one(
        "payments.last_settled",
        key="customer_id",
        graphql_type=nouns.Payment | None,
        description="The payment that settled last and was not refunded in full; null if none has.",
    )
    next_payment = one(
        "next_payments.of_customer",
        key="customer_id",
        graphql_type=NextPayment | None,
        description="The earliest of the next renewal, an automatic resume, the next charge of an unpaid invoice, and an unpaid installment from today on; "
        "what costs nothing is not counted. A resume within the paid period charges nothing: then the renewal at its end counts. Null is a normal value.",
    )


@strawberry.type(description="An entry of the account's ledger. The balance is their sum.")
class BalanceEntry:
    amount = money("amount_minor", description="Positive adds to the customer's credit.")
    kind: BalanceEntryKind = strawberry.field(description="Why the balance changed.")
    description: str = strawberry.field(description="A short text from the merchant; may be empty.")
    created_at: DateTime = strawberry.field(description="When it was entered.")
    invoice = one("invoices.by_id", key="invoice_id", graphql_type=nouns.Invoice | None, description="The invoice it is about, if any.")
    payment = one("payments.by_id", key="payment_id", graphql_type=nouns.Payment | None, description="The payment it is about, if any.")
    credit_note = one("credit_notes.by_id", key="credit_note_id", graphql_type=nouns.CreditNote | None, description="The credit note that granted it, if any.")


def export_url(identifier: str, customer_id: str, is_downloadable: bool, *, links: Links | None) -> str | None:
    return links.export(identifier, customer_id) if links and is_downloadable else None


@strawberry.type(description="An export of everything that is stored about a customer: a ZIP with JSON, files and PDFs.")
class DataExport(Node):
    status: DataExportStatus = strawberry.field(description="Its status.")
    requested_by: Uploader = strawberry.field(description="Who requested it.")
    requested_at: DateTime = strawberry.field(description="When it was requested.")
    ready_at: DateTime | None = strawberry.field(description="Since when it can be downloaded; null before.")
    expires_at: DateTime | None = strawberry.field(description="Until when it can be downloaded, 7 days; null before it is ready.")
    size_bytes: int | None = strawberry.field(description="Its size in bytes; null before it is ready.")
    sha256: str | None = strawberry.field(description="SHA-256 of its bytes, 64 lower-case hex digits; null before it is ready.")
    missing: list[str] = strawberry.field(description="Names of files and documents that could not be added, such as a file that the bucket has lost.")
    download_url = guarded(
        derived(
            export_url,
            needs=("id", "customer_id", "is_downloadable"),
            graphql_type=str | None,
            description="The download URL, valid for 5 minutes for anybody who has it: query it when it is needed. "
            "Null unless READY, and in a session that began with a portal link which staff had seen.",
        ),
        permissions.EXPORT,
    )


def calendar_url(secret: str | None, customer_id: str, *, links: Links | None) -> str | None:
    return links.calendar(secret, customer_id) if links and secret else None


@strawberry.type(description="The link of a customer's calendar, without its secret.")
class CalendarLink:
    created_at: DateTime = strawberry.field(description="When it was made.")
    last_used_at: DateTime | None = strawberry.field(description="When a program last read the calendar, written at most once an hour; null if none has.")


@strawberry.type(description="A customer of the merchant: who pays.")
class Customer(Node):
    name: str = strawberry.field(description="Name of the person or company.")
    email: str = strawberry.field(description="E-mail address.")
    locale: str = strawberry.field(description="Preferred language and region, a BCP 47 tag such as de-CH.")
    time_zone: str = strawberry.field(description="IANA time zone such as Europe/Zurich. Due days are days in this zone.")
    company_name: str | None = strawberry.field(description="The company, where the name is a person's. Printed on invoices.")
    billing_address = part(BillingAddress, when="address_country", description="The address on invoices, if the merchant knows one.")
    tax_ids: list[str] = strawberry.field(description="Tax numbers on invoices, such as DE123456789.")
    tax_id = derived(
        first_tax_id, needs=("tax_ids",), graphql_type=str | None, description="The first of the tax numbers, which is the only one of most customers."
    )
    tax_exemption: TaxExemption | None = strawberry.field(description="Why no tax is charged, if none is and the reason is known.")
    is_tax_exempt = derived(is_exempt, needs=("tax_exemption",), graphql_type=bool, description="Whether no tax is charged, for the reason in `taxExemption`.")
    tax_rate = derived(percent_text, needs=("tax_rate_ppm",), graphql_type=Decimal, description='The tax rate in percent, such as "19" or "7.7".')
    tax_name: str | None = strawberry.field(description="What the tax is called on invoices, such as VAT; null: the general word of their language.")
    currency: CurrencyCode = strawberry.field(description="The currency that is offered first. A customer may owe in several.")
    created_at: DateTime = strawberry.field(description="When the account was opened.")
    version: int = strawberry.field(description="Counts changes; give it as `expectedVersion` to change only what you saw.")
    external_id: str | None = strawberry.field(description=EXTERNAL_ID)
    metadata: Metadata = strawberry.field(description=METADATA)
    closed_at: DateTime | None = strawberry.field(description="Since when the customer is closed: nobody signs in, and nothing renews. Null if they are not.")
    erased_at: DateTime | None = strawberry.field(
        description="When the personal data of the customer was erased. Name and address say nothing then, and no mutation changes the customer. Null if it was not."
    )
    shares_email: bool = strawberry.field(
        description="For STAFF: whether the e-mail address signs in to another customer or to none, so that this one is entered by portal links only. False for other callers."
    )
    data_export = one(
        "data_exports.latest",
        key="id",
        graphql_type=nouns.DataExport | None,
        description="The newest export of the customer's data (`requestMyData`, `exportCustomer`); null if none was requested lately.",
    )
    calendar_url = derived(
        calendar_url,
        needs=("calendar_secret", "customer_id"),
        graphql_type=str | None,
        description="The secret URL at which calendar programs read due installments, open invoices and renewals (iCalendar), valid until `createCalendarLink` or "
        "`revokeCalendarLink`. For the customer alone: null for STAFF, for PARTNER and in a session that began with a portal link which staff had seen; null without a link, "
        "and after the secret of the portal has changed.",
    )
    calendar_link = one(
        "calendar_links.of_customer",
        key="id",
        graphql_type=CalendarLink | None,
        description="The link at `calendarUrl`; null without one, and for PARTNER.",
    )
    summary = one("summaries.of_customer", key="id", graphql_type=Summary, description="The figures of the Summary page.")
    subscriptions = page(
        "subscriptions.of_customer",
        key="id",
        graphql_type=nouns.Subscription,
        sort=AgeOrder,
        filter=SubscriptionFilter,
        description="What the customer subscribes to, ended ones included.",
    )
    payment_schedules = page(
        "schedules.of_customer",
        key="id",
        graphql_type=nouns.PaymentSchedule,
        sort=AgeOrder,
        filter=ScheduleFilter,
        description="Amounts that are paid in installments.",
    )
    invoices = page("invoices.of_customer", key="id", graphql_type=nouns.Invoice, sort=InvoiceOrder, filter=InvoiceFilter, description="Every issued invoice.")
    credit_notes = page(
        "credit_notes.of_customer",
        key="id",
        graphql_type=nouns.CreditNote,
        sort=AgeOrder,
        filter=CreditNoteFilter,
        description="Every credit note.",
    )
    payments = page(
        "payments.of_customer",
        key="id",
        graphql_type=nouns.Payment,
        sort=AgeOrder,
        filter=PaymentFilter,
        description="The payment history, declined and refunded ones included.",
    )
    payment_methods = page(
        "payment_methods.of_customer",
        key="id",
        graphql_type=nouns.PaymentMethod,
        sort=MethodOrder,
        filter=PaymentMethodFilter,
        description="Saved payment methods, expired ones included.",
    )
    default_payment_method = one(
        "payment_methods.default_of_customer",
        key="id",
        graphql_type=nouns.PaymentMethod | None,
        description="What is charged when a subscription names no method.",
    )
    statement = derived(
        statement,
        needs=("id",),
        arguments=STATEMENT_ARGUMENTS,
        graphql_type=StatementDocuments | None,
        description="The statement of account in a currency, for download: what was owed and paid, day by day.",
    )
    balance_entries = page(
        "balance_entries.of_customer",
        key="id",
        graphql_type=nouns.BalanceEntry,
        sort=AgeOrder,
        filter=BalanceEntryFilter,
        description="Why the balance changed.",
    )
    events = guarded(
        page(
            "events.of_customer",
            key="id",
            graphql_type=nouns.Event,
            types=EventType,
            description="What happened, in the order in which it was committed: the oldest of the last 90 days first (`PORTICO_EVENT_RETENTION_DAYS`); `last: 20` has the newest.",
        ),
        permissions.EVENTS,
    )
