"""The actions that are allowed in each state. One table per noun; the mutations and `availableActions` both read it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from billing.files.attachments import has_room
from billing.money.coupons import RunningCoupon
from billing.refusals import ErrorCode, Refused
from billing.states import Actor

E = ErrorCode


class Action(StrEnum):
    PAUSE = "PAUSE"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    CANCEL = "CANCEL"
    CHANGE_PLAN = "CHANGE_PLAN"
    APPLY_COUPON = "APPLY_COUPON"
    REMOVE_COUPON = "REMOVE_COUPON"
    UPDATE_QUANTITY = "UPDATE_QUANTITY"
    WITHDRAW_PENDING_CHANGE = "WITHDRAW_PENDING_CHANGE"
    PAY = "PAY"
    UPLOAD_ATTACHMENTS = "UPLOAD_ATTACHMENTS"
    SET_DEFAULT = "SET_DEFAULT"
    DELETE = "DELETE"
    DOWNLOAD = "DOWNLOAD"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    RECORD_PAYMENT = "RECORD_PAYMENT"
    VOID = "VOID"
    WRITE_OFF = "WRITE_OFF"
    CREDIT = "CREDIT"
    REFUND = "REFUND"
    UPDATE_INSTALLMENTS = "UPDATE_INSTALLMENTS"
    RETRY = "RETRY"
    EXTEND_DUE_DATE = "EXTEND_DUE_DATE"
    PROMISE = "PROMISE"


@dataclass(frozen=True, slots=True)
class ActionAvailability:
    action: Action
    allowed: bool
    reason: ErrorCode | None
    message: str | None


MESSAGES = {
    E.WRONG_STATE: "This cannot be done in the state it is in.",
    E.ALREADY_SCHEDULED: "A change is already scheduled. Withdraw it first.",
    E.PAUSE_IN_TRIAL: "A trial cannot be paused.",
    E.OVERDUE_INVOICE: "An invoice is overdue. Pay it first.",
    E.RESUME_FIRST: "Resume the subscription first.",
    E.NOT_YOURS_TO_RESUME: "Only the merchant can lift this suspension.",
    E.CANCELED: "The subscription has ended.",
    E.COUPON_ALREADY_APPLIED: "A coupon is on this subscription. Remove it first.",
    E.ALREADY_PAID: "Nothing is left to pay.",
    E.NOT_PAYABLE: "This is no longer payable.",
    E.NOT_REFUNDABLE: "Nothing of this payment can be refunded.",
    E.IN_PROGRESS: "A payment is in progress.",
    E.METHOD_IN_USE: "A subscription is billed to this method. Choose another one for it first.",
    E.METHOD_EXPIRED: "This method has expired.",
    E.ALREADY_DEFAULT: "This is the default method already.",
    E.NOT_YOURS_TO_DELETE: "Only who uploaded a file may delete it.",
    E.SIGN_IN_REQUIRED: "Only the customer may do this. Sign in with the password first: call `signIn` in this session.",
    E.NOT_STORED: "The file is not stored (yet).",
    E.QUOTA_EXCEEDED: "No more files can be attached to this.",
}

# Stands for PLAN in `pending_kind` where the pending change is the merchant's move to another price, which the customer cannot withdraw.
PRICE_MOVE = "PRICE"

LIFECYCLE = (Action.PAUSE, Action.SUSPEND, Action.RESUME, Action.CANCEL, Action.CHANGE_PLAN, Action.APPLY_COUPON)

# The table of the lifecycle: per state, in the order of LIFECYCLE, None if the action is allowed, and otherwise the reason for the refusal.
SUBSCRIPTION: dict[str, tuple[ErrorCode | None, ...]] = {
    "PENDING": (E.WRONG_STATE, E.WRONG_STATE, E.WRONG_STATE, None, E.WRONG_STATE, E.WRONG_STATE),
    "SCHEDULED": (E.WRONG_STATE, E.WRONG_STATE, E.WRONG_STATE, None, E.WRONG_STATE, None),
    "TRIALING": (E.PAUSE_IN_TRIAL, None, E.WRONG_STATE, None, None, None),
    "ACTIVE": (None, None, E.WRONG_STATE, None, None, None),
    "ACTIVE, overdue": (E.OVERDUE_INVOICE, None, E.WRONG_STATE, None, E.OVERDUE_INVOICE, None),
    "pending PAUSE": (E.ALREADY_SCHEDULED, None, None, None, None, None),
    "pending CANCEL": (E.ALREADY_SCHEDULED, None, None, None, E.RESUME_FIRST, E.RESUME_FIRST),
    "pending PLAN": (None, None, None, None, None, None),
    "pending PRICE": (None, None, E.WRONG_STATE, None, None, None),
    "PAUSED": (None, None, None, None, E.RESUME_FIRST, None),
    "SUSPENDED by CUSTOMER": (E.RESUME_FIRST, None, None, None, E.RESUME_FIRST, None),
    "SUSPENDED": (E.NOT_YOURS_TO_RESUME, E.NOT_YOURS_TO_RESUME, E.NOT_YOURS_TO_RESUME, None, E.NOT_YOURS_TO_RESUME, E.NOT_YOURS_TO_RESUME),
    "CANCELED": (E.CANCELED, E.CANCELED, E.CANCELED, None, E.CANCELED, E.CANCELED),
}


def state_of(status: str, suspended_by: str | None, pending_kind: str | None, has_overdue: bool) -> str:
    """Return the key of a subscription's row in SUBSCRIPTION. A hold outranks a pending change, and that outranks an overdue invoice."""
    if status == "SUSPENDED":
        return "SUSPENDED by CUSTOMER" if suspended_by == "CUSTOMER" else "SUSPENDED"
    if pending_kind and status in ("ACTIVE", "TRIALING"):
        return f"pending {pending_kind}"
    return "ACTIVE, overdue" if status == "ACTIVE" and has_overdue else status


