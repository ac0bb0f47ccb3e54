"""The meaning of each error code and what to do about it. `./portico errors` prints docs/errors.md from these declarations.

Statuses are in `gateway/http/statuses.py`, the meanings of refusals in `billing/refusals.py`.
"""

from typing import NamedTuple

from billing.refusals import ErrorCode as Code


class ErrorCodeEntry(NamedTuple):
    """`extensions` are the members of an error's extensions besides `code`."""

    meaning: str
    remedy: str
    extensions: tuple[str, ...] = ()


# Top-level `errors[].extensions.code`: the request, or one of its fields, was not answered.
REQUESTS = {
    "GRAPHQL_PARSE_FAILED": ErrorCodeEntry("The document is not GraphQL.", "Correct the syntax at `locations`."),
    "GRAPHQL_VALIDATION_FAILED": ErrorCodeEntry(
        "The document does not fit the schema: a field, argument, type or value in its text is wrong.",
        "Correct it, or check it before a deploy with `./portico documents check`.",
    ),
    "LIMIT_EXCEEDED": ErrorCodeEntry(
        "The document, its variables, its cost or a statement of account is larger than a [limit](limits.md).",
        "Ask for smaller pages or fewer fields, or for a shorter period of a statement.",
        ("limit", "allowed"),
    ),
    "BAD_USER_INPUT": ErrorCodeEntry(
        "A variable or an argument has a value that its type or its range does not allow.",
        "Correct the value. `argumentPath`, where it is present, names the argument.",
        ("argumentPath",),
    ),
    "RESYNC_REQUIRED": ErrorCodeEntry(
        "The events that follow the cursor `after` are kept no longer (`PORTICO_EVENT_RETENTION_DAYS`), or the cursor is of another database.",
        "Read what you need as it is now, and go on from a new cursor: `last: 1` has the newest. See [events](events.md#reading-on). "
        "A [stream](live.md#how-a-stream-ends) ends with it too where its client was too slow.",
    ),
    "OPERATION_RESOLUTION_FAILURE": ErrorCodeEntry(
        "The document has no operation of this `operationName`, or several and no name was sent.", "Send the name of one operation of the document."
    ),
    "BAD_PARAMETERS": ErrorCodeEntry(
        "A member of the request's body or URL has the wrong type.", "Correct `query`, `variables`, `operationName` or the document's id."
    ),
    "PERSISTED_DOCUMENT_NOT_FOUND": ErrorCodeEntry(
        "No document with this id is published for this app, or it was retired.", "Publish it, or send an id that is in use. See [partners](partners.md)."
    ),
    "PERSISTED_DOCUMENT_ID_REQUIRED": ErrorCodeEntry(
        "This caller may only send ids of published documents, and sent a text.",
        "Send the document's id. Production requires ids unless the app's mode allows texts, see [partners](partners.md#what-callers-may-send).",
    ),
    "PERSISTED_QUERY_NOT_FOUND": ErrorCodeEntry(
        "The hash in Apollo's extension is not known.", "Apollo Client sends the text by itself. Else publish the document."
    ),
    "PERSISTED_QUERY_NOT_SUPPORTED": ErrorCodeEntry(
        "The hash in Apollo's extension is not known, and texts are not registered.", "Send the text, or publish it."
    ),
    "BAD_REQUEST": ErrorCodeEntry("The request is not valid HTTP, JSON or multipart, or contradicts itself.", "Correct the request. The message says where."),
    "UNAUTHENTICATED": ErrorCodeEntry(
        "The access token is missing, invalid or expired, or its session, grant or app has ended.",
        "Send `Authorization: Bearer <token>`. If it was accepted before: call `refreshSession` once, then sign in again. "
        "The log has the reason; outside of production the answer has it too. See [reasons](identity.md#why-a-token-is-not-accepted).",
        ("reason", "claim"),
    ),
    "FORBIDDEN": ErrorCodeEntry(
        "The token is valid, but its kind of caller or its scopes do not allow this field. With 403: the operation selects what needs the scope `read`, "
        "and nothing of it was done. Or the address of a file has expired or was changed.",
        "Get a token with one of `requiredScopes`; see [staff](staff.md). For a file, ask for a new address.",
        ("reason", "requiredScopes", "scopes", "requiredKinds", "kind"),
    ),
    "CROSS_SITE_REQUEST": ErrorCodeEntry(
        "A page of another origin could have sent this request.",
        "Send `application/json`, or the header `GraphQL-Require-Preflight: 1`; name the page's origin in `PORTICO_CORS_ORIGINS`.",
    ),
    "NOT_FOUND": ErrorCodeEntry("No file or paper has this address.", "Ask for a new address."),
    "METHOD_NOT_ALLOWED": ErrorCodeEntry("A mutation was sent by GET, or the method is neither GET nor POST.", "Send it by POST."),
    "NOT_ACCEPTABLE": ErrorCodeEntry(
        "`Accept` allows no supported media type, or a subscription was sent without one of a stream.",
        "Accept `application/graphql-response+json` or `application/json`; for a subscription `text/event-stream`, see [live operations](live.md).",
    ),
    "REQUEST_TIMEOUT": ErrorCodeEntry(
        "The request did not arrive in time.",
        "Send it again, with fewer files at a time; see [limits](limits.md#one-request), [attachments](attachments.md#what-is-refused).",
    ),
    "CONTENT_TOO_LARGE": ErrorCodeEntry(
        "The body is larger than a limit.", "Send less; see [limits](limits.md#one-request) and [attachments](attachments.md)."
    ),
    "URI_TOO_LONG": ErrorCodeEntry("The parameters of a GET are larger than a limit.", "Send it by POST."),
    "UNSUPPORTED_MEDIA_TYPE": ErrorCodeEntry(
        "The body's `Content-Type` is not one that is read.", "Send `application/json`, or `multipart/form-data` with files."
    ),
    "MISDIRECTED_REQUEST": ErrorCodeEntry(
        "Development only: `Host` is not a name of this machine.",
        "Set `PORTICO_PUBLIC_URL` to the address that is used. See [operations](operations.md#names-in-development).",
    ),
    "HEADERS_TOO_LARGE": ErrorCodeEntry("The headers are larger than 64 KiB.", "Send fewer or smaller headers, usually cookies."),
    "THROTTLED": ErrorCodeEntry(
        "Too many attempts, or the caller's budget is spent.",
        "Wait `retryAfterSeconds` (and the header `Retry-After`), then send it again. See [budgets](limits.md#budgets) and [attempts](identity.md#attempts).",
        ("retryAfterSeconds", "cost"),
    ),
    "STREAM_EXPIRED": ErrorCodeEntry(
        "A [live operation](live.md) has been open for as long as it may.", "Open it again with the last cursor.", ("reconnects",)
    ),
    "SERVER_CLOSING": ErrorCodeEntry(
        "The process that sends a [live operation](live.md) is about to end.", "Open it again with the last cursor.", ("reconnects",)
    ),
    "INTERNAL_SERVER_ERROR": ErrorCodeEntry(
        "A bug of the server. Its text is not sent to clients.", "Report the `reference`; it finds the log line.", ("reference",)
    ),
    "SERVICE_UNAVAILABLE": ErrorCodeEntry(
        "The service is busy, or its database or bucket does not answer.",
        "Wait `retryAfterSeconds`, then send it again, a mutation with the same idempotency key. See [outages](operations.md#outages).",
        ("retryAfterSeconds",),
    ),
}

