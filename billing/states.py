"""The states and kinds of billing, one StrEnum each. Their values are the same in the database and in the API."""

from enum import StrEnum, auto


class UpperStrEnum(StrEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        return name


class SubscriptionStatus(UpperStrEnum):
    PENDING = auto()
    SCHEDULED = auto()
    TRIALING = auto()
    ACTIVE = auto()
    PAUSED = auto()
    SUSPENDED = auto()
    CANCELED = auto()


class SuspendedBy(UpperStrEnum):
    CUSTOMER = auto()
    MERCHANT = auto()
    DUNNING = auto()
    IMPORT = auto()


class PendingChangeKind(UpperStrEnum):
    PAUSE = auto()
    CANCEL = auto()
    PLAN = auto()


class CancelReason(UpperStrEnum):
    TOO_EXPENSIVE = auto()
    MISSING_FEATURES = auto()
    SWITCHED_SERVICE = auto()
    UNUSED = auto()
    CUSTOMER_SERVICE = auto()
    TOO_COMPLEX = auto()
    LOW_QUALITY = auto()
    OTHER = auto()


class SubscriptionEventKind(UpperStrEnum):
    CREATED = auto()
    TRIAL_STARTED = auto()
    ACTIVATED = auto()
    RENEWED = auto()
    PAUSED = auto()
    SUSPENDED = auto()
    RESUMED = auto()
    CANCELED = auto()
    PLAN_CHANGED = auto()
    QUANTITY_CHANGED = auto()
    CHANGE_SCHEDULED = auto()
    CHANGE_WITHDRAWN = auto()
    COUPON_APPLIED = auto()
    COUPON_REMOVED = auto()
    HELD = auto()
    RELEASED = auto()
    RESUME_FAILED = auto()


class RetentionKind(UpperStrEnum):
    PAUSE = auto()
    DOWNGRADE = auto()
    COUPON = auto()


class Actor(UpperStrEnum):
    CUSTOMER = auto()
    STAFF = auto()
    PARTNER = auto()
    SYSTEM = auto()
    ANONYMOUS = auto()


class SignInMethod(UpperStrEnum):
    PASSWORD = auto()
    PORTAL_LINK = auto()


class LinkDelivery(UpperStrEnum):
    RETURN = auto()
    MAIL = auto()


class BillingInterval(UpperStrEnum):
    DAY = auto()
    WEEK = auto()
    MONTH = auto()
    YEAR = auto()


class TaxBehavior(UpperStrEnum):
    EXCLUSIVE = auto()
    INCLUSIVE = auto()


class CouponDuration(UpperStrEnum):
    ONCE = auto()
    REPEATING = auto()
    FOREVER = auto()


class ScheduleStatus(UpperStrEnum):
    ACTIVE = auto()
    FINISHED = auto()
    CANCELED = auto()


class Invoicing(UpperStrEnum):
    NONE = auto()
    COLLECTIVE = auto()
    PER_INSTALLMENT = auto()


class InstallmentStatus(UpperStrEnum):
    DUE = auto()
    PARTIALLY_PAID = auto()
    PROCESSING = auto()
    PAID = auto()
    FAILED = auto()
    CANCELED = auto()
    REFUNDED = auto()


class InvoiceStatus(UpperStrEnum):
    OPEN = auto()
    PARTIALLY_PAID = auto()
    PROCESSING = auto()
    PAID = auto()
    VOID = auto()
    REFUNDED = auto()


class Collection(UpperStrEnum):
    NONE = auto()
    DUE = auto()
    RETRYING = auto()
    WAITING_FOR_METHOD = auto()
    GIVEN_UP = auto()


class PromiseState(UpperStrEnum):
    OPEN = auto()
    FULFILLED = auto()
    BROKEN = auto()


class OpenItemKind(UpperStrEnum):
    INVOICE = auto()
    INSTALLMENT = auto()


class Ageing(UpperStrEnum):
    """How long something has been overdue."""

    CURRENT = auto()
    DAYS_1_30 = auto()
    DAYS_31_60 = auto()
    DAYS_61_90 = auto()
    DAYS_OVER_90 = auto()


class CollectionMethod(UpperStrEnum):
    AUTOMATIC = auto()
    MANUAL = auto()


class InvoiceReason(UpperStrEnum):
    FIRST = auto()
    RENEWAL = auto()
    PLAN_CHANGE = auto()
    SCHEDULE = auto()
    MANUAL = auto()


class CreditNoteReason(UpperStrEnum):
    UNUSED_TIME = auto()
    REFUND = auto()
    CORRECTION = auto()
    GOODWILL = auto()
    DUPLICATE = auto()
    ORDER_CHANGE = auto()


class PaymentStatus(UpperStrEnum):
    PROCESSING = auto()
    REQUIRES_ACTION = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    REFUNDED = auto()


class RefundStatus(UpperStrEnum):
    PENDING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    REVERSED = auto()


class RefundReason(UpperStrEnum):
    REQUESTED = auto()
    GOODWILL = auto()
    DUPLICATE = auto()
    FRAUDULENT = auto()
    DISPUTE = auto()
    RETURNED = auto()


class PaymentMethodKind(UpperStrEnum):
    CARD = auto()
    SEPA_DEBIT = auto()
    BANK_ACCOUNT = auto()
    WALLET = auto()
    BANK_TRANSFER = auto()
    CASH = auto()
    CHECK = auto()
    OTHER = auto()


class RecordedKind(UpperStrEnum):
    """How money came that no processor took. Each is also a PaymentMethodKind."""

    BANK_TRANSFER = auto()
    CASH = auto()
    CHECK = auto()
    OTHER = auto()


class NextPaymentKind(UpperStrEnum):
    RETRY = auto()
    RENEWAL = auto()
    RESUME = auto()
    INSTALLMENT = auto()


class TaxExemption(UpperStrEnum):
    EXEMPT = auto()
    REVERSE_CHARGE = auto()


class BalanceEntryKind(UpperStrEnum):
    CREDIT_NOTE = auto()
    OVERPAYMENT = auto()
    APPLIED_TO_INVOICE = auto()
    ADJUSTMENT = auto()
    CHARGE = auto()
    REFUND = auto()
    PAYMENT = auto()


class AttachmentStatus(UpperStrEnum):
    PENDING = auto()
    STORED = auto()
    REJECTED = auto()


class DataExportStatus(UpperStrEnum):
    REQUESTED = auto()
    MAKING = auto()
    READY = auto()
    FAILED = auto()
    EXPIRED = auto()


class Uploader(UpperStrEnum):
    CUSTOMER = auto()
    STAFF = auto()
