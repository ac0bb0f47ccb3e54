"""The kinds of lines about money: invoices, payments and credits."""

from billing.states import BalanceEntryKind, CreditNoteReason, InvoiceReason, PaymentMethodKind, RefundReason
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

PERIOD = (
    of("periodStartsAt", FieldType.INSTANT, "the start of the period it is about"),
    of("periodEndsAt", FieldType.INSTANT, "its end"),
)

LINE = (
    text("description", "what was sold", most=1000, required=True),
    integer("quantity", "how many", least=1, most=1_000_000_000, default="`1`"),
    amount("unitAmount", "the price of one, without tax", default="`subtotal`", signed=True),
    amount("subtotal", "quantity times price", required=True, signed=True),
    amount("discount", "what a coupon took off", default="`0`"),
    amount("tax", "the tax on the rest", default="`0`", signed=True),
    of("taxRate", FieldType.PERCENT, "its rate", default="not stated"),
    *PERIOD,
)

NOTE_LINE = (
    text("description", "what is taken back", most=1000, required=True),
    amount("subtotal", "without tax", required=True),
    amount("tax", "the tax of it", default="`0`"),
    of("taxRate", FieldType.PERCENT, "its rate", default="not stated"),
    *PERIOD,
)

CREDIT_NOTE = (
    text("number", "its number, which is stored as it is", required=True),
    of("issuedAt", FieldType.INSTANT, "when it was issued", required=True),
    enum("reason", "why", *CreditNoteReason, default="`CORRECTION`"),
    amount("released", "by how much it lowered what remained of the invoice", default="`0`"),
    amount("granted", "how much of it became credit; a line of `credits` with the kind `CREDIT_NOTE` has the same", default="`0`"),
    amount("refunded", "how much of it was paid back; `refund` names the refund", default="`0`"),
    of("refund", FieldType.EXTERNAL_ID, "the id of the refund in `payments`"),
    text("memo", "a text that it prints", most=1000),
    listed("lines", "its lines; their sum is its total", NOTE_LINE, most=500, required=True),
)

DUNNING = (
    enum("state", "what its collection waits for", "DUE", "RETRYING", "WAITING_FOR_METHOD", "GIVEN_UP", required=True),
    integer("failedAttempts", "how many charges failed", most=1000, default="`0`"),
    integer("retryCount", "how many of them in this series of retries", most=1000, default="`0`"),
    of("retryBeganOn", FieldType.DATE, "the day on which the series began; needed with a `retryCount`"),
    of("retryLastOn", FieldType.DATE, "the day of its last charge; needed with a `retryCount`"),
)

COLLECTION = (
    "whether what is open is charged after the release; one that is not, of a subscription that was released and is not canceled, is left to the customer until a payment of it "
    "is returned or disputed, or a charge is requested by `retryPastDue` or `retryNow`: then it is collected like the subscription's other invoices"
)

INVOICES = LineKind(
    "invoices",
    "Invoices that were issued: closed ones for the record, open ones to be paid. They keep their numbers.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        text("number", "its number, which is stored as it is", required=True),
        CURRENCY,
        of("issuedAt", FieldType.INSTANT, "when it was issued", required=True),
        of("dueOn", FieldType.DATE, "the due day", required=True),
        enum("status", "`OPEN` is also one that is paid in part", "OPEN", "PAID", "VOID", "REFUNDED", required=True),
        enum(
            "reason", "what it was issued for", *InvoiceReason, default="`RENEWAL` with a subscription and a period, `SCHEDULE` with a schedule, else `MANUAL`"
        ),
        reference("subscription", "subscriptions", "the subscription it is about"),
        reference("schedule", "payment_schedules", "the payment schedule it is about"),
        *PERIOD,
        amount("total", "what it comes to with tax; checked against the lines", required=True),
        amount("tax", "the tax in it, if it has no lines", default="`0`"),
        of("taxRate", FieldType.PERCENT, "the rate of tax, if it has no lines", default="not stated"),
        listed("lines", "its lines", LINE, most=500, default="one line over the whole"),
        amount("paidElsewhere", "what was paid of it that no line of `payments` says", default="of `PAID`, what payments and credits leave; else `0`"),
        of("paidAt", FieldType.INSTANT, "when it was paid", default="the due day, at most the time of the import"),
        of("writtenOffAt", FieldType.INSTANT, "when it was written off"),
        enum("collection", COLLECTION, "AUTOMATIC", "MANUAL", default="`MANUAL`"),
        of("collectAt", FieldType.INSTANT, "when it is charged next, if that is automatic", default="the due day"),
        Field("dunning", FieldType.OBJECT, "where its collection stands", fields=DUNNING, default="`DUE` if `AUTOMATIC`"),
        text("memo", "a text that it prints", most=1000),
        text("document", "the path of its original PDF, below the folder", most=500),
        listed("creditNotes", "what was taken back of it", CREDIT_NOTE, most=100),
        METADATA,
        CREATED_AT,
    ),
    after=("customers", "subscriptions", "payment_schedules"),
)

