"""The kinds of lines of an import: one file each, in the order in which the lines of a customer are written."""

from billing.states import CancelReason, PaymentMethodKind, PendingChangeKind, TaxExemption
from imports.formats.fields import (
    CREATED_AT,
    CURRENCY,
    CUSTOMER,
    EXTERNAL_ID,
    METADATA,
    Field,
    FieldType,
    LineKind,
    amount,
    enum,
    integer,
    listed,
    of,
    reference,
    text,
)
from imports.formats.money_kinds import CREDITS, INVOICES, PAYMENTS

STATUSES = ("SCHEDULED", "TRIALING", "ACTIVE", "PAUSED", "SUSPENDED", "CANCELED")
METHOD_KINDS = (PaymentMethodKind.CARD, PaymentMethodKind.SEPA_DEBIT, PaymentMethodKind.BANK_ACCOUNT, PaymentMethodKind.WALLET)
HOLDS = ("CUSTOMER", "MERCHANT", "DUNNING")

ADDRESS = (
    text("line1", "street and number", required=True),
    text("line2", "more of it"),
    text("city", "city", most=100),
    text("region", "state or province", most=100),
    text("postalCode", "postal code", most=20),
    of("country", FieldType.COUNTRY, "ISO 3166-1 with two letters", required=True),
)

CUSTOMERS = LineKind(
    "customers",
    "Who buys.",
    (
        EXTERNAL_ID,
        text("email", "the address that signs in and gets letters", most=320, required=True),
        text("name", "the name of the person or company", required=True),
        CURRENCY,
        text("locale", "BCP 47, such as `de-CH`", most=35, default="`en`"),
        text("timeZone", "a name of IANA, such as `Europe/Zurich`", most=64, default="`UTC`"),
        text("companyName", "the company that documents print"),
        Field("billingAddress", FieldType.OBJECT, "the postal address that documents print", fields=ADDRESS, default="none"),
        Field("taxIds", FieldType.TEXTS, "tax numbers, at most 10", most=10, default="none"),
        enum("taxExemption", "why no tax is charged", *TaxExemption, default="not exempt"),
        of("taxRate", FieldType.PERCENT, "the rate of tax, such as `7.7`", default="`0`"),
        text("taxName", "what documents call the tax, such as VAT", most=40),
        of(
            "allowSharedEmail",
            FieldType.BOOLEAN,
            "import also if another customer has the address; the portal is then entered by links only",
            default="`false`",
        ),
        METADATA,
        CREATED_AT,
    ),
)

PAYMENT_METHODS = LineKind(
    "payment_methods",
    "Cards and accounts, by the reference that the processor has for them; never a number.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        text("processorReference", "the processor's id, such as `pm_…`", most=255, required=True),
        text("processorCustomer", "the processor's id of the customer, `cus_…`; Stripe needs it", most=255),
        enum("processor", "who keeps it", "stripe", "sandbox", default="the processor that is configured"),
        enum("kind", "what it is", *METHOD_KINDS, default="`CARD`"),
        text("brand", "such as `visa`; the processor's answer replaces it, as it does the next two", most=40),
        text("last4", "the last four characters of the number", most=4),
        of("expiresOn", FieldType.MONTH, "the last month in which a card is good, `2027-09`, or the last day"),
        of("isDefault", FieldType.BOOLEAN, "whether it pays what names no method; at most one of a customer", default="`false`"),
        METADATA,
        CREATED_AT,
    ),
    after=("customers",),
)

COUPON = (
    of("code", FieldType.CODE, "the code of the coupon", required=True),
    integer("periodsLeft", "how many further periods it discounts", most=1200, default="what the coupon gives; without end if that is forever"),
    of("redeemedAt", FieldType.INSTANT, "when it was redeemed", default="the start of the subscription"),
    of("usedUntil", FieldType.INSTANT, "the end of the last period that it discounted", default="the end of the period"),
)

