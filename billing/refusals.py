"""Refusals: the exceptions and the codes of rules and requests.

RequestError            the request cannot be answered; top-level `errors`, `extensions.code`
├── BAD_USER_INPUT      an argument or variable is out of its range
├── UNAUTHENTICATED     no token, or one that is not accepted
├── FORBIDDEN           the token's kind of caller or its scopes do not allow this
├── RESYNC_REQUIRED     a cursor of events that is too old, or of another database
├── SERVICE_UNAVAILABLE a mutation's field that was not run, because a field before it failed in an outage
└── …                   transport codes, see `gateway/http/statuses.py`
Refused                 a business rule refuses; `userErrors` of a mutation, `reason` of an ActionState
├── state               WRONG_STATE · ALREADY_SCHEDULED · PAUSE_IN_TRIAL · OVERDUE_INVOICE · RESUME_FIRST · NOT_YOURS_TO_RESUME · CANCELED · NO_CHANGE
├── call                VERSION_CONFLICT · PREVIEW_EXPIRED · IDEMPOTENCY_CONFLICT · IN_PROGRESS
├── merchant            EXTERNAL_ID_TAKEN · EXTERNAL_ID_FINAL · DUPLICATE_EMAIL · EMAIL_SHARED · CURRENCY_IN_USE · CUSTOMER_CLOSED
│                       CUSTOMER_ERASED · SUBSCRIPTION_RUNNING · AMOUNT_OWED · MONEY_IN_FLIGHT · BALANCE_NOT_ZERO · PERIOD_LAPSED · RENEWS_SOON
├── offer               PLAN_UNAVAILABLE · CURRENCY_MISMATCH · COUPON_INVALID · COUPON_ALREADY_APPLIED
├── money               ALREADY_PAID · NOT_PAYABLE · METHOD_IN_USE · METHOD_EXPIRED · PAYMENT_METHOD_REQUIRED · PAYMENT_DECLINED ·
│                       PAYMENT_UNAVAILABLE · AMOUNT_TOO_HIGH · PARTIAL_NOT_ALLOWED · SETUP_UNFINISHED · NOT_REFUNDABLE · REFUND_DECLINED
├── who                 SIGN_IN_REQUIRED · EMAIL_NOT_VERIFIED · MAIL_NOT_CONFIGURED · WRONG_CREDENTIALS · SESSION_ENDED · LINK_INVALID · PASSWORD_NOT_SET ·
│                       WEAK_PASSWORD · COMMON_PASSWORD
└── files               NOT_YOURS_TO_DELETE · NOT_STORED · EMPTY_FILE · FILE_TOO_LARGE · GROUP_TOO_LARGE · TOO_MANY_FILES · QUOTA_EXCEEDED
                        UNSUPPORTED_FILE · UNSAFE_FILE · PASSWORD_PROTECTED · TOO_COMPLEX · TOO_MANY_PIXELS · NOT_SCANNED · NOT_UPLOADED · CHECKSUM_MISMATCH
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

# The time after which a client may repeat a request that failed in an outage.
RETRY_AFTER_SECONDS = 2


class ErrorCode(StrEnum):
    """Each code with its meaning, as the schema and docs/errors.md print it."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> "ErrorCode":
        member = str.__new__(cls, value)
        member._value_, member.meaning = value, meaning
        return member

    NOT_FOUND = "NOT_FOUND", "It does not exist, or it belongs to somebody else."
    WRONG_STATE = "WRONG_STATE", "It cannot be done in the state it is in."
    ALREADY_SCHEDULED = "ALREADY_SCHEDULED", "A change is scheduled already."
    PAUSE_IN_TRIAL = "PAUSE_IN_TRIAL", "A trial cannot be paused."
    OVERDUE_INVOICE = "OVERDUE_INVOICE", "An invoice is overdue and has to be paid first."
    RESUME_FIRST = "RESUME_FIRST", "The subscription has to be resumed first."
    NOT_YOURS_TO_RESUME = "NOT_YOURS_TO_RESUME", "The merchant suspended the subscription, and only the merchant can resume it."
    CANCELED = "CANCELED", "The subscription has ended for good."
    ALREADY_PAID = "ALREADY_PAID", "Nothing is left to pay."
    NOT_PAYABLE = "NOT_PAYABLE", "It is void, refunded or canceled."
    IN_PROGRESS = "IN_PROGRESS", "A payment, or an earlier call with the same idempotency key, is in flight."
    METHOD_IN_USE = "METHOD_IN_USE", "Something is billed to this payment method."
    METHOD_EXPIRED = "METHOD_EXPIRED", "The payment method has expired."
    ALREADY_DEFAULT = "ALREADY_DEFAULT", "It is the default already."
    NOT_YOURS_TO_DELETE = "NOT_YOURS_TO_DELETE", "Somebody else uploaded it."
    NOT_STORED = "NOT_STORED", "The file is not stored."
    EMPTY_FILE = "EMPTY_FILE", "The file has no bytes."
    FILE_TOO_LARGE = "FILE_TOO_LARGE", "The file is larger than `limits.maxFileBytes`."
    GROUP_TOO_LARGE = "GROUP_TOO_LARGE", "The files of one upload are together larger than `limits.maxGroupBytes`. Send them in several uploads."
    TOO_MANY_FILES = "TOO_MANY_FILES", "More files in one upload than `limits.maxGroupFiles`. Send them in several uploads."
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED", "The largest number of files is attached already."
    UNSUPPORTED_FILE = (
        "UNSUPPORTED_FILE",
        "It is no PDF, PNG or JPEG, or a damaged one, or its name or declared type says that it is quite another kind of file.",
    )
    UNSAFE_FILE = "UNSAFE_FILE", "Its content may do harm: scripts, automatic actions or programs in a PDF, a second format hidden in it, a virus."
    PASSWORD_PROTECTED = "PASSWORD_PROTECTED", "The PDF opens only with a password or a certificate, so nobody here could read it, and it cannot be checked."
    TOO_COMPLEX = (
        "TOO_COMPLEX",
        "To judge it would take more work than one file may cause: it unpacks to more than `limits.maxUnpackedBytes`, takes too long, or has too many parts.",
    )
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS", "The picture has more pixels than `limits.maxPixels`."
    NOT_SCANNED = "NOT_SCANNED", "It could not be checked or scanned for viruses now. Try again later."
    NOT_UPLOADED = "NOT_UPLOADED", "Its bytes were not sent to the address that `createAttachmentUploads` gave."
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH", "The bytes are not those that were announced: another size or SHA-256."
    WRONG_CREDENTIALS = "WRONG_CREDENTIALS", "The e-mail address or the password is wrong. The answer does not say which, nor whether the account exists."
    SESSION_ENDED = "SESSION_ENDED", "The session has ended. Sign in again."
    LINK_INVALID = "LINK_INVALID", "The link was used already, has expired or is unknown. Request a new one."
    PASSWORD_NOT_SET = "PASSWORD_NOT_SET", "The account has no password yet. `requestPasswordReset` sends a letter by which the customer chooses the first one."
    SIGN_IN_REQUIRED = (
        "SIGN_IN_REQUIRED",
        "Only the customer may do this, and the session does not prove who is in it: it began with a portal link that staff had seen, "
        "or the token names somebody who acts for the customer.",
    )
    EMAIL_NOT_VERIFIED = "EMAIL_NOT_VERIFIED", "The customer has never signed in with the address, so a link that goes there proves nothing."
    MAIL_NOT_CONFIGURED = "MAIL_NOT_CONFIGURED", "Letters are not sent here."
    WEAK_PASSWORD = "WEAK_PASSWORD", "The password is too short, too long, or contains the name or e-mail address."
    COMMON_PASSWORD = "COMMON_PASSWORD", "The password is on the list of common passwords."
    INVALID_VALUE = "INVALID_VALUE", "The value is out of its range or has the wrong form."
    VERSION_CONFLICT = "VERSION_CONFLICT", "It was changed since you read it. Read it again."
    PREVIEW_EXPIRED = "PREVIEW_EXPIRED", "The result would differ from the preview, or the preview is older than 10 minutes. Preview again."
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT", "The idempotency key was used with another input. Use a new key."
    EXTERNAL_ID_TAKEN = "EXTERNAL_ID_TAKEN", "Another object of this kind has this external id."
    DUPLICATE_EMAIL = "DUPLICATE_EMAIL", "Another customer has this e-mail address. `details` name the customer."
    EMAIL_SHARED = "EMAIL_SHARED", "The e-mail address signs in to another customer, so this one is entered by portal links only."
    CURRENCY_IN_USE = "CURRENCY_IN_USE", "The customer has a history in the present currency, so it cannot change."
    CUSTOMER_CLOSED = "CUSTOMER_CLOSED", "The customer is closed: nobody signs in, and nothing begins or renews."
    CUSTOMER_ERASED = "CUSTOMER_ERASED", "The customer's personal data was erased. Nothing is changed or exported any more."
    SUBSCRIPTION_RUNNING = "SUBSCRIPTION_RUNNING", "The customer has a subscription that has not ended."
    PERIOD_LAPSED = "PERIOD_LAPSED", "The running period of an imported subscription is over. Past periods are never billed."
    RENEWS_SOON = "RENEWS_SOON", "An imported subscription renews within a day, so the system that it came from may still bill it."
    AMOUNT_OWED = "AMOUNT_OWED", "The customer owes something: on an invoice, an installment or the account."
    MONEY_IN_FLIGHT = "MONEY_IN_FLIGHT", "A payment or a refund of the customer is under way."
    BALANCE_NOT_ZERO = "BALANCE_NOT_ZERO", "The customer has credit, which would be lost."
    EXTERNAL_ID_FINAL = "EXTERNAL_ID_FINAL", "The object has an external id already, and an external id never changes."
    NO_CHANGE = "NO_CHANGE", "The new value equals the current one."
    PLAN_UNAVAILABLE = "PLAN_UNAVAILABLE", "The plan or price is no longer sold."
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", "The price or the amount is in another currency."
    COUPON_INVALID = "COUPON_INVALID", "The code cannot be used here: unknown, expired, used up or not for this plan. The answer does not say which."
    COUPON_ALREADY_APPLIED = "COUPON_ALREADY_APPLIED", "The subscription has a coupon already."
    PAYMENT_METHOD_REQUIRED = "PAYMENT_METHOD_REQUIRED", "There is no payment method that can be charged."
    PAYMENT_DECLINED = "PAYMENT_DECLINED", "The payment was declined, and nothing was changed. `declineCode` of the payment says why."
    PAYMENT_UNAVAILABLE = "PAYMENT_UNAVAILABLE", "Payments cannot be taken right now, and nothing was changed. Try again shortly."
    AMOUNT_TOO_HIGH = "AMOUNT_TOO_HIGH", "It is more than is left: to be paid, to be credited or to be refunded."
    NOT_REFUNDABLE = "NOT_REFUNDABLE", "Nothing of the payment can be refunded: it was not received, or went back already."
    REFUND_DECLINED = "REFUND_DECLINED", "The processor refused the refund, and nothing was changed."
    PARTIAL_NOT_ALLOWED = "PARTIAL_NOT_ALLOWED", "The merchant takes only what remains, as a whole."
    SETUP_UNFINISHED = "SETUP_UNFINISHED", "The payment method setup is not complete, or the processor refused the method."
    DOCUMENT_INVALID = "DOCUMENT_INVALID", "A document is not valid for the schema, or not for what it is to be used for. Nothing was published or saved."


