"""The tables that each mutation of staff writes, beside its event of the audit trail and its idempotency key. A new mutation for staff has a line here."""

# A charge may renew first what is due, settle a payment, apply a refund that arrived before it, and lift holds.
CHARGING = frozenset(
    {
        "subscription", "subscription_event", "coupon", "coupon_redemption", "taken_plan", "invoice", "invoice_line", "credit_note", "credit_note_line",
        "document_snapshot", "payment", "payment_allocation", "charge", "balance_entry", "refund", "refund_allocation", "installment", "payment_schedule", "letter",
    }
)  # fmt: skip
FILES = frozenset({"attachment", "loose_object"})
METHODS = frozenset({"payment_method", "subscription", "invoice"})
DOCUMENTS = frozenset({"stored_document"})
# Invoices of a schedule are voided, credited and issued with the customer's credit, and a hold that is lifted may begin a period.
SCHEDULES = CHARGING - {"payment", "payment_allocation", "charge", "refund", "refund_allocation", "letter"}
# A new address moves the credential, voids links and writes a letter; a new tax rate changes what renewals cost.
SAVING = frozenset({"customer", "credential", "portal_session", "identity_link", "letter", "subscription"})
# Subscriptions are canceled, with the charge that decides about one, the coupon of an order and its record of the plan.
CLOSING = frozenset(
    {
        "customer", "credential", "portal_session", "identity_link", "partner_grant", "subscription", "subscription_event", "coupon", "coupon_redemption",
        "taken_plan", "charge",
    }
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
    "saveCustomer": SAVING,
    "inviteCustomer": frozenset({"identity_link", "letter"}),
    "closeCustomer": CLOSING,
    "reopenCustomer": frozenset({"customer", "credential"}),
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
}

# What the application may write without a caller's scope: the audit trail, which has policies of its own, a client's own keys, and what the process itself keeps.
OF_ALL = frozenset({"audit_event", "client_key", "job_pass", "webhook_event", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"})
