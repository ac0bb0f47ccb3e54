"""Checks of mutations by the lifecycle's table."""

from dataclasses import replace

from billing.lifecycle.actions import PRICE_MOVE, Action, ActionAvailability, check_action, of_subscription
from billing.lifecycle.facts import SubscriptionFacts, Warning
from billing.money.coupons import running_coupon
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract

REPLACED = {"PAUSE": Warning.REPLACES_PENDING_PAUSE, "CANCEL": Warning.REPLACES_PENDING_CANCEL, "PLAN": Warning.REPLACES_PENDING_PLAN}
MAX_QUANTITY = 10_000


def guard(contract: Contract, action: Action) -> None:
    """Check that the table allows an action; for the actions on coupons see `guard_coupon`. Raises Refused with the table's reason."""
    check_action(_states(contract), action)


def guard_withdrawal(facts: SubscriptionFacts, action: Action) -> None:
    """Check an action that withdraws a pending change: the merchant's move to another price stays. Raises Refused."""
    contract = replace(facts.contract, pending_kind=PRICE_MOVE) if facts.is_price_move else facts.contract
    guard(contract, action)


def guard_coupon(facts: SubscriptionFacts, action: Action) -> None:
    """Check an action that depends on the running coupon. Raises Refused, which names a coupon that prevents the action."""
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
    """Return the warning that a pending change would be replaced, if there is one."""
    return (REPLACED[contract.pending_kind],) if contract.pending_kind else ()
