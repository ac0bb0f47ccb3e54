"""The lifecycle table as the mutations obey it."""

from billing.lifecycle.actions import Action, ActionAvailability, check_action, of_subscription
from billing.lifecycle.facts import SubscriptionFacts, Warning
from billing.money.coupons import running_coupon
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract

REPLACED = {"PAUSE": Warning.REPLACES_PENDING_PAUSE, "CANCEL": Warning.REPLACES_PENDING_CANCEL, "PLAN": Warning.REPLACES_PENDING_PLAN}
MAX_QUANTITY = 10_000


def guard(contract: Contract, action: Action) -> None:
    """Raises Refused with the table's reason. Of the actions on coupons see `guard_coupon`."""
    check_action(_states(contract), action)


def guard_coupon(facts: SubscriptionFacts, action: Action) -> None:
    """As `guard`, for the actions that depend on the coupon that runs. Raises Refused; the coupon that is in the way is named."""
    account = facts.account
    coupon = running_coupon(account.redemption_id, account.periods_left)
    try:
        check_action(_states(facts.contract, coupon), action)
    except Refused as refused:
        if refused.code is ErrorCode.COUPON_ALREADY_APPLIED:
            raise Refused(refused.code, f"The coupon {account.coupon_code} is on this subscription. Remove it first.", "code") from None
        if refused.code is ErrorCode.WRONG_STATE and coupon is None:
            raise Refused(refused.code, "There is no coupon on this subscription.") from None
        raise


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(ErrorCode.INVALID_VALUE, f"A quantity is 1 to {MAX_QUANTITY:,}.", "quantity")


def _states(contract: Contract, coupon: str | None = None) -> list[ActionAvailability]:
    is_charging = contract.charging_payment_id is not None
    return of_subscription(contract.status, contract.suspended_by, contract.pending_kind, contract.has_overdue, is_charging, coupon)


def replaced(contract: Contract) -> tuple[Warning, ...]:
    """The warning for whoever is about to replace a pending change."""
    return (REPLACED[contract.pending_kind],) if contract.pending_kind else ()
