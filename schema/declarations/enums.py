"""The enums of `billing/states.py` with their descriptions, and the orders of pages."""

from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from billing import states
from billing.events import EventType

AnyEnum = TypeVar("AnyEnum", bound=Enum)


def described(enum: type[AnyEnum], about: str, /, **values: str) -> type[AnyEnum]:
    """Make a GraphQL enum. Every value needs a description: a missing one is a KeyError at start."""
    strawberry.enum(enum, description=about)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # put there by the line above
        value.description = values[value.name]
    return enum


class AgeOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


class CustomerOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"


class DueOrder(StrEnum):
    DUE_FIRST = "due_first"
    DUE_LAST = "due_last"


class InvoiceOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    DUE_FIRST = "due_first"
    DUE_LAST = "due_last"


class LineOrder(StrEnum):
    PRINTED = "printed"


class MethodOrder(StrEnum):
    DEFAULT_FIRST = "default_first"
    NEWEST = "newest"
    OLDEST = "oldest"


class OpenItemOrder(StrEnum):
    OVERDUE_DAYS = "overdue_days"
    AMOUNT = "amount"
    DUE_ON = "due_on"


class PlanOrder(StrEnum):
    NAME = "name"


described(AgeOrder, "By age.", NEWEST="The newest first.", OLDEST="The oldest first.")
described(CustomerOrder, "How customers are ordered.", NEWEST="The newest first.", OLDEST="The oldest first.", NAME="By name, A to Z.")
described(
    OpenItemOrder,
    "How open items are ordered.",
    OVERDUE_DAYS="What has been due the longest first. Items of one due day are together, though it may be another day of the week where one customer lives.",
    AMOUNT="The largest amount first, one currency after the other, the last of the alphabet first.",
    DUE_ON="What is due last comes first.",
)
described(DueOrder, "By due day.", DUE_FIRST="What is due first comes first.", DUE_LAST="What is due last comes first.")
described(
    InvoiceOrder,
    "How invoices are ordered.",
    NEWEST="By day of issue, the newest first.",
    OLDEST="By day of issue, the oldest first.",
    DUE_FIRST="By due day, the earliest first.",
    DUE_LAST="By due day, the latest first.",
)
described(LineOrder, "How invoice lines are ordered.", PRINTED="As on the printed invoice.")
described(
    MethodOrder, "How payment methods are ordered.", DEFAULT_FIRST="The default first, then the newest.", NEWEST="The newest first.", OLDEST="The oldest first."
)
described(PlanOrder, "How plans are ordered.", NAME="By name, A to Z.")