# `userErrors[].code` of mutations and previews, and `reason` of `availableActions`: what to do about each.
REFUSALS = {
    "Any mutation": {
        Code.NOT_FOUND: "Check the id and whose it is.",
        Code.INVALID_VALUE: "Correct the input field at `path`.",
        Code.IN_PROGRESS: "Wait some seconds, then send the same call again or ask `operation(idempotencyKey:)`.",
        Code.EXTERNAL_ID_TAKEN: "Look the other object up by its external id; save that one, or send another external id.",
        Code.DUPLICATE_EMAIL: "Save the customer whom `details` name; or send `allowSharedEmail` if two customers do have one mailbox.",
        Code.EMAIL_SHARED: "Send the customer a portal link, or save an address of their own first.",
        Code.CURRENCY_IN_USE: "Leave `currency` out. A subscription or an invoice may be in another currency than the customer's.",
        Code.CUSTOMER_CLOSED: "Reopen the customer first (`reopenCustomer`).",
        Code.CUSTOMER_ERASED: "Create a new customer, with another `externalId`.",
        Code.PERIOD_LAPSED: "Export the subscription from its source again, import the folder again, and release it then.",
        Code.RENEWS_SOON: "Wait until the source has renewed it, import the folder again, and release it then.",
        Code.SUBSCRIPTION_RUNNING: "Cancel each subscription at once (`cancelSubscription` with `when: NOW`), then erase the customer.",
        Code.AMOUNT_OWED: "Take the payment, record it, credit it, write the invoice off or cancel the payment schedule, then erase the customer.",
        Code.MONEY_IN_FLIGHT: "Wait until the processor has decided, then erase the customer.",
        Code.BALANCE_NOT_ZERO: "Pay the credit back, or take it off with `adjustBalance`, then erase the customer.",
        Code.EXTERNAL_ID_FINAL: "Leave `externalId` out, or send the one that it has.",
        Code.IDEMPOTENCY_CONFLICT: "Make a new key for each new call; keep it only to repeat the same call.",
        Code.VERSION_CONFLICT: "Read the object again, show the customer the new state, and send its `version`.",
        Code.PREVIEW_EXPIRED: "Preview again, and show the customer the new amounts.",
        Code.WRONG_STATE: "Read the object again; `availableActions` says what is possible.",
        Code.NO_CHANGE: "Nothing needs to be done.",
    },
    "Subscriptions": {
        Code.ALREADY_SCHEDULED: "Call `withdrawPendingChange` first.",
        Code.PAUSE_IN_TRIAL: "Cancel instead, or wait until the trial has ended.",
        Code.OVERDUE_INVOICE: "Pay it with `payInvoice` or `payAllDue` first.",
        Code.RESUME_FIRST: "Call `resumeSubscription` first.",
        Code.NOT_YOURS_TO_RESUME: "The customer has to ask the merchant; staff call `releaseSubscription`.",
        Code.CANCELED: "Start a new one with `addPlan`.",
        Code.PLAN_UNAVAILABLE: "Offer the plans and prices that `plans` returns with `isArchived: false`.",
        Code.CURRENCY_MISMATCH: "Choose a price in the currency of the subscription or customer.",
        Code.COUPON_INVALID: "Ask the customer to check the code.",
        Code.COUPON_ALREADY_APPLIED: "Call `removeCoupon` first.",
    },
    "Payments": {
        Code.ALREADY_PAID: "Nothing needs to be done.",
        Code.NOT_PAYABLE: "Read the invoice or schedule again.",
        Code.PAYMENT_METHOD_REQUIRED: "Add a method with `startAddPaymentMethod`, or send `paymentMethodId`.",
        Code.PAYMENT_DECLINED: "Show `payment.declineCode`; offer another method, or the same again if `payment.retryable`.",
        Code.PAYMENT_UNAVAILABLE: "Send the same call again with the same idempotency key.",
        Code.AMOUNT_TOO_HIGH: "Send at most what is left; the message of a credit or a refund says how much.",
        Code.NOT_REFUNDABLE: "Read the payment again: `refundable` says what can be given back.",
        Code.REFUND_DECLINED: "Look in the processor's dashboard for the reason, or give the amount `toBalance`.",
        Code.PARTIAL_NOT_ALLOWED: "Leave `amountMinorUnits` out.",
        Code.METHOD_IN_USE: "Send the `replacementId` of another method.",
        Code.METHOD_EXPIRED: "Use or add another method.",
        Code.ALREADY_DEFAULT: "Nothing needs to be done.",
        Code.SETUP_UNFINISHED: "Let the customer finish the processor's form, or call `startAddPaymentMethod` again.",
    },
    "Attachments": {
        Code.NOT_YOURS_TO_DELETE: "Only the side that uploaded a file deletes it.",
        Code.NOT_STORED: "Upload the file again.",
        Code.EMPTY_FILE: "Choose another file.",
        Code.FILE_TOO_LARGE: "Choose a smaller file.",
        Code.GROUP_TOO_LARGE: "Send fewer files at a time.",
        Code.TOO_MANY_FILES: "Send fewer files at a time.",
        Code.QUOTA_EXCEEDED: "Delete files that are not needed, or raise `PORTICO_MAX_FILES_PER_PARENT`.",
        Code.UNSUPPORTED_FILE: "Export or print the document as PDF, a picture as JPEG, and send that; the message says what is wrong.",
        Code.UNSAFE_FILE: "`message` says what was found. Printing a PDF into a new one removes it.",
        Code.PASSWORD_PROTECTED: "Save the PDF without a password.",
        Code.TOO_COMPLEX: "Save the file again, print it into a new PDF, or export the picture as JPEG.",
        Code.TOO_MANY_PIXELS: "Make the picture smaller, or scan it with a lower resolution.",
        Code.NOT_SCANNED: "Send it again later. Operators: look at `PORTICO_CLAMD_URL`, and in the log for `portico.pdf`.",
        Code.NOT_UPLOADED: "Send the bytes to the `url`, then call `completeAttachmentUploads` again.",
        Code.CHECKSUM_MISMATCH: "Announce the file again with its size and SHA-256.",
    },
    "Signing in": {
        Code.WRONG_CREDENTIALS: "Ask the customer to try again, or to call `requestPasswordReset`.",
        Code.SESSION_ENDED: "Ask the customer to sign in.",
        Code.LINK_INVALID: "Ask for a new letter or link.",
        Code.WEAK_PASSWORD: "Ask for another password.",
        Code.COMMON_PASSWORD: "Ask for another password.",
        Code.SIGN_IN_REQUIRED: "Ask for the password and call `signIn` in this session, then send the call again with the new tokens; "
        "see [portal links](identity.md#portal-links).",
        Code.EMAIL_NOT_VERIFIED: "Let the customer choose a password by `requestPasswordReset`, or make a link with RETURN.",
        Code.MAIL_NOT_CONFIGURED: "Operators: set `PORTICO_SMTP_HOST`.",
        Code.PASSWORD_NOT_SET: "Call `requestPasswordReset`, and ask the customer to look for the letter.",
    },
    "Trusted documents": {
        Code.DOCUMENT_INVALID: "Correct the documents in `message`; `checkDocuments` lists all problems.",
    },
}

# `error` of `/oauth/token` (RFC 6749 §5.2), with its status.
TOKENS = {
    "invalid_request": (
        "400, 413",
        ErrorCodeEntry("A parameter is missing, is sent twice or cannot be read.", "Correct the form; `error_description` says where."),
    ),
    "invalid_client": (
        "401",
        ErrorCodeEntry("The app is unknown or disabled, or its secret or assertion is wrong.", "Check the id, the secret, and `aud`, `exp`, `jti`."),
    ),
    "invalid_grant": ("400", ErrorCodeEntry("The customer has not granted access to this app, or does not exist.", "Let the customer call `grantAccess`.")),
    "invalid_scope": ("400", ErrorCodeEntry("The grant does not have this scope.", "Leave `scope` out, or let the customer grant it.")),
    "unsupported_grant_type": ("400", ErrorCodeEntry("Only `client_credentials` is supported.", "Send `grant_type=client_credentials`.")),
    "temporarily_unavailable": ("429, 503", ErrorCodeEntry("Too many requests, or the database does not answer.", "Wait as `Retry-After` says.")),
}
