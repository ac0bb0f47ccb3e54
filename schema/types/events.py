"""Events: what happened to a customer."""

from enum import StrEnum

import strawberry

from schema.declarations.scalars import DateTime


@strawberry.enum(description="What happened.")
class EventType(StrEnum):
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_ACTIVATED = "subscription.activated"
    SUBSCRIPTION_RENEWED = "subscription.renewed"
    SUBSCRIPTION_CHANGE_SCHEDULED = "subscription.change_scheduled"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_CHANGE_WITHDRAWN = "subscription.change_withdrawn"
    SUBSCRIPTION_PAUSED = "subscription.paused"
    SUBSCRIPTION_SUSPENDED = "subscription.suspended"
    SUBSCRIPTION_RESUMED = "subscription.resumed"
    SUBSCRIPTION_CANCELLATION_SCHEDULED = "subscription.cancellation_scheduled"
    SUBSCRIPTION_CANCELED = "subscription.canceled"
    SUBSCRIPTION_PAST_DUE = "subscription.past_due"
    SUBSCRIPTION_RECOVERED = "subscription.recovered"
    SUBSCRIPTION_TRIAL_ENDING = "subscription.trial_ending"
    SUBSCRIPTION_UPDATED = "subscription.updated"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PARTIALLY_PAID = "invoice.partially_paid"
    INVOICE_PAID = "invoice.paid"
    INVOICE_OVERDUE = "invoice.overdue"
    INVOICE_VOIDED = "invoice.voided"
    INVOICE_CREDITED = "invoice.credited"
    INVOICE_WRITTEN_OFF = "invoice.written_off"
    INVOICE_UPCOMING = "invoice.upcoming"
    INVOICE_UPDATED = "invoice.updated"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    SCHEDULE_CREATED = "schedule.created"
    SCHEDULE_UPDATED = "schedule.updated"
    SCHEDULE_CANCELED = "schedule.canceled"
    SCHEDULE_FINISHED = "schedule.finished"
    INSTALLMENT_DUE = "installment.due"
    INSTALLMENT_PAID = "installment.paid"
    INSTALLMENT_OVERDUE = "installment.overdue"
    INSTALLMENT_FAILED = "installment.failed"
    INSTALLMENT_UPDATED = "installment.updated"
    PAYMENT_CREATED = "payment.created"
    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_REQUIRES_ACTION = "payment.requires_action"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_UPDATED = "payment.updated"
    REFUND_CREATED = "refund.created"
    REFUND_UPDATED = "refund.updated"
    PAYMENT_METHOD_ADDED = "payment_method.added"
    PAYMENT_METHOD_REMOVED = "payment_method.removed"
    PAYMENT_METHOD_DEFAULT_CHANGED = "payment_method.default_changed"
    PAYMENT_METHOD_EXPIRING = "payment_method.expiring"
    PAYMENT_METHOD_UPDATED = "payment_method.updated"
    COUPON_REDEEMED = "coupon.redeemed"
    COUPON_REMOVED = "coupon.removed"
    ATTACHMENT_STORED = "attachment.stored"
    ATTACHMENT_REJECTED = "attachment.rejected"
    ATTACHMENT_DELETED = "attachment.deleted"
    GRANT_GIVEN = "grant.given"
    GRANT_REVOKED = "grant.revoked"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    BALANCE_CHANGED = "balance.changed"
    DATA_EXPORT_REQUESTED = "data_export.requested"
    DATA_EXPORT_UPDATED = "data_export.updated"


@strawberry.type(description="Something that happened to a customer: which object changed, and how. It has no values; read the object itself.")
class Event:
    id: strawberry.ID = strawberry.field(description="Its id, which is a cursor too.")
    type: EventType = strawberry.field(description="What happened.")
    object_id: strawberry.ID = strawberry.field(description="The object it happened to.")
    object_version: int | None = strawberry.field(description="The version of the object after it; null for an object without versions.")
    changes: list[str] = strawberry.field(description="The names of what changed.")
    actor: str = strawberry.field(description="What kind of caller did it.")
    occurred_at: DateTime = strawberry.field(description="When it happened.")