def of_subscription(
    status: str,
    suspended_by: str | None,
    pending_kind: str | None,
    has_overdue: bool,
    is_charging: bool,
    running_coupon: str | None,
    *,
    actor: Actor = Actor.CUSTOMER,
) -> list[ActionAvailability]:
    """Return the actions on a subscription. The quantity may be changed when the plan may. While a charge is open that decides about the subscription, it can only be canceled.

    A coupon can be removed in the states in which one can be applied. Staff also hold a subscription and release it.
    """
    state = state_of(status, suspended_by, pending_kind, has_overdue)
    reasons = dict(zip(LIFECYCLE, SUBSCRIPTION[state], strict=True))
    if has_overdue and state in ("pending PAUSE", "pending PLAN", "pending PRICE"):
        reasons[Action.CHANGE_PLAN] = E.OVERDUE_INVOICE
    if state in ("pending PLAN", "pending PRICE"):
        reasons[Action.PAUSE] = E.PAUSE_IN_TRIAL if status == "TRIALING" else E.OVERDUE_INVOICE if has_overdue else None
    reasons[Action.UPDATE_QUANTITY] = reasons[Action.CHANGE_PLAN]
    reasons[Action.REMOVE_COUPON] = reasons[Action.APPLY_COUPON] or (None if running_coupon else E.WRONG_STATE)
    reasons[Action.APPLY_COUPON] = reasons[Action.APPLY_COUPON] or (E.COUPON_ALREADY_APPLIED if running_coupon == RunningCoupon.LASTING else None)
    reasons[Action.WITHDRAW_PENDING_CHANGE] = (
        None if reasons[Action.RESUME] is None and state.startswith("pending") else reasons[Action.RESUME] or E.WRONG_STATE
    )
    is_waiting = is_charging and status != "PENDING"
    states = [_state(action, E.IN_PROGRESS if is_waiting and action is not Action.CANCEL else reason) for action, reason in reasons.items()]
    return [*states, *_of_staff(status, suspended_by)] if actor is Actor.STAFF else states


