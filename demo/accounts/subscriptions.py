"""A subscription from its start until now: periods, their invoices, the coupon, and what happened."""

from dataclasses import dataclass
from datetime import datetime

from billing.periods import Cycle, Period
from demo.accounts.invoices import Charge, Heading, bill
from demo.records.account import Account
from demo.records.amounts import amounts_of
from demo.records.catalogue import PLAN_BY_ID, PRICES
from demo.records.periods import periods_of
from demo.records.rows import Coupon, CouponRedemption, Invoice, PaymentMethod, Price, Subscription, SubscriptionEvent, TakenPlan


@dataclass(slots=True)
class Terms:
    """What is bought. Without a method the default one is billed; `extra` is a second line on every invoice."""

    price: Price
    quantity: int = 1
    method: PaymentMethod | None = None
    coupon: Coupon | None = None
    trial_days: int = 0
    extra: Charge | None = None


@dataclass(slots=True)
class Contract:
    subscription: Subscription
    terms: Terms
    invoices: list[Invoice]


def price_of(account: Account, code: str, *, interval: str = "MONTH", currency: str | None = None) -> Price:
    return PRICES[code, currency or account.customer.currency, interval]


def begin(account: Account, terms: Terms, *, started_at: datetime, until: datetime | None = None) -> Contract:
    """Sell it and bill every period that started before `until` (now, unless it ended or paused before)."""
    billed_from = Cycle(started_at, account.customer.time_zone, "DAY").boundary(terms.trial_days)
    periods = periods_of(cycle_of(account, terms.price, billed_from), until=until or account.now)
    subscription = _subscription(account, terms, started_at=started_at, anchor_at=billed_from)
    take_plan(account, subscription, at=subscription.created_at, has_trial=bool(terms.trial_days))
    _place_in_time(account, subscription, billed_from, periods=periods)
    invoices = [_bill_period(account, terms, subscription, period, number=number) for number, period in enumerate(periods)]
    _tell_beginning(account, subscription, billed_from, periods=periods)
    if terms.coupon:
        _redeem(account, subscription, terms.coupon, periods=periods)
    subscription.renewal_minor = renewal_of(account, terms, is_discounted=coupon_lasts(terms.coupon, len(periods)))
    return Contract(subscription, terms, invoices)


def cycle_of(account: Account, price: Price, anchor_at: datetime) -> Cycle:
    return Cycle(anchor_at, account.customer.time_zone, price.billing_interval)


def coupon_lasts(coupon: Coupon | None, periods: int) -> bool:
    """Whether the coupon still counts after so many discounted periods."""
    return coupon is not None and (coupon.duration == "FOREVER" or periods < (coupon.duration_periods or 1))


def renewal_of(account: Account, terms: Terms, *, is_discounted: bool) -> int:
    coupon = terms.coupon if is_discounted else None
    return amounts_of(terms.price.unit_minor * terms.quantity, account.customer.tax_rate_ppm, coupon=coupon).total_minor


def apply_coupon(account: Account, contract: Contract, coupon: Coupon, *, at: datetime) -> None:
    """From the next invoice on."""
    contract.terms.coupon = coupon
    _redemption(account, contract.subscription, coupon, at=at)
    contract.subscription.renewal_minor = renewal_of(account, contract.terms, is_discounted=True)
    tell(account, contract.subscription, "COUPON_APPLIED", at=at, note=coupon.code)


def remove_coupon(account: Account, contract: Contract, *, at: datetime) -> None:
    for redemption in account.rows[CouponRedemption]:
        if redemption.subscription_id == contract.subscription.id and redemption.ended_at is None:
            redemption.ended_at = at
    contract.terms.coupon = None
    contract.subscription.renewal_minor = renewal_of(account, contract.terms, is_discounted=False)
    tell(account, contract.subscription, "COUPON_REMOVED", at=at)


