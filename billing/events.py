"""The types of events, with their meanings, and the names of what an event says has changed.

Triggers of the database write the events (db/migrations/versions/0039_events); a test compares the types that they write with these.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType


class EventType(StrEnum):
    """Each type with its topic, which is the name in the database and in webhooks, and with its meaning, as the schema and docs/events.md print it."""

    topic: str
    meaning: str

    def __new__(cls, topic: str, meaning: str) -> "EventType":
        value = topic.upper().replace(".", "_")
        member = str.__new__(cls, value)
        member._value_, member.topic, member.meaning = value, topic, meaning
        return member

    CUSTOMER_CREATED = "customer.created", "A customer was created."
    CUSTOMER_UPDATED = "customer.updated", "The profile, the billing data or the settings of a customer changed."
    CUSTOMER_EMAIL_CHANGED = "customer.email_changed", "The e-mail address of a customer changed."
    CUSTOMER_CLOSED = "customer.closed", "A customer was closed: nobody signs in, and nothing renews."
    CUSTOMER_ERASED = "customer.erased", "The personal data of a customer was erased."
    SUBSCRIPTION_CREATED = "subscription.created", "A subscription was ordered or begun."
    SUBSCRIPTION_ACTIVATED = "subscription.activated", "A subscription became active or began its trial, or its trial ended in a paid period."
    SUBSCRIPTION_RENEWED = "subscription.renewed", "A new period of a subscription began."
    SUBSCRIPTION_CHANGE_SCHEDULED = (
        "subscription.change_scheduled",
        "A change at the end of the period was scheduled: a pause, another plan or another quantity.",
    )
    SUBSCRIPTION_CHANGED = "subscription.changed", "The plan, the price or the quantity of a subscription changed."
    SUBSCRIPTION_CHANGE_WITHDRAWN = "subscription.change_withdrawn", "A scheduled change was withdrawn."
    SUBSCRIPTION_PAUSED = "subscription.paused", "The billing of a subscription was paused."
    SUBSCRIPTION_SUSPENDED = "subscription.suspended", "The customer or the merchant stopped the service of a subscription."
    SUBSCRIPTION_RESUMED = "subscription.resumed", "A paused or suspended subscription runs again."
    SUBSCRIPTION_CANCELLATION_SCHEDULED = "subscription.cancellation_scheduled", "A subscription will end with its period."
    SUBSCRIPTION_CANCELED = "subscription.canceled", "A subscription ended for good."
    SUBSCRIPTION_PAST_DUE = "subscription.past_due", "Unpaid invoices stopped the service of a subscription."
    SUBSCRIPTION_RECOVERED = "subscription.recovered", "Nothing is overdue any more, and a subscription that unpaid invoices had stopped runs again."
    SUBSCRIPTION_TRIAL_ENDING = "subscription.trial_ending", "A trial ends in 3 days or less, where the customer lives."
    SUBSCRIPTION_UPDATED = "subscription.updated", "Something else of a subscription changed: `changes` has the fields."
    INVOICE_ISSUED = "invoice.issued", "An invoice was issued."
    INVOICE_PARTIALLY_PAID = "invoice.partially_paid", "A part of an invoice was paid."
    INVOICE_PAID = "invoice.paid", "Nothing remains to be paid on an invoice."
    INVOICE_OVERDUE = "invoice.overdue", "The due day of an unpaid invoice has passed, where the customer lives."
    INVOICE_VOIDED = "invoice.voided", "An invoice was withdrawn; nothing is due on it."
    INVOICE_CREDITED = "invoice.credited", "A credit note reduced an invoice."
    INVOICE_WRITTEN_OFF = "invoice.written_off", "Staff no longer expect the money of an invoice."
    INVOICE_UPCOMING = (
        "invoice.upcoming",
        "A subscription will renew in 7 days or less, which makes an invoice; the object is the subscription. Not for periods of 7 days or less.",
    )
    INVOICE_UPDATED = "invoice.updated", "Something else of an invoice changed: `changes` has the fields."
    CREDIT_NOTE_ISSUED = "credit_note.issued", "A credit note was issued."
    SCHEDULE_CREATED = "schedule.created", "A payment schedule was created, with its installments."
    SCHEDULE_UPDATED = "schedule.updated", "A payment schedule changed."
    SCHEDULE_CANCELED = "schedule.canceled", "What remained of a payment schedule was canceled."
    SCHEDULE_FINISHED = "schedule.finished", "The last installment of a payment schedule was paid."
    INSTALLMENT_DUE = "installment.due", "The due day of an unpaid installment has come, where the customer lives."
    INSTALLMENT_PAID = "installment.paid", "Nothing remains to be paid on an installment."
    INSTALLMENT_OVERDUE = "installment.overdue", "The due day of an unpaid installment has passed, where the customer lives."
    INSTALLMENT_FAILED = "installment.failed", "An installment could not be collected."
    INSTALLMENT_UPDATED = "installment.updated", "Something else of an installment changed: `changes` has the fields."
    PAYMENT_CREATED = "payment.created", "A payment was begun or recorded."
    PAYMENT_SUCCEEDED = "payment.succeeded", "A payment succeeded."
    PAYMENT_FAILED = "payment.failed", "A payment was declined or failed."
    PAYMENT_REQUIRES_ACTION = "payment.requires_action", "A payment waits for the customer, who has to confirm it."
    PAYMENT_REFUNDED = "payment.refunded", "A part of a payment, or all of it, was refunded."
    PAYMENT_UPDATED = "payment.updated", "Something else of a payment changed: `changes` has the fields."
    REFUND_CREATED = "refund.created", "A refund was begun."
    REFUND_UPDATED = "refund.updated", "The status of a refund changed."
    PAYMENT_METHOD_ADDED = "payment_method.added", "A payment method was saved."
    PAYMENT_METHOD_REMOVED = "payment_method.removed", "A payment method was removed."
    PAYMENT_METHOD_DEFAULT_CHANGED = "payment_method.default_changed", "A payment method became the default."
    PAYMENT_METHOD_EXPIRING = "payment_method.expiring", "A saved card expires in 30 days or less."
    PAYMENT_METHOD_UPDATED = "payment_method.updated", "Something else of a payment method changed: `changes` has the fields."
    BALANCE_CHANGED = "balance.changed", "An entry was added to the balance; the object is the entry."
    COUPON_REDEEMED = "coupon.redeemed", "A coupon was applied; the object is the subscription."
    COUPON_REMOVED = "coupon.removed", "A coupon was removed or is used up; the object is the subscription."
    ATTACHMENT_STORED = "attachment.stored", "A file was stored."
    ATTACHMENT_REJECTED = "attachment.rejected", "The content of a file was refused."
    ATTACHMENT_DELETED = "attachment.deleted", "A file was deleted."
    GRANT_GIVEN = "grant.given", "A partner's app was given access."
    GRANT_REVOKED = "grant.revoked", "The access of a partner's app ended."
    SESSION_STARTED = "session.started", "A session of the portal began."
    SESSION_ENDED = "session.ended", "A session of the portal was ended."
    DATA_EXPORT_REQUESTED = "data_export.requested", "An export of the customer's data was requested."
    DATA_EXPORT_UPDATED = "data_export.updated", "An export of the customer's data is ready, has failed or has expired."
    IMPORT_FINISHED = "import.finished", "An import ended; it belongs to no customer."
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled", "A webhook endpoint was disabled; it belongs to no customer."


# By noun: the field of the schema that shows a column, where `field_of` has no rule for it.
FIELDS = MappingProxyType(
    {
        "customer": {"tax_rate_ppm": "taxRate"},
        "subscription": {"currency": "renewalAmount", "renewal_minor": "renewalAmount"},
        "invoice": {
            "paid_minor": "amountPaid",
            "credited_minor": "amountCredited",
            "refunded_minor": "amountRefunded",
            "remaining_minor": "amountRemaining",
            "noted_minor": "amountCreditable",
            "schedule_id": "paymentSchedule",
            "period_starts_at": "period",
            "period_ends_at": "period",
            "retry_count": "collection",
            "is_automatic": "collectionMethod",
        },
        "payment": {"is_retryable": "retryable"},
    }
)
# By the beginning of the columns: a field that shows several of them, or that is not named by the rule.
GROUPS = {
    "address_": "billingAddress",
    "external_id": "externalId",
    "method_": "methodSnapshot",
    "pending_": "pendingChange",
    "period_": "currentPeriod",
    "promise": "promise",
}
# Columns that no field shows.
INTERNAL = frozenset({"charging_payment_id", "deleted_at", "holds", "invoice_at", "note", "processor", "refunded_at"})


def changed_fields(topic: str, columns: Iterable[str]) -> list[str]:
    """Return the fields of the schema that show the changed columns of an event's object, each once, in alphabetical order."""
    noun = topic.partition(".")[0]
    return sorted({field_of(noun, column) for column in columns if column not in INTERNAL})


@lru_cache(maxsize=1000)
def field_of(noun: str, column: str) -> str:
    """Return the field that shows a column: `dueOn` for due_on, `total` for total_minor, `plan` for plan_id, unless FIELDS or GROUPS name another one."""
    if named := FIELDS.get(noun, {}).get(column) or next((field for start, field in GROUPS.items() if column.startswith(start)), None):
        return named
    first, *rest = column.removesuffix("_minor").removesuffix("_id").split("_")
    return first + "".join(part.capitalize() for part in rest)
