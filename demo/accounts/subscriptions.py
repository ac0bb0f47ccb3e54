"""A subscription from its start until now: periods, their invoices, the coupon, and the events."""

from dataclasses import dataclass
from datetime import datetime

from billing.periods import BillingPeriod, Cycle
from demo.accounts.invoices import ChargedItem, InvoiceHeading, bill
from demo.records.account import DemoAccount
from demo.records.amounts import amounts_of
from demo.records.catalogue import PLAN_BY_ID, PRICES
from demo.records.periods import periods_of
from demo.records.rows import (
    SeedCoupon,
    SeedCouponRedemption,
    SeedInvoice,
    SeedPaymentMethod,
    SeedPrice,
    SeedSubscription,
    SeedSubscriptionEvent,
    SeedTakenPlan,
)


@dataclass(slots=True)
class PurchaseTerms:
    """The terms of a subscription. Without a method the default one is billed; `extra` is a second line on every invoice."""

    price: SeedPrice
    quantity: int = 1
    method: SeedPaymentMethod | None = None
    coupon: SeedCoupon | None = None
    trial_days: int = 0
    extra: ChargedItem | None = None


@dataclass(slots=True)
class DemoContract:
    subscription: SeedSubscription
    terms: PurchaseTerms
    invoices: list[SeedInvoice]


def price_of(account: DemoAccount, code: str, *, interval: str = "MONTH", currency: str | None = None) -> SeedPrice:
    return PRICES[code, currency or account.customer.currency, interval]


def begin(account: DemoAccount, terms: PurchaseTerms, *, started_at: datetime, until: datetime | None = None) -> DemoContract:
    """Add a subscription and bill every period that started before `until`: by default now; earlier for one that ended or was paused."""
    billed_from = Cycle(started_at, account.customer.time_zone, "DAY").boundary(terms.trial_days)
    periods = periods_of(cycle_of(account, terms.price, billed_from), until=until or account.now)
    subscription = _subscription(account, terms, started_at=started_at, anchor_at=billed_from)
    take_plan(account, subscription, at=subscription.created_at, has_trial=bool(terms.trial_days))
    _place_in_time(account, subscription, billed_from, periods=periods)
    invoices = [_bill_period(account, terms, subscription, period, number=number) for number, period in enumerate(periods)]
    _add_beginning(account, subscription, billed_from, periods=periods)
    if terms.coupon:
        _redeem(account, subscription, terms.coupon, periods=periods)
    subscription.renewal_minor = renewal_of(account, terms, is_discounted=coupon_lasts(terms.coupon, len(periods)))
    return DemoContract(subscription, terms, invoices)


def cycle_of(account: DemoAccount, price: SeedPrice, anchor_at: datetime) -> Cycle:
    return Cycle(anchor_at, account.customer.time_zone, price.billing_interval)


def coupon_lasts(coupon: SeedCoupon | None, periods: int) -> bool:
    """Return whether the coupon still applies after this number of discounted periods."""
    return coupon is not None and (coupon.duration == "FOREVER" or periods < (coupon.duration_periods or 1))


def renewal_of(account: DemoAccount, terms: PurchaseTerms, *, is_discounted: bool) -> int:
    coupon = terms.coupon if is_discounted else None
    return amounts_of(terms.price.unit_minor * terms.quantity, account.customer.tax_rate_ppm, coupon=coupon).total_minor


def apply_coupon(account: DemoAccount, contract: DemoContract, coupon: SeedCoupon, *, at: datetime) -> None:
    """Apply a coupon from the next invoice on."""
    contract.terms.coupon = coupon
    _redemption(account, contract.subscription, coupon, at=at)
    contract.subscription.renewal_minor = renewal_of(account, contract.terms, is_discounted=True)
    add_subscription(account, contract.subscription, "COUPON_APPLIED", at=at, note=coupon.code)


def remove_coupon(account: DemoAccount, contract: DemoContract, *, at: datetime) -> None:
    for redemption in account.rows[SeedCouponRedemption]:
        if redemption.subscription_id == contract.subscription.id and redemption.ended_at is None:
            redemption.ended_at = at
    contract.terms.coupon = None
    contract.subscription.renewal_minor = renewal_of(account, contract.terms, is_discounted=False)
    add_subscription(account, contract.subscription, "COUPON_REMOVED", at=at)