def tell(account: Account, subscription: Subscription, kind: str, *, at: datetime, actor: str = "CUSTOMER", note: str = "") -> None:
    account.add(
        SubscriptionEvent(
            customer_id=subscription.customer_id,
            id=account.id("evt", at),
            subscription_id=subscription.id,
            kind=kind,
            actor=actor,
            note=note,
            happened_at=at,
        )
    )


def take_plan(account: Account, subscription: Subscription, *, at: datetime, has_trial: bool = False) -> None:
    """Record the plan that the subscription has now. Of several trials of one plan the first counts."""
    is_first = has_trial and subscription.plan_id not in account.trials
    account.trials |= {subscription.plan_id} if is_first else set()
    account.add(TakenPlan(customer_id=subscription.customer_id, plan_id=subscription.plan_id, subscription_id=subscription.id, has_trial=is_first, taken_at=at))


def _subscription(account: Account, terms: Terms, *, started_at: datetime, anchor_at: datetime) -> Subscription:
    created_at = account.not_later(started_at)
    return account.add(
        Subscription(
            customer_id=account.customer.id,
            id=account.id("sub", created_at),
            plan_id=terms.price.plan_id,
            price_id=terms.price.id,
            currency=terms.price.currency,
            quantity=terms.quantity,
            status="ACTIVE",
            started_at=started_at,
            anchor_at=anchor_at,
            billing_zone=account.customer.time_zone,
            renewal_minor=0,
            payment_method_id=terms.method.id if terms.method else None,
            trial_ends_at=anchor_at if terms.trial_days else None,
            created_at=created_at,
        )
    )


def _place_in_time(account: Account, subscription: Subscription, billed_from: datetime, *, periods: list[Period]) -> None:
    if subscription.started_at > account.now:
        subscription.status, subscription.renews_at = "SCHEDULED", billed_from
        return
    if not periods:
        subscription.status = "TRIALING"
    period = periods[-1] if periods else Period(subscription.started_at, billed_from)
    subscription.period_starts_at, subscription.period_ends_at = period.starts_at, period.ends_at
    subscription.renews_at = period.ends_at


def _bill_period(account: Account, terms: Terms, subscription: Subscription, period: Period, *, number: int) -> Invoice:
    coupon = terms.coupon if coupon_lasts(terms.coupon, number) else None
    charge = Charge(PLAN_BY_ID[terms.price.plan_id].name, terms.price.unit_minor, terms.quantity, coupon)
    heading = Heading("RENEWAL" if number else "FIRST", terms.price.currency, period.starts_at, subscription.id, period=period)
    return bill(account, heading, [charge, terms.extra] if terms.extra else [charge])


def _tell_beginning(account: Account, subscription: Subscription, billed_from: datetime, *, periods: list[Period]) -> None:
    tell(account, subscription, "CREATED", at=subscription.created_at)
    if subscription.trial_ends_at and subscription.status != "SCHEDULED":
        tell(account, subscription, "TRIAL_STARTED", at=subscription.started_at, actor="SYSTEM")
    for number, period in enumerate(periods):
        tell(account, subscription, "RENEWED" if number else "ACTIVATED", at=period.starts_at, actor="SYSTEM")


def _redeem(account: Account, subscription: Subscription, coupon: Coupon, *, periods: list[Period]) -> None:
    redemption = _redemption(account, subscription, coupon, at=subscription.created_at)
    redemption.used_until = periods[-1].ends_at if periods else None
    if redemption.periods_left is not None:
        used = min(redemption.periods_left, len(periods))
        redemption.used_until = periods[used - 1].ends_at if used else None
        redemption.periods_left -= used
        redemption.ended_at = None if redemption.periods_left else periods[used - 1].starts_at


def _redemption(account: Account, subscription: Subscription, coupon: Coupon, *, at: datetime) -> CouponRedemption:
    return account.add(
        CouponRedemption(
            customer_id=subscription.customer_id,
            id=account.id("red", at),
            coupon_id=coupon.id,
            subscription_id=subscription.id,
            redeemed_at=at,
            periods_left=None if coupon.duration == "FOREVER" else coupon.duration_periods or 1,
        )
    )
