"""The tables that each mutation of staff writes, beside its event of the audit trail and its idempotency key. A new mutation for staff has a line here."""

# A charge may renew first what is due, settle a payment, apply a refund that arrived before it, and lift holds.
CHARGING = frozenset(
    {
        "subscription", "subscription_event", "coupon", "coupon_redemption", "taken_plan", "invoice", "invoice_line", "credit_note", "credit_note_line",
        "document_snapshot", "payment", "payment_allocation", "charge", "balance_entry", "refund", "refund_allocation", "installment", "payment_schedule", "letter",
        "letter_cause",
    }
)  # fmt: skip
FILES = frozenset({"attachment", "loose_object"})
METHODS = frozenset({"payment_method", "subscription", "invoice", "letter_cause"})
DOCUMENTS = frozenset({"stored_document"})
# Invoices of a schedule are voided, credited and issued with the customer's credit, and a hold that is lifted may begin a period.
SCHEDULES = CHARGING - {"payment", "payment_allocation", "charge", "refund", "refund_allocation", "letter"}
# What is issued, voided or credited may be paid by credit, and may lift a hold, which begins a period. A credit note lowers installments. A refund needs the scope of refunds.
INVOICING = CHARGING - {"payment", "payment_allocation", "charge", "refund", "refund_allocation"}
RECORDING = CHARGING - {"charge"}
REFUNDING = RECORDING | {"refund_request"}
# Subscriptions move to the present version of a price, with an event and a letter.
CATALOG = frozenset({"plan", "price", "coupon", "retention_offer", "subscription", "subscription_event", "letter", "letter_cause"})
# A new address moves the credential, voids links and writes a letter; a new tax rate changes what renewals cost.
SAVING = frozenset({"customer", "credential", "portal_session", "identity_link", "letter", "subscription"})
# Subscriptions are canceled, with the charge that decides about one, the coupon of an order and its record of the plan.
CLOSING = frozenset(
    {
        "customer", "credential", "portal_session", "identity_link", "partner_grant", "subscription", "subscription_event", "coupon", "coupon_redemption",
        "taken_plan", "charge", "letter_cause", "calendar_link",
    }
)  # fmt: skip

# What an import brought renews and is collected from then on. Whoever writes events of subscriptions may write what they cause.
RELEASING = frozenset({"subscription", "subscription_event", "invoice", "payment_schedule", "installment", "letter_cause"})

# Whatever has personal data.
ERASING = frozenset(
    {
        "customer", "credential", "portal_session", "identity_link", "partner_grant", "payment_method", "attachment", "loose_object", "letter", "letter_cause",
        "idempotency_key", "charge", "refund_request", "subscription", "subscription_event", "invoice", "payment", "payment_schedule", "installment", "refund",
        "data_export", "calendar_link",
    }
)  # fmt: skip

# Endpoints and their deliveries belong to no customer.
WEBHOOKS = frozenset({"webhook_endpoint", "webhook_delivery", "webhook_attempt"})
WEBHOOK_MUTATIONS = (
    "saveWebhookEndpoint", "deleteWebhookEndpoint", "rotateWebhookSecret", "pingWebhookEndpoint", "redeliver", "replayEvents", "dryRunWebhook",
)  # fmt: skip

# Staff of the version before have their keys in the table of customers' keys (migration 0029).
KEYS_OF_BEFORE = frozenset({"idempotency_key"})

WRITES: dict[str, frozenset[str]] = {
    "pauseSubscription": CHARGING,
    "suspendSubscription": CHARGING,
    "resumeSubscription": CHARGING,
    "cancelSubscription": CHARGING,
    "withdrawPendingChange": CHARGING,
    "changePlan": CHARGING,
    "updateQuantity": CHARGING,
    "addPlan": CHARGING,
    "applyCoupon": CHARGING,
    "removeCoupon": CHARGING,
    "holdSubscription": CHARGING | KEYS_OF_BEFORE,
    "releaseSubscription": CHARGING | KEYS_OF_BEFORE,
    "payInvoice": CHARGING,
    "payInstallment": CHARGING,
    "payAllDue": CHARGING,
    "confirmPayment": CHARGING,
    "startAddPaymentMethod": METHODS,
    "completeAddPaymentMethod": METHODS,
    "setDefaultPaymentMethod": METHODS,
    "deletePaymentMethod": METHODS,
    "updateProfile": frozenset({"customer"}),
    "revokeCalendarLink": frozenset({"calendar_link"}),
    "saveCustomer": SAVING,
    "inviteCustomer": frozenset({"identity_link", "letter"}),
    "closeCustomer": CLOSING,
    "reopenCustomer": frozenset({"customer", "credential"}),
    "exportCustomer": frozenset({"data_export"}),
    "releaseImported": RELEASING,
    "eraseCustomer": ERASING,
    "createPortalLink": frozenset({"identity_link", "letter"}),
    "uploadAttachments": FILES | KEYS_OF_BEFORE,
    "createAttachmentUploads": FILES | KEYS_OF_BEFORE,
    "completeAttachmentUploads": FILES,
    "deleteAttachment": FILES,
    "checkDocuments": DOCUMENTS,
    "publishDocuments": DOCUMENTS,
    "retireDocuments": DOCUMENTS,
    "createPaymentSchedule": SCHEDULES,
    "updateInstallments": SCHEDULES,
    "cancelPaymentSchedule": SCHEDULES,
    "deprecateDocuments": DOCUMENTS,
    "createInvoice": INVOICING,
    "voidInvoice": INVOICING,
    "writeOffInvoice": INVOICING,
    "creditInvoice": INVOICING,
    "refundPayment": REFUNDING,
    "recordPayment": RECORDING,
    "adjustBalance": frozenset({"balance_entry"}),
    "retryNow": CHARGING,
    "extendDueDate": INVOICING,
    "promiseToPay": INVOICING,
    **dict.fromkeys(WEBHOOK_MUTATIONS, WEBHOOKS),
    **dict.fromkeys([f"{action}{kind}" for action in ("save", "archive") for kind in ("Plan", "Price", "Coupon", "CancellationOption")], CATALOG),
}
# A trigger adds the history of a subscription with each of its changes.
WRITES |= {name: tables | {"subscription_state"} for name, tables in WRITES.items() if "subscription" in tables}

# What the application may write without a caller's scope: the audit trail, which has policies of its own, a client's own keys, and what the process itself keeps.
OF_ALL = frozenset({"audit_event", "client_key", "job_pass", "webhook_event", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"})