def _of_staff(status: str, suspended_by: str | None) -> list[ActionAvailability]:
    """Return the actions of the merchant alone. Neither waits for a charge, whose result does not take effect during a hold."""
    hold = {"CANCELED": E.CANCELED, "SCHEDULED": E.WRONG_STATE}.get(status)
    release = None if suspended_by in ("MERCHANT", "DUNNING") else E.WRONG_STATE
    return [_state(Action.HOLD, hold), _state(Action.RELEASE, release)]


def of_invoice(
    status: str, remaining_minor: int, is_in_payment: bool = False, file_count: int = 0, *, max_files: int | None = None
) -> list[ActionAvailability]:
    """Return the actions on an invoice. `is_in_payment`: a charge for it is open, or one that decides about its subscription. `max_files`: the limit of its files, None for any number."""
    pay = _unpayable("PROCESSING" if is_in_payment else status, remaining_minor)
    return [_state(Action.PAY, pay), _state(Action.DOWNLOAD, None), _state(Action.UPLOAD_ATTACHMENTS, _full(file_count, max_files))]


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What staff's actions on an invoice depend on beside its status: the columns of the same names."""

    is_voidable: bool
    is_expected: bool
    creditable_minor: int
    is_being_credited: bool
    is_retryable: bool
    is_awaited: bool


def of_invoice_for(actor: Actor, status: str, remaining_minor: int, is_in_payment: bool, facts: InvoiceFacts) -> list[ActionAvailability]:
    """Return staff's actions on an invoice; none for other callers."""
    if actor is not Actor.STAFF:
        return []
    waiting = E.IN_PROGRESS if is_in_payment or status == "PROCESSING" or facts.is_being_credited else None
    pay = _unpayable("PROCESSING" if is_in_payment else status, remaining_minor)
    return [
        _state(Action.RECORD_PAYMENT, pay),
        _state(Action.VOID, waiting or (None if facts.is_voidable else E.WRONG_STATE)),
        _state(Action.WRITE_OFF, waiting or (None if facts.is_expected else E.WRONG_STATE)),
        _state(Action.CREDIT, waiting or (None if facts.creditable_minor > 0 else E.WRONG_STATE)),
        _state(Action.RETRY, waiting or pay or (None if facts.is_retryable else E.WRONG_STATE)),
        _state(Action.EXTEND_DUE_DATE, waiting or pay or (None if facts.is_expected else E.WRONG_STATE)),
        _state(Action.PROMISE, waiting or pay or (None if facts.is_awaited else E.WRONG_STATE)),
    ]


def invoice_actions(
    status: str, remaining_minor: int, is_in_payment: bool, file_count: int, *facts: Any, actor: Actor, max_files: int | None = None
) -> list[ActionAvailability]:
    """Return the caller's actions on an invoice. `facts` are the columns of InvoiceFacts, in its order."""
    common = of_invoice(status, remaining_minor, is_in_payment, file_count, max_files=max_files)
    return common + of_invoice_for(actor, status, remaining_minor, is_in_payment, InvoiceFacts(*facts))


def installment_actions(
    status: str, remaining_minor: int, invoice_status: str | None, invoice_remaining_minor: int | None, *, actor: Actor
) -> list[ActionAvailability]:
    """Return the caller's actions on an installment: staff may record its payment, and extend its due day, where the customer may pay it."""
    (pay,) = of_installment(status, remaining_minor, invoice_status, invoice_remaining_minor)
    of_staff = (Action.RECORD_PAYMENT, Action.EXTEND_DUE_DATE) if actor is Actor.STAFF else ()
    return [pay, *(replace(pay, action=action) for action in of_staff)]


def of_payment(refundable_minor: int, *, actor: Actor) -> list[ActionAvailability]:
    """Return staff's actions on a payment; none for other callers."""
    return [_state(Action.REFUND, None if refundable_minor > 0 else E.NOT_REFUNDABLE)] if actor is Actor.STAFF else []


