"""Coupons of a subscription: one at a time, from the next invoice on."""

from dataclasses import replace

from billing.lifecycle.actions import Action
from billing.lifecycle.bills import NEW, renewal_minor, running
from billing.lifecycle.facts import Decision, LifecycleEvent, Redemption, SubscriptionFacts
from billing.lifecycle.guards import guard_coupon
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import BillingAccount, CouponOffer
from billing.states import SubscriptionEventKind

# One message for every code that is not valid, so that codes cannot be discovered by trying.
INVALID = "This code cannot be used here."


def new_redemption(coupon: CouponOffer | None, *, currency: str) -> Redemption:
    """Return a new redemption. Raises Refused, with the same message for an unknown code, an expired one, a used-up one, and one in another currency."""
    if coupon is None or not coupon.is_redeemable or (coupon.currency is not None and coupon.currency != currency):
        raise Refused(ErrorCode.COUPON_INVALID, INVALID, "code")
    periods = {"ONCE": 1, "REPEATING": coupon.duration_periods, "FOREVER": None}[coupon.duration]
    return Redemption(None, coupon.id, periods, None)


def apply(facts: SubscriptionFacts, coupon: CouponOffer | None) -> Decision:
    """Decide to apply a coupon. It replaces a coupon whose last period is running. Raises Refused."""
    contract = facts.contract
    guard_coupon(facts, Action.APPLY_COUPON)
    before = running(facts)
    redemption = new_redemption(coupon, currency=contract.currency)
    after = replace(contract, renewal_minor=renewal_of(facts, coupon, redemption))
    ended = (replace(before, is_ended=True),) if before else ()
    event = LifecycleEvent(SubscriptionEventKind.COUPON_APPLIED, coupon.code if coupon else "")
    return Decision(after, (event,), redemptions=(*ended, redemption), effective_at=contract.renews_at or facts.now)


def remove(facts: SubscriptionFacts) -> Decision:
    """Decide to remove the coupon. A coupon that was never used counts as never redeemed, and may be applied again. Raises Refused."""
    guard_coupon(facts, Action.REMOVE_COUPON)
    before = running(facts)
    gone = (replace(before, is_ended=True, is_withdrawn=before.used_until is None),) if before else ()
    after = replace(facts.contract, renewal_minor=renewal_of(facts, None, None))
    event = LifecycleEvent(SubscriptionEventKind.COUPON_REMOVED, facts.account.coupon_code or "")
    return Decision(after, (event,), redemptions=gone, effective_at=facts.now)


def renewal_of(facts: SubscriptionFacts, coupon: CouponOffer | None, redemption: Redemption | None) -> int:
    """Return the price of the next renewal with another coupon than the running one, at the pending price if there is one."""
    return renewal_minor(replace(facts, account=_offering(facts.account, coupon)), facts.coming_terms, redemption)


def ordered_with(account: BillingAccount, coupon: CouponOffer | None, *, currency: str) -> BillingAccount:
    """Return the account of a new subscription that is ordered with a coupon. Raises Refused."""
    redemption = new_redemption(coupon, currency=currency)
    account = replace(account, redemption_id=NEW, coupon_id=redemption.coupon_id, periods_left=redemption.periods_left, used_until=None)
    return _offering(account, coupon)


def _offering(account: BillingAccount, coupon: CouponOffer | None) -> BillingAccount:
    if coupon is None:
        return replace(account, percent_off_ppm=None, amount_off_minor=None, coupon_code=None)
    return replace(account, percent_off_ppm=coupon.percent_off_ppm, amount_off_minor=coupon.amount_off_minor, coupon_code=coupon.code)
