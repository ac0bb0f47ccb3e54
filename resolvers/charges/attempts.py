"""An attempt to charge, as rows: the payment, the changes to write when it succeeds or fails, and the request to the processor."""

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from billing.refusals import ErrorCode, Refused
from billing.states import BalanceEntryKind
from payments.processor import ChargeRequest
from resolvers.changes.saving import Changes, merged
from resolvers.changes.writing import WriteContext
from resolvers.idempotency import MutationCall, key_rows

# How long a call may wait for the processor before a retry takes it over: longer than an operation may take.
LEASE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class ChargeSubmission:
    """A charge that is stored and is now to be sent. `is_repeat`: a process that has ended may have sent it before."""

    processor: str
    charge: ChargeRequest
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class PendingCharge:
    """A charge to be made. `reserved_minor` is credit, and `coupon_id` a new coupon, that are used together with it.

    `account_minor` is the part of the amount that pays the account's debt. It has no allocation: it is an entry of the balance.
    `ordered` and `agreed` are for a charge that may be decided after the call that began it, see `charged_decisions.py`.

    `on_failure` has the changes for a "retryable" decline, for a "final" one, and for "nobody asked": the processor was unavailable.
    """

    payment_id: str
    customer_id: str
    currency: str
    amount_minor: int
    words: str
    changes: Changes
    answer: Mapping[str, Any]
    on_failure: Mapping[str, Changes] | None = None
    reserved_minor: int = 0
    account_minor: int = 0
    subscription_id: str | None = None
    invoice_id: str | None = None
    coupon_id: str | None = None
    ordered: Changes | None = None
    agreed: Mapping[str, Any] | None = None


def check_method(method: Any, processors: Container[str] | None = None) -> None:
    """Raise Refused where there is no method to charge. `processors` are the configured ones; None where the caller checks them itself."""
    if method.method_id is None or method.method_processor is None or method.method_reference is None:
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "Add a payment method first.")
    if processors is not None and method.method_processor not in processors:
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "This payment method cannot be charged any more. Add another one.")


def attempt(intent: PendingCharge, method: Any, call: MutationCall | None, *, by: WriteContext) -> tuple[ChargeSubmission, Changes]:
    """Return the request to the processor and the rows of the attempt. `method` has the columns `method_…` of an Account or a Collectable.

    Without a call the charge is off session: the customer cannot confirm it. Raises Refused without a method.
    """
    check_method(method)
    charge = ChargeRequest(intent.payment_id, intent.customer_id, method.method_reference, intent.amount_minor, intent.currency, intent.words, call is None)
    changes: Changes = {"payment": [_payment(intent, method, by=by)], "charge": [_charge(intent, charge, call, by=by)]}
    if call:
        changes |= key_rows(call, payment_id=intent.payment_id, lease_until=by.now + LEASE)
    return ChargeSubmission(method.method_processor, charge), changes


def _payment(intent: PendingCharge, method: Any, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": intent.customer_id,
        "id": intent.payment_id,
        "status": "PROCESSING",
        "currency": intent.currency,
        "amount_minor": intent.amount_minor,
        "payment_method_id": method.method_id,
        "method_kind": method.method_kind,
        "method_brand": method.method_brand,
        "method_last4": method.method_last4,
        "processor": method.method_processor,
        "created_at": by.now,
    }


def _charge(intent: PendingCharge, charge: ChargeRequest, call: MutationCall | None, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": intent.customer_id,
        "payment_id": intent.payment_id,
        "subscription_id": intent.subscription_id,
        "invoice_id": intent.invoice_id,
        "mutation": call.mutation if call else None,
        "key": call.key if call else None,
        "caller": call.client if call else None,
        "request": asdict(charge),
        "changes": merged(intent.changes, _paid_on_account(intent, by=by)),
        "on_failure": intent.on_failure,
        "ordered": intent.ordered,
        "agreed": intent.agreed,
        "answer": {**intent.answer, "payment": intent.payment_id},
        "currency": intent.currency,
        "reserved_minor": intent.reserved_minor,
        "account_minor": intent.account_minor,
        "coupon_id": intent.coupon_id,
        "started_at": by.now,
        "sent_at": by.now,
    }


def _paid_on_account(intent: PendingCharge, *, by: WriteContext) -> Changes:
    if not intent.account_minor:
        return {}
    entry = {
        "customer_id": intent.customer_id,
        "id": by.new_id("bal"),
        "currency": intent.currency,
        "amount_minor": intent.account_minor,
        "kind": BalanceEntryKind.PAYMENT,
        "description": "Paid on account",
        "payment_id": intent.payment_id,
        "created_at": by.now,
    }
    return {"balance_entry": [entry]}