def of_schedule(
    status: str, file_count: int = 0, is_in_payment: bool = False, remaining_minor: int = 0, *, actor: Actor = Actor.CUSTOMER, max_files: int | None = None
) -> list[ActionAvailability]:
    """Return the actions on a payment schedule. Only staff change or cancel one, and do not cancel it while a payment of an installment is in flight. A canceled one is owed again
    where a bank took back a payment, and can be canceled again."""
    upload = _state(Action.UPLOAD_ATTACHMENTS, E.WRONG_STATE if status == "CANCELED" else _full(file_count, max_files))
    if actor is not Actor.STAFF:
        return [upload]
    ended = {"CANCELED": E.WRONG_STATE, "FINISHED": E.ALREADY_PAID}.get(status)
    cancel = None if status == "CANCELED" and remaining_minor else ended
    return [upload, _state(Action.UPDATE_INSTALLMENTS, ended), _state(Action.CANCEL, cancel or (E.IN_PROGRESS if is_in_payment else None))]


def of_installment(
    status: str, remaining_minor: int, invoice_status: str | None = None, invoice_remaining_minor: int | None = None
) -> list[ActionAvailability]:
    """An invoice that covers it is paid along, so what cannot be done with the invoice cannot be done with its installment. An `invoice_status` of PROCESSING: it is in payment."""
    reason = _unpayable(status, remaining_minor)
    if reason is None and invoice_status is not None:
        reason = _unpayable(invoice_status, invoice_remaining_minor or 0)
    return [_state(Action.PAY, reason)]


def of_method(is_default: bool, is_expired: bool, is_in_use: bool, has_payment_in_flight: bool) -> list[ActionAvailability]:
    default = E.ALREADY_DEFAULT if is_default else E.METHOD_EXPIRED if is_expired else None
    delete = E.IN_PROGRESS if has_payment_in_flight else E.METHOD_IN_USE if is_in_use else None
    return [_state(Action.SET_DEFAULT, default), _state(Action.DELETE, delete)]


def of_attachment(status: str, uploaded_by: str, *, actor: Actor, needs_sign_in: bool) -> list[ActionAvailability]:
    """Return the actions on a file. Only the uploader may delete it: staff never delete a customer's file, also not through a portal link that they made."""
    delete = E.NOT_YOURS_TO_DELETE if actor != uploaded_by else E.SIGN_IN_REQUIRED if needs_sign_in else None
    return [_state(Action.DELETE, delete), _state(Action.DOWNLOAD, None if status == "STORED" else E.NOT_STORED)]


def check_action(states: Iterable[ActionAvailability], action: Action, field: str | None = None) -> None:
    """Check that the table allows an action. Raises Refused with the table's reason; `field` names the input field."""
    reason = next(state.reason for state in states if state.action is action)
    if reason is not None:
        raise Refused(reason, MESSAGES[reason], field)


def check_version(expected: int | None, version: int) -> None:
    """Check the version that the caller has read, if it names one. Raises Refused for another version."""
    if expected is not None and expected != version:
        raise Refused(E.VERSION_CONFLICT, "It was changed since you read it. Read it again.", "expectedVersion")


def _unpayable(status: str, remaining_minor: int) -> ErrorCode | None:
    if status == "PROCESSING":
        return E.IN_PROGRESS
    if status in ("VOID", "REFUNDED", "CANCELED"):
        return E.NOT_PAYABLE
    return None if remaining_minor else E.ALREADY_PAID


def _full(file_count: int, max_files: int | None) -> ErrorCode | None:
    return None if has_room(file_count + 1, max_files) else E.QUOTA_EXCEEDED


def _state(action: Action, reason: ErrorCode | None) -> ActionAvailability:
    return ActionAvailability(action, reason is None, reason, MESSAGES[reason] if reason else None)
