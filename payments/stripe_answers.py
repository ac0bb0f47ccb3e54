"""Translation of Stripe's objects into the port's types. The objects are plain dicts, from the API and from events alike."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from payments.declines import is_retryable
from payments.processor import ChargeResult, ChargeStatus, EventKind, MethodDetails, PaymentClientAction, ProcessorEvent, RefundReport
from payments.stripe_amounts import from_stripe

Thing = Mapping[str, Any]
CUSTOMER = "portico_customer"
KEY = "portico_payment"
REFUND_KEY = "portico_refund"

STATUSES = {
    "succeeded": ChargeStatus.SUCCEEDED,
    "processing": ChargeStatus.PROCESSING,
    "requires_action": ChargeStatus.REQUIRES_ACTION,
    "requires_confirmation": ChargeStatus.REQUIRES_ACTION,
    # The intent waits for another method, which we never send: a further attempt is another payment.
    "requires_payment_method": ChargeStatus.FAILED,
    "canceled": ChargeStatus.FAILED,
}
# The events of docs/stripe.md. Other events of a PaymentIntent are ignored: a newly created one waits for its method, which would read as declined.
TOPICS = {
    "payment_intent.succeeded": EventKind.CHARGE,
    "payment_intent.payment_failed": EventKind.CHARGE,
    "payment_intent.processing": EventKind.CHARGE,
    "payment_intent.requires_action": EventKind.CHARGE,
    "payment_intent.canceled": EventKind.CHARGE,
    "charge.refunded": EventKind.REFUND,
    "refund.created": EventKind.REFUND,
    "refund.updated": EventKind.REFUND,
    "refund.failed": EventKind.REFUND,
    "charge.refund.updated": EventKind.REFUND,
    "charge.dispute.created": EventKind.REFUND,
    "charge.dispute.updated": EventKind.REFUND,
    "charge.dispute.funds_withdrawn": EventKind.REFUND,
    "charge.dispute.funds_reinstated": EventKind.REFUND,
    "charge.dispute.closed": EventKind.REFUND,
}
REFUND_STATUSES = {"succeeded": "SUCCEEDED", "failed": "FAILED", "canceled": "FAILED"}
REFUND_REASONS = {"duplicate": "DUPLICATE", "fraudulent": "FRAUDULENT"}
# Reasons for which a bank returns a debit; Stripe reports it as a dispute that is lost at once. `debit_not_authorized` is not among them: the account's holder denies
# the mandate, and another debit without a new mandate breaks the scheme's rules.
RETURNS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process")
BANKS = ("acss_debit", "au_becs_debit", "bacs_debit", "us_bank_account")
# Stripe's own codes, and the codes of the port for them.
CODES = {
    "amount_too_large": "amount_not_supported",
    "amount_too_small": "amount_not_supported",
    "payment_intent_authentication_failure": "authentication_failed",
    "resource_missing": "method_unknown",
    "payment_method_unactivated": "method_unknown",
    "card_declined": "generic_decline",
    "charge_already_refunded": "more_than_was_paid",
}


def decline_code_of(error: Thing) -> str:
    """Return the bank's decline code where there is one, else Stripe's."""
    code = str(error.get("decline_code") or error.get("code") or "processing_error")
    return CODES.get(code, code)


def failed(decline_code: str, reference: str | None = None) -> ChargeResult:
    return ChargeResult(ChargeStatus.FAILED, reference, decline_code, is_retryable(decline_code))


def result_of(intent: Thing, *, publishable_key: str = "") -> ChargeResult:
    """Return the result of a PaymentIntent. Without the publishable key (in events) it has no client action."""
    status = STATUSES.get(intent["status"], ChargeStatus.PROCESSING)
    if status is ChargeStatus.FAILED:
        error = intent.get("last_payment_error") or {"code": "canceled"}
        return failed(decline_code_of(error), intent["id"])
    is_for_the_client = status is ChargeStatus.REQUIRES_ACTION and publishable_key
    action = PaymentClientAction(intent["client_secret"], publishable_key) if is_for_the_client else None
    return ChargeResult(status, intent["id"], client_action=action)


def refund_result_of(refund: Thing) -> ChargeResult:
    """Return the result of a Refund."""
    status = REFUND_STATUSES.get(str(refund["status"]), "PENDING")
    if status == "FAILED":
        return failed(refund.get("failure_reason") or "processing_error", refund["id"])
    return ChargeResult(ChargeStatus.SUCCEEDED if status == "SUCCEEDED" else ChargeStatus.PROCESSING, refund["id"])


def details_of(method: Thing, *, customer: str) -> MethodDetails:
    kind = method["type"]
    details = method.get(kind) or {}
    return MethodDetails(
        method_reference=f"{customer}/{method['id']}/{kind}",
        kind=_kind(kind, details),
        brand=details.get("brand") or (None if "last4" in details else kind),
        last4=details.get("last4"),
        expires_on=_last_day(details.get("exp_year"), details.get("exp_month")),
        fingerprint=details.get("fingerprint") or method["id"],
    )


def event_of(event: Thing) -> ProcessorEvent:
    """Return the event. Topics outside TOPICS are OTHER. Raises KeyError, TypeError or ValueError for a body that is not a Stripe event."""
    topic, thing = str(event["type"]), event["data"]["object"]
    kind = TOPICS.get(topic, EventKind.OTHER)
    refund = _refund_of(topic, thing) if kind is EventKind.REFUND and topic != "charge.refunded" else None
    if kind is EventKind.REFUND and refund is None and topic != "charge.refunded":
        kind = EventKind.OTHER
    is_charge, is_refund = kind is EventKind.CHARGE, kind is EventKind.REFUND
    return ProcessorEvent(
        id=str(event["id"]),
        kind=kind,
        key=(thing.get("metadata") or {}).get(KEY) if is_charge or topic == "charge.refunded" else None,
        processor_reference=thing["id"] if is_charge else thing.get("payment_intent") if is_refund else None,
        result=result_of(thing) if is_charge else None,
        refunded_minor=_minor(thing, "amount_refunded") if is_refund and refund is None else None,
        created_at=datetime.fromtimestamp(int(event["created"]), UTC),
        refund=refund,
    )


def _refund_of(topic: str, thing: Thing) -> RefundReport | None:
    """Return the report of a Refund or a Dispute; None for an inquiry, which moves no money. Both name the PaymentIntent, but do not have its metadata."""
    if not topic.startswith("charge.dispute."):
        status = REFUND_STATUSES.get(str(thing.get("status")), "PENDING")
        reason, key = REFUND_REASONS.get(str(thing.get("reason")), "REQUESTED"), (thing.get("metadata") or {}).get(REFUND_KEY)
        return RefundReport(str(thing["id"]), _minor(thing, "amount"), status, reason, key)
    is_inquiry = str(thing["status"]).startswith("warning_") or thing["status"] == "prevented"
    if is_inquiry or (topic == "charge.dispute.updated" and thing["status"] not in ("won", "lost")):
        return None
    is_won = thing["status"] == "won" or topic == "charge.dispute.funds_reinstated"
    reason = "RETURNED" if thing.get("reason") in RETURNS else "DISPUTE"
    return RefundReport(str(thing["id"]), _minor(thing, "amount"), "REVERSED" if is_won else "SUCCEEDED", reason)


def _minor(thing: Thing, name: str) -> int:
    return from_stripe(int(thing[name]), str(thing["currency"]).upper())


def _kind(kind: str, details: Thing) -> str:
    if kind == "card":
        return "WALLET" if details.get("wallet") else "CARD"
    return "SEPA_DEBIT" if kind == "sepa_debit" else "BANK_ACCOUNT" if kind in BANKS else "WALLET"


def _last_day(year: int | None, month: int | None) -> date | None:
    return date(year, month, monthrange(year, month)[1]) if year and month else None
