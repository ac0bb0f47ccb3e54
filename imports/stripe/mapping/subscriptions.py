"""Subscriptions of all statuses. One is taken only if everything that decides its next invoice has a counterpart: amount, quantity, discount, day and what is scheduled."""

from collections.abc import Iterable, Iterator

from billing.catalog.items import CatalogPrice
from imports.stripe.mapping.account import Bundle, SharedFacts
from imports.stripe.mapping.discounts import Unmatched, coupon_of
from imports.stripe.mapping.prices import code_of
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.scheduled import pending_of, scheduled_line
from imports.stripe.mapping.values import Line, Thing, instant, line, metadata, reference, subscription_of

MAX_QUANTITY = 10_000
STATUSES = {"trialing": "TRIALING", "active": "ACTIVE", "past_due": "ACTIVE", "unpaid": "SUSPENDED", "canceled": "CANCELED", "paused": "PAUSED"}
FEEDBACKS = ("too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex", "low_quality", "other")


def subscription_lines(bundle: Bundle, shared: SharedFacts, methods: Iterable[str], skipped: Skipped) -> Iterator[Line]:
    taken_methods = frozenset(methods)
    for subscription in bundle.subscriptions:
        try:
            yield _line(subscription, bundle, shared, taken_methods)
        except Unmatched as problem:
            skipped.skip(subscription, problem.reason, problem.detail)
            continue
        for reason in _adapted(subscription):
            skipped.adapt(subscription, reason)
    for schedule in bundle.subscription_schedules:
        try:
            yield scheduled_line(schedule, shared)
        except Unmatched as problem:
            skipped.skip(schedule, problem.reason, problem.detail)


def price_of(item: Thing, currency: str, shared: SharedFacts) -> CatalogPrice:
    """Return the price of an item in the currency of its subscription. Raises Unmatched."""
    price = item["price"]
    name = reference(price) or ""
    main = shared.price_things.get(name)
    if main is None:
        raise Unmatched(SkipReason.PRICE_NOT_TAKEN, name)
    taken = shared.prices.get(code_of(name, currency.upper(), main_currency=main["currency"].upper()))
    if taken is None:
        raise Unmatched(SkipReason.PRICE_NOT_TAKEN, f"{name} in {currency.upper()}")
    return taken


def _line(subscription: Thing, bundle: Bundle, shared: SharedFacts, methods: frozenset[str]) -> Line:
    """Return the line of a subscription. Raises Unmatched."""
    status = STATUSES.get(subscription["status"])
    if status is None:
        raise Unmatched(SkipReason.SUBSCRIPTION_INCOMPLETE, subscription["status"])
    if len(subscription["items"]["data"]) != 1:
        raise Unmatched(SkipReason.SEVERAL_ITEMS, str(len(subscription["items"]["data"])))
    item = subscription["items"]["data"][0]
    quantity = 1 if item.get("quantity") is None else item["quantity"]
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Unmatched(SkipReason.QUANTITY_OUT_OF_RANGE, str(quantity))
    price = price_of(item, subscription["currency"], shared)
    method = reference(subscription.get("default_payment_method"))
    return line(
        externalId=subscription["id"],
        customer=bundle.customer["id"],
        price=price.code,
        quantity=quantity,
        startedAt=instant(subscription["start_date"]),
        trialEndsAt=instant(subscription["trial_end"]) if subscription.get("trial_end") else None,
        periodStartsAt=instant(item["current_period_start"]),
        periodEndsAt=instant(item["current_period_end"]),
        anchorAt=instant(subscription["billing_cycle_anchor"]),
        timeZone="UTC",
        paymentMethod=method if method in methods else None,
        metadata=metadata(subscription),
        createdAt=instant(subscription["created"]),
        **_state(subscription, item, status, is_owed=any(_is_owed(one, subscription) for one in bundle.invoices)),
        **(pending_of(subscription, item, shared, price_of) if status in ("ACTIVE", "TRIALING") else {}),
        **({"coupon": coupon_of(subscription, item, bundle.customer, price, shared)} if status != "CANCELED" else {}),
    )


def _is_owed(invoice: Thing, subscription: Thing) -> bool:
    """Whether an invoice of a subscription is unpaid."""
    return bool(invoice["status"] == "open" and invoice["amount_remaining"] > 0 and subscription_of(invoice) == subscription["id"])


def _state(subscription: Thing, item: Thing, status: str, *, is_owed: bool) -> Line:
    """Return the status and what belongs to it. Dunning holds only what owes something; else the merchant does, until somebody decides."""
    pause = subscription.get("pause_collection")
    if status == "CANCELED":
        details = subscription.get("cancellation_details") or {}
        feedback = details.get("feedback")
        return {
            "status": status,
            "canceledAt": instant(subscription.get("ended_at") or subscription.get("canceled_at") or item["current_period_end"]),
            "cancelReason": feedback.upper() if feedback in FEEDBACKS else None,
            "cancelComment": (details.get("comment") or "")[:500] or None,
        }
    if status == "PAUSED":
        return {"status": status, "pausedAt": instant(subscription.get("trial_end") or item["current_period_start"])}
    if pause and status == "ACTIVE":
        return {"status": "PAUSED", "resumesAt": instant(pause["resumes_at"]) if pause.get("resumes_at") else None}
    if status == "SUSPENDED":
        return {"status": status, "holds": ["DUNNING" if is_owed else "MERCHANT"], "suspendedAt": instant(item["current_period_start"])}
    return {"status": status}


def _adapted(subscription: Thing) -> Iterator[SkipReason]:
    """Return what a subscription is taken without."""
    if subscription["status"] == "canceled":
        return
    if subscription["collection_method"] == "send_invoice":
        yield SkipReason.INVOICES_ARE_SENT
    if subscription.get("pending_update"):
        yield SkipReason.UNPAID_UPDATE_LEFT_OUT
    if subscription.get("pause_collection") and subscription["status"] == "trialing":
        yield SkipReason.PAUSE_LEFT_OUT
    if subscription.get("cancel_at") and not subscription.get("cancel_at_period_end") and subscription["cancel_at"] < period_end(subscription):
        yield SkipReason.CANCEL_DATE_MOVED


def period_end(subscription: Thing) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])
