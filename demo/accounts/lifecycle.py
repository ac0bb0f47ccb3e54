"""Changes of a subscription: pauses, suspensions, cancellations, changes of plan, and pending ones of them."""

from datetime import datetime, timedelta

from billing.money.money import share
from billing.money.notes import RemainingAmounts, described
from billing.money.wording import Wording, WordingKind
from billing.periods import BillingPeriod
from demo.accounts.credit_notes import credit
from demo.accounts.invoices import ChargedItem, InvoiceHeading, bill
from demo.accounts.subscriptions import DemoContract, add_subscription, coupon_lasts, renewal_of, take_plan
from demo.records.account import DemoAccount
from demo.records.amounts import amounts_of
from demo.records.catalogue import PLAN_BY_ID
from demo.records.rows import SeedInvoice, SeedPrice, SeedSubscription


def plan_cancel(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, reason: str = "UNUSED", comment: str | None = None) -> None:
    """Add a pending cancellation at the end of the period."""
    _plan(account, subscription, "CANCEL", at=at)
    subscription.renews_at, subscription.cancel_reason, subscription.cancel_comment = None, reason, comment


def plan_pause(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, resumes_after_days: int | None = None) -> None:
    """Add a pending pause at the end of the period."""
    _plan(account, subscription, "PAUSE", at=at)
    subscription.renews_at = None
    if resumes_after_days is not None and subscription.pending_at:
        subscription.pending_resumes_at = subscription.pending_at + timedelta(days=resumes_after_days)


def plan_change(account: DemoAccount, contract: DemoContract, price: SeedPrice, *, at: datetime, quantity: int = 1) -> None:
    """Add a pending change of plan at the end of the period; the next renewal is at the new price."""
    subscription, terms = contract.subscription, contract.terms
    _plan(account, subscription, "PLAN", at=at)
    subscription.pending_price_id, subscription.pending_plan_id, subscription.pending_quantity = price.id, price.plan_id, quantity
    terms.price, terms.quantity = price, quantity
    subscription.renewal_minor = renewal_of(account, terms, is_discounted=coupon_lasts(terms.coupon, len(contract.invoices)))


def pause(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, resumes_at: datetime | None = None) -> None:
    subscription.status, subscription.paused_at, subscription.resumes_at, subscription.renews_at = "PAUSED", at, resumes_at, None
    add_subscription(account, subscription, "PAUSED", at=at)


def suspend(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, by: str, note: str = "") -> None:
    subscription.status, subscription.suspended_by, subscription.suspended_at, subscription.renews_at = "SUSPENDED", by, at, None
    subscription.holds = [by]
    actor = {"CUSTOMER": "CUSTOMER", "MERCHANT": "STAFF", "DUNNING": "SYSTEM"}[by]
    add_subscription(account, subscription, "SUSPENDED" if by == "CUSTOMER" else "HELD", at=at, actor=actor, note=note)


def cancel(account: DemoAccount, subscription: SeedSubscription, *, at: datetime, reason: str, comment: str | None = None) -> None:
    subscription.status, subscription.canceled_at, subscription.renews_at = "CANCELED", at, None
    subscription.cancel_reason, subscription.cancel_comment = reason, comment
    add_subscription(account, subscription, "CANCELED", at=at)


def change_now(account: DemoAccount, contract: DemoContract, price: SeedPrice, *, at: datetime) -> SeedInvoice:
    """Credit the unused part of the period, charge it at the new price, and renew at the new price. Credit that exceeds the charge is on a credit note."""
    subscription, old = contract.subscription, contract.terms.price
    period = BillingPeriod(at, subscription.period_ends_at or at)
    unused, charged = _rest(contract, old, period), _rest(contract, price, period)
    words = Wording(WordingKind.UNUSED_TIME, PLAN_BY_ID[old.plan_id].name), Wording(WordingKind.REMAINING_TIME, PLAN_BY_ID[price.plan_id].name)
    charges = [ChargedItem(each.english, minor, wording=each) for each, minor in zip(words, (-min(unused, charged), charged), strict=True)]
    if unused > charged:
        tax = amounts_of(unused, account.customer.tax_rate_ppm).tax_minor - amounts_of(charged, account.customer.tax_rate_ppm).tax_minor
        credit(account, contract.invoices[-1], described(words[0], RemainingAmounts(unused - charged, tax), period), reason="UNUSED_TIME", at=at)
    contract.terms.price = price
    subscription.price_id, subscription.plan_id = price.id, price.plan_id
    take_plan(account, subscription, at=at)
    subscription.renewal_minor = renewal_of(account, contract.terms, is_discounted=coupon_lasts(contract.terms.coupon, len(contract.invoices)))
    add_subscription(account, subscription, "PLAN_CHANGED", at=at, note=PLAN_BY_ID[price.plan_id].name)
    return bill(account, InvoiceHeading("PLAN_CHANGE", price.currency, at, subscription.id, period=period), charges)


def _rest(contract: DemoContract, price: SeedPrice, period: BillingPeriod) -> int:
    """Return the price of the rest of the current period in minor units, to the second."""
    whole = BillingPeriod(contract.subscription.period_starts_at or period.starts_at, period.ends_at)
    return share(price.unit_minor * contract.terms.quantity, period.seconds, whole.seconds)


def _plan(account: DemoAccount, subscription: SeedSubscription, kind: str, *, at: datetime) -> None:
    subscription.pending_kind, subscription.pending_at = kind, subscription.period_ends_at
    add_subscription(account, subscription, "CHANGE_SCHEDULED", at=at, note=kind)
