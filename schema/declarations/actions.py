"""The actions that the caller may take on an object, and why one is refused, as data."""

import strawberry

from billing.lifecycle.actions import Action
from billing.refusals import ErrorCode
from schema.declarations.enums import described

described(
    Action,
    "What can be done with an object.",
    PAUSE="Stop future billing.",
    SUSPEND="Stop the service now.",
    RESUME="Go on, or withdraw a pending change.",
    CANCEL="End it.",
    CHANGE_PLAN="Change plan, price or quantity.",
    APPLY_COUPON="Apply a coupon.",
    REMOVE_COUPON="Remove the coupon that runs on it.",
    UPDATE_QUANTITY="Change the quantity.",
    WITHDRAW_PENDING_CHANGE="Withdraw the pending change.",
    PAY="Pay what remains.",
    UPLOAD_ATTACHMENTS="Attach files.",
    SET_DEFAULT="Make it the default.",
    DELETE="Delete it.",
    DOWNLOAD="Download it.",
    HOLD="For staff: suspend it for the merchant.",
    RELEASE="For staff: lift a suspension, whoever began it.",
    RECORD_PAYMENT="For staff: record money that came for it otherwise, by `recordPayment`.",
    VOID="For staff: withdraw it.",
    WRITE_OFF="For staff: no longer expect what remains.",
    CREDIT="For staff: take back a part of it, or all, by a credit note.",
    REFUND="For staff: give money of it back.",
    UPDATE_INSTALLMENTS="For staff: change, add or remove its unpaid installments.",
    RETRY="For staff: charge now what is due of it, by `retryNow`.",
    EXTEND_DUE_DATE="For staff: let it be due later, by `extendDueDate`.",
    PROMISE="For staff: note until when the customer has promised to pay it, by `promiseToPay`.",
)
described(ErrorCode, "Why a call is refused. New codes may be added.", **{code.name: code.meaning for code in ErrorCode})


@strawberry.type(description="Whether an action is possible now. The mutation of that name applies the same rules, so a frontend does not repeat them.")
class ActionState:
    action: Action = strawberry.field(description="The action.")
    allowed: bool = strawberry.field(description="Whether the mutation would be accepted now.")
    reason: ErrorCode | None = strawberry.field(description="Why not, as a code for programs; null when allowed.")
    message: str | None = strawberry.field(description="Why not, in English, for display; null when allowed.")