described(
    states.SubscriptionStatus,
    "The status of a subscription. Whether something is overdue is not a status: see `hasOverdue`.",
    PENDING="Ordered: it begins when the payment has succeeded, and is canceled if that fails.",
    SCHEDULED="Starts later.",
    TRIALING="In its free trial.",
    ACTIVE="Runs and renews.",
    PAUSED="Billing is stopped until it is resumed; no invoice is made.",
    SUSPENDED="The service is stopped now, the contract goes on: see `suspendedBy`.",
    CANCELED="Has ended for good.",
)
described(
    states.SuspendedBy,
    "Who stopped the service. A customer can lift only a suspension of their own.",
    CUSTOMER="The customer; `resumeSubscription` lifts it.",
    MERCHANT="The merchant; only the merchant can lift it.",
    DUNNING="Unpaid invoices; it is lifted when the last overdue one is paid, credited or void, or by the merchant.",
    IMPORT="The merchant's import: it was bought elsewhere, is not billed here yet, and `releaseImported` lifts it.",
)
described(
    states.PendingChangeKind,
    "What will happen at the end of the period, unless it is withdrawn.",
    PAUSE="Billing will be paused.",
    CANCEL="The subscription will end.",
    PLAN="The plan or its quantity will change.",
)
described(
    states.CancelReason,
    "Why a customer canceled.",
    TOO_EXPENSIVE="It costs too much.",
    MISSING_FEATURES="Something needed is missing.",
    SWITCHED_SERVICE="Another service is used now.",
    UNUSED="It is not used enough.",
    CUSTOMER_SERVICE="The customer service was not good enough.",
    TOO_COMPLEX="It is too hard to use.",
    LOW_QUALITY="It does not work well enough.",
    OTHER="Another reason; the comment may explain it.",
)
described(
    states.RetentionKind, "What may be offered to a customer who wants to cancel.", PAUSE="A pause.", DOWNGRADE="A plan that costs less.", COUPON="A coupon."
)
described(
    states.SubscriptionEventKind,
    "What happened to a subscription.",
    CREATED="It was created.",
    TRIAL_STARTED="Its trial began.",
    ACTIVATED="It became active.",
    RENEWED="A new period began.",
    PAUSED="Its billing was paused.",
    SUSPENDED="Its service was stopped by the customer.",
    RESUMED="It was resumed.",
    CANCELED="It ended.",
    PLAN_CHANGED="Its plan changed.",
    QUANTITY_CHANGED="Its quantity changed.",
    CHANGE_SCHEDULED="A change was scheduled for the end of the period.",
    CHANGE_WITHDRAWN="A scheduled change was withdrawn.",
    COUPON_APPLIED="A coupon was applied.",
    COUPON_REMOVED="A coupon was removed.",
    HELD="The merchant, or unpaid invoices, stopped the service.",
    RELEASED="The hold was lifted, by the merchant or because nothing is overdue any more.",
    RESUME_FAILED="It should have resumed automatically, and the next period could not be paid. It stays paused.",
)
described(
    states.Actor,
    "Who acts.",
    CUSTOMER="The customer.",
    STAFF="A person of the merchant's staff.",
    PARTNER="A partner's app that acts for a customer.",
    SYSTEM="The billing clock.",
    ANONYMOUS="An unauthenticated caller.",
)
described(
    states.LinkDelivery,
    "How a portal link reaches the customer.",
    RETURN="It is returned to the caller. The caller may have opened it, so in the session that it begins some mutations are refused with SIGN_IN_REQUIRED.",
    MAIL="It is mailed only to the address with which the customer signs in.",
)
described(states.SignInMethod, "How a session began.", PASSWORD="With e-mail address and password.", PORTAL_LINK="With a link that the merchant made.")
described(states.BillingInterval, "The unit of a billing period.", DAY="Days.", WEEK="Weeks.", MONTH="Months.", YEAR="Years.")
described(states.TaxBehavior, "Whether a price includes tax.", EXCLUSIVE="Tax is added to the price.", INCLUSIVE="The price contains the tax.")
described(
    states.CouponDuration,
    "For how long a coupon reduces invoices.",
    ONCE="The next invoice only.",
    REPEATING="A number of invoices: see `durationPeriods`.",
    FOREVER="Every invoice.",
)
described(
    states.InvoiceStatus,
    "The status of an invoice. Whether it is overdue is not a status: see `isOverdue`. Drafts are never shown.",
    OPEN="Nothing is paid yet.",
    PARTIALLY_PAID="A part is paid.",
    PROCESSING="A payment is in flight.",
    PAID="Nothing remains.",
    VOID="Withdrawn by the merchant; nothing is due on it.",
    REFUNDED="Paid, and everything that had paid it was given back, the customer's credit included.",
)
described(
    states.InvoiceReason,
    "Why an invoice was made.",
    FIRST="A subscription began.",
    RENEWAL="A subscription renewed.",
    PLAN_CHANGE="A plan was changed within a period.",
    SCHEDULE="A payment schedule is invoiced.",
    MANUAL="The merchant wrote it.",
)
described(
    states.NextPaymentKind,
    "Where the next payment comes from.",
    RETRY="An unpaid invoice is charged automatically, in most cases again.",
    RENEWAL="A subscription renews.",
    RESUME="A paused subscription resumes automatically.",
    INSTALLMENT="An installment becomes due.",
)
described(states.TaxExemption, "Why no tax is charged.", EXEMPT="What is sold, or who buys it, is exempt.", REVERSE_CHARGE="The buyer accounts for the tax.")
described(
    states.AttachmentStatus,
    "The status of an attachment.",
    PENDING="Its upload is not finished.",
    STORED="It can be downloaded.",
    REJECTED="Its content was refused.",
)
described(
    states.DataExportStatus,
    "The status of an export of a customer's data.",
    REQUESTED="The worker makes it soon.",
    MAKING="The worker makes it.",
    READY="It can be downloaded.",
    FAILED="It could not be made. Request another one.",
    EXPIRED="Its time is over. Request another one.",
)
described(
    EventType,
    "What happened. Webhooks and docs/events.md have the same types with a dot, such as `invoice.paid`.",
    **{each.name: each.meaning for each in EventType},
)
described(states.Uploader, "Who uploaded a file. Staff cannot delete what a customer uploaded.", CUSTOMER="The customer.", STAFF="The merchant's staff.")