SUBSCRIPTIONS = LineKind(
    "subscriptions",
    "What is bought again and again. One that is not canceled is held by IMPORT until it is released.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        of("price", FieldType.CODE, "the code of its price", required=True),
        integer("quantity", "how many units", least=1, most=10_000, default="`1`"),
        enum("status", "its state in the source", *STATUSES, default="`ACTIVE`"),
        of("startedAt", FieldType.INSTANT, "when it began; of `SCHEDULED`, when it will", required=True),
        of("trialEndsAt", FieldType.INSTANT, "the end of its trial, also of one that is over; needed for `TRIALING`"),
        of("periodStartsAt", FieldType.INSTANT, "the start of the running period, which counts as paid", default="needed, except for `SCHEDULED`"),
        of("periodEndsAt", FieldType.INSTANT, "its end: the next renewal", default="needed, except for `SCHEDULED`"),
        integer("anchorDay", "the day of the month of renewals, where the period ends in a shorter month", least=1, most=31, default="taken from the dates"),
        of("anchorAt", FieldType.INSTANT, "the boundary from which periods are counted, instead of `anchorDay`", default="taken from the dates"),
        text("timeZone", "where its days begin, a name of IANA", most=64, default="the customer's"),
        reference("paymentMethod", "payment_methods", "what it is charged to", default="the customer's default"),
        enum("pendingChange", "what happens at the end of the period", *PendingChangeKind),
        of("pendingAt", FieldType.INSTANT, "when", default="the end of the period"),
        of("pendingPrice", FieldType.CODE, "the code of the coming price; needed for `PLAN`"),
        integer("pendingQuantity", "the coming quantity of `PLAN`", least=1, most=10_000, default="the present one"),
        of("pendingResumesAt", FieldType.INSTANT, "when a coming pause ends", default="when the customer resumes"),
        of("pausedAt", FieldType.INSTANT, "since when it is paused", default="the start of the period"),
        of("resumesAt", FieldType.INSTANT, "when a pause ends", default="when the customer resumes"),
        Field("holds", FieldType.ENUMS, "who suspended it, beside the import", values=HOLDS, default="`MERCHANT` for `SUSPENDED`, else none"),
        of("suspendedAt", FieldType.INSTANT, "since when it is suspended", default="the time of the import"),
        of("canceledAt", FieldType.INSTANT, "when it ended; needed for `CANCELED`"),
        enum("cancelReason", "why", *CancelReason),
        text("cancelComment", "what the customer wrote about it", most=500),
        Field("coupon", FieldType.OBJECT, "the coupon that still discounts it", fields=COUPON, default="none"),
        METADATA,
        CREATED_AT,
    ),
    after=("customers", "payment_methods"),
)

INSTALLMENT = (
    EXTERNAL_ID,
    text("name", "what the customer reads", required=True),
    of("dueOn", FieldType.DATE, "the due day", required=True),
    amount("amount", "its amount", required=True),
    amount("creditUsed", "how much of it the customer's credit paid; lines of `credits` of the kind `APPLIED_TO_INVOICE` say the same", default="`0`"),
    of("isCanceled", FieldType.BOOLEAN, "whether what is unpaid of it was given up", default="`false`"),
    reference("invoice", "invoices", "the invoice that covers it; the installments of an invoice ask for no more than the invoice does, in its currency"),
    METADATA,
)

PAYMENT_SCHEDULES = LineKind(
    "payment_schedules",
    "Amounts that are paid in installments. What is paid of them is in `payments`.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        text("name", "what the customer reads", required=True),
        CURRENCY,
        enum("invoicing", "which invoices it has", "NONE", "COLLECTIVE", "PER_INSTALLMENT", default="`NONE`"),
        enum("collection", "whether installments are charged on their day", "AUTOMATIC", "MANUAL", default="`MANUAL`"),
        reference("subscription", "subscriptions", "the subscription it belongs to"),
        listed("installments", "its parts, in order", INSTALLMENT, most=1000, required=True),
        METADATA,
        CREATED_AT,
    ),
    after=("customers", "subscriptions"),
)

KINDS: tuple[LineKind, ...] = (CUSTOMERS, PAYMENT_METHODS, SUBSCRIPTIONS, PAYMENT_SCHEDULES, INVOICES, PAYMENTS, CREDITS)
BY_NAME = {kind.name: kind for kind in KINDS}