def add_subscription(account: DemoAccount, subscription: SeedSubscription, kind: str, *, at: datetime, actor: str = "CUSTOMER", note: str = "") -> None:
    account.add(
        SeedSubscriptionEvent(
            customer_id=subscription.customer_id,
            id=account.id("evt", at),
            subscription_id=subscription.id,
            kind=kind,
            actor=actor,
            note=note,
            happened_at=at,
        )
    )


def take_plan(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, has_trial: bool = False) -> None:
    """Record the plan that the subscription has now. Of several trials of one plan only the first is recorded."""
    is_first = has_trial and subscription.plan_id not in account.trials
    account.trials |= {subscription.plan_id} if is_first else set()
    account.add(
        SeedTakenPlan(customer_id=subscription.customer_id, plan_id=subscription.plan_id, subscription_id=subscription.id, has_trial=is_first, taken_at=at)
    )


def _subscription(account: DemoAccount, terms: PurchaseTerms, *, started_at: datetime, anchor_at: datetime) -> SeedSubscription:
    created_at = account.not_later(started_at)
    return account.add(
        SeedSubscription(
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


def _place_in_time(account: DemoAccount, subscription: SeedSubscription, billed_from: datetime, *, periods: list[BillingPeriod]) -> None:
    if subscription.started_at > account.now:
        subscription.status, subscription.renews_at = "SCHEDULED", billed_from
        return
    if not periods:
        subscription.status = "TRIALING"
    period = periods[-1] if periods else BillingPeriod(subscription.started_at, billed_from)
    subscription.period_starts_at, subscription.period_ends_at = period.starts_at, period.ends_at
    subscription.renews_at = period.ends_at


def _bill_period(account: DemoAccount, terms: PurchaseTerms, subscription: SeedSubscription, period: BillingPeriod, *, number: int) -> SeedInvoice:
    coupon = terms.coupon if coupon_lasts(terms.coupon, number) else None
    charge = ChargedItem(PLAN_BY_ID[terms.price.plan_id].name, terms.price.unit_minor, terms.quantity, coupon)
    heading = InvoiceHeading("RENEWAL" if number else "FIRST", terms.price.currency, period.starts_at, subscription.id, period=period)
    return bill(account, heading, [charge, terms.extra] if terms.extra else [charge])


def _add_beginning(account: DemoAccount, subscription: SeedSubscription, billed_from: datetime, *, periods: list[BillingPeriod]) -> None:
    add_subscription(account, subscription, "CREATED", at=subscription.created_at)
    if subscription.trial_ends_at and subscription.status != "SCHEDULED":
        add_subscription(account, subscription, "TRIAL_STARTED", at=subscription.started_at, actor="SYSTEM")
    for number, period in enumerate(periods):
        add_subscription(account, subscription, "RENEWED" if number else "ACTIVATED", at=period.starts_at, actor="SYSTEM")


def _redeem(account: DemoAccount, subscription: SeedSubscription, coupon: SeedCoupon, *, periods: list[BillingPeriod]) -> None:
    redemption = _redemption(account, subscription, coupon, at=subscription.created_at)
    redemption.used_until = periods[-1].ends_at if periods else None
    if redemption.periods_left is not None:
        used = min(redemption.periods_left, len(periods))
        redemption.used_until = periods[used - 1].ends_at if used else None
        redemption.periods_left -= used
        redemption.ended_at = None if redemption.periods_left else periods[used - 1].starts_at


def _redemption(account: DemoAccount, subscription: SeedSubscription, coupon: SeedCoupon, *, at: datetime) -> SeedCouponRedemption:
    return account.add(
        SeedCouponRedemption(
            customer_id=subscription.customer_id,
            id=account.id("red", at),
            coupon_id=coupon.id,
            subscription_id=subscription.id,
            redeemed_at=at,
            periods_left=None if coupon.duration == "FOREVER" else coupon.duration_periods or 1,
        )
    )