ALLOCATION = (
    reference("invoice", "invoices", "the invoice, or"),
    of("installment", FieldType.EXTERNAL_ID, "the id of the installment"),
    amount("amount", "how much of it", required=True),
)

REFUND = (
    of("externalId", FieldType.EXTERNAL_ID, "its id in the source", required=True),
    amount("amount", "how much went back", required=True),
    enum("reason", "why", *RefundReason, default="`REQUESTED`"),
    text("reference", "the processor's id, such as `re_…`"),
    CREATED_AT,
    listed("allocations", "what it was taken from; one that names neither is taken from the credit", ALLOCATION, most=100, required=True),
)

PAYMENTS = LineKind(
    "payments",
    "Payments that succeeded or failed. None is charged.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        CURRENCY,
        amount("amount", "the amount", required=True),
        enum("status", "its result", "SUCCEEDED", "FAILED", default="`SUCCEEDED`"),
        of("createdAt", FieldType.INSTANT, "when it was made", required=True),
        of("settledAt", FieldType.INSTANT, "when it succeeded", default="`createdAt`"),
        enum("methodKind", "how it was paid", *PaymentMethodKind, default="that of `paymentMethod`, or `OTHER`"),
        reference("paymentMethod", "payment_methods", "the method it was charged to"),
        text("brand", "such as `visa`", most=40, default="that of `paymentMethod`"),
        text("last4", "the last four characters of the number", most=4, default="that of `paymentMethod`"),
        text("processorReference", "the processor's id, such as `pi_…`", most=255),
        text("declineCode", "why it failed", most=100, default="`unknown` for `FAILED`"),
        text("reference", "what a bank transfer said"),
        listed("allocations", "what it paid; of what is left of it, `credits` say what became credit", ALLOCATION, most=500),
        listed("refunds", "what was paid back of it", REFUND, most=100),
        METADATA,
    ),
    after=("customers", "payment_methods", "payment_schedules", "invoices"),
)

CREDITS = LineKind(
    "credits",
    "What the customer has in credit, or owes, in each currency: one line as an opening balance, or the movements.",
    (
        EXTERNAL_ID,
        CUSTOMER,
        CURRENCY,
        amount("amount", "above 0 in the customer's favor, below 0 owed", required=True, signed=True),
        enum("kind", "what moved it", *BalanceEntryKind, default="`ADJUSTMENT`"),
        text("description", "what the customer reads", default="`Opening balance`"),
        reference("invoice", "invoices", "the invoice that `APPLIED_TO_INVOICE` paid"),
        reference("payment", "payments", "the payment that left it: needed for `OVERPAYMENT` and `PAYMENT`"),
        of("refund", FieldType.EXTERNAL_ID, "the id of the refund in `payments`: needed for `REFUND`"),
        text("creditNote", "the number of the credit note: needed for `CREDIT_NOTE`"),
        CREATED_AT,
    ),
    after=("customers", "invoices", "payments"),
)
