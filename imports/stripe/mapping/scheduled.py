"""What is scheduled at Stripe: the end of a subscription, another price from the next period on, and subscriptions that begin later."""

from collections.abc import Callable
from typing import Any

from billing.catalog.items import CatalogPrice
from imports.stripe.mapping.account import SharedFacts
from imports.stripe.mapping.discounts import Unmatched
from imports.stripe.mapping.reasons import SkipReason
from imports.stripe.mapping.values import Line, Thing, instant, line, metadata, reference

PriceOf = Callable[[Thing, str, SharedFacts], CatalogPrice]
NOT_REPRESENTABLE = SkipReason.SCHEDULE_NOT_REPRESENTABLE


def pending_of(subscription: Thing, item: Thing, shared: SharedFacts, price_of: PriceOf) -> Line:
    """Return what happens at the end of the running period. Raises Unmatched for what happens at another time or is more than one change."""
    end = item["current_period_end"]
    cancel_at = subscription.get("cancel_at")
    if subscription["cancel_at_period_end"] or (cancel_at and cancel_at <= end):
        return {"pendingChange": "CANCEL"}
    if cancel_at:
        raise Unmatched(NOT_REPRESENTABLE, f"canceled at {instant(cancel_at)}, after the running period")
    schedule: Any = subscription.get("schedule")
    if isinstance(schedule, str):
        raise Unmatched(NOT_REPRESENTABLE, schedule)
    if not schedule or schedule["status"] not in ("active", "not_started"):
        return {}
    coming = [phase for phase in schedule["phases"] if phase["start_date"] > shared.read_at]
    if not coming:
        return _end_of(schedule, end)
    if len(coming) > 1 or coming[0]["start_date"] != end or schedule["end_behavior"] == "cancel":
        raise Unmatched(NOT_REPRESENTABLE, f"{len(coming)} phases from {instant(coming[0]['start_date'])} on")
    return _change_of(coming[0], subscription, item, price_of(_only_item(coming[0]), subscription["currency"], shared))


def _end_of(schedule: Thing, end: int) -> Line:
    """Return the end of a subscription whose schedule is in its last phase."""
    if schedule["end_behavior"] != "cancel":
        return {}
    ends_at = schedule["phases"][-1]["end_date"]
    if ends_at > end:
        raise Unmatched(NOT_REPRESENTABLE, f"canceled at {instant(ends_at)}, after the running period")
    return {"pendingChange": "CANCEL"}


def _change_of(phase: Thing, subscription: Thing, item: Thing, price: CatalogPrice) -> Line:
    if phase.get("trial_end") or phase.get("add_invoice_items") or _coupons(phase.get("discounts")) != _coupons(subscription.get("discounts")):
        raise Unmatched(NOT_REPRESENTABLE, "a phase with a trial, other discounts or further invoice items")
    quantity = _only_item(phase).get("quantity") or 1
    if reference(item["price"]) == reference(_only_item(phase)["price"]) and quantity == (item.get("quantity") or 1):
        return {}
    return {"pendingChange": "PLAN", "pendingPrice": price.code, "pendingQuantity": quantity}


def _only_item(phase: Thing) -> Thing:
    if len(phase["items"]) != 1:
        raise Unmatched(SkipReason.SEVERAL_ITEMS, f"{len(phase['items'])} in a scheduled phase")
    one: Thing = phase["items"][0]
    return one


def _coupons(discounts: list[Thing] | None) -> list[str | None]:
    """Return the coupons of discounts, of a subscription or of a phase, which names them in another way."""
    return [reference((one.get("source") or {}).get("coupon") or one.get("coupon")) for one in discounts or [] if isinstance(one, dict)]


def scheduled_line(schedule: Thing, shared: SharedFacts) -> Line:
    """Return the line of a subscription that has not begun. Raises Unmatched."""
    from imports.stripe.mapping.subscriptions import price_of

    phase = schedule["phases"][0]
    if (
        len(schedule["phases"]) != 1
        or phase.get("trial_end")
        or phase.get("discounts")
        or phase.get("add_invoice_items")
        or schedule["end_behavior"] == "cancel"
    ):
        raise Unmatched(NOT_REPRESENTABLE, "more than one price from a day on")
    only = _only_item(phase)
    return line(
        externalId=schedule["id"],
        customer=reference(schedule["customer"]),
        price=price_of(only, phase["currency"], shared).code,
        quantity=only.get("quantity") or 1,
        status="SCHEDULED",
        startedAt=instant(phase["start_date"]),
        timeZone="UTC",
        metadata=metadata(schedule),
        createdAt=instant(schedule["created"]),
    )