class Refused(Exception):
    """A business rule refuses. Becomes a `userErrors` entry; `field` names the field of the input, and `details` are texts for programs, by name."""

    def __init__(self, code: ErrorCode, message: str, field: str | None = None, details: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = details


class RequestError(Exception):
    """The request itself cannot be answered. Becomes a top-level error with this message."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, **extensions: object) -> None:
        super().__init__(message)
        self.extensions = {"code": self.code, **extensions}


class BadUserInput(RequestError):
    """An argument is out of its range. `argumentPath` is its path, from the field's arguments inwards."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *argument_path: str) -> None:
        super().__init__(message, argumentPath=list(argument_path))


class TooManyAttempts(RequestError):
    """The caller has tried too often. `retryAfterSeconds` is the time until the next attempt is accepted."""

    code = "THROTTLED"

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message, retryAfterSeconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class ResyncRequired(RequestError):
    """Events that follow the cursor are kept no longer, or the cursor is of another database. The reader has to read the present state, and go on from a new cursor."""

    code = "RESYNC_REQUIRED"

    def __init__(self) -> None:
        super().__init__("The events that follow this cursor are not here. Read the present state, and go on from a new cursor.")


class NotRun(RequestError):
    """A field of a mutation that was not run, because a field before it failed in an outage."""

    code = "SERVICE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Not run, because the service was unavailable to a field before it.", retryAfterSeconds=RETRY_AFTER_SECONDS)


class Unauthenticated(RequestError):
    """No access token, or one that is not accepted. The message is the same for all reasons.

    `reason` is a word for the log, and `claim` the name of the claim with the fault. Outside of production the caller gets both, with `hint`, a sentence.
    None of them contains a part of the token.
    """

    code = "UNAUTHENTICATED"

    def __init__(self, reason: str, hint: str, claim: str = "") -> None:
        super().__init__("The access token is missing, invalid or expired. Send `Authorization: Bearer <token>`.")
        self.reason = reason
        self.hint = hint
        self.claim = claim


class Forbidden(RequestError):
    """The token is valid but does not allow this. `reason` is `scope` or `kind` (of caller), for the log."""

    code = "FORBIDDEN"

    def __init__(self, message: str, reason: str, **extensions: object) -> None:
        super().__init__(message, **extensions)
        self.reason = reason
