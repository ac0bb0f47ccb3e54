"""Coupons. Their codes are Stripe's ids in capitals, as Portico stores codes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.catalog.checks import Checked, problems_of
from billing.catalog.items import CatalogCoupon, CatalogUse, catalog_of, coupon_form
from imports.stripe.mapping.reasons import Skipped, SkipReason
from payments.stripe_amounts import from_stripe

Thing = Mapping[str, Any]


def coupons_of(coupons: Iterable[Thing], in_use: Iterable[Thing], skipped: Skipped) -> dict[str, CatalogCoupon]:
    """Return the coupons by Stripe's id. Those `in_use` were deleted at Stripe, and go on where they run: they are archived."""
    taken: dict[str, CatalogCoupon] = {}
    codes: dict[str, str] = {}
    for thing, is_deleted in [*((one, False) for one in coupons), *((one, True) for one in in_use)]:
        if thing["id"] in taken or codes.get(coupon_form(thing["id"])) == thing["id"]:
            continue
        code = coupon_form(thing["id"])
        coupon = _coupon(thing, is_archived=is_deleted or not thing.get("valid", True))
        if code in codes:
            skipped.skip(thing, SkipReason.COUPON_CODE_TAKEN, f"{codes[code]} differs in capitals only")
        elif fault := next((problem.message for problem in problems_of(coupon, Checked(None, catalog_of([coupon]), CatalogUse()))), None):
            skipped.skip(thing, SkipReason.INVALID_ITEM, fault)
        else:
            taken[thing["id"]], codes[code] = coupon, thing["id"]
            for reason in _left_out(thing):
                skipped.adapt(thing, reason)
    return taken


def _coupon(thing: Thing, *, is_archived: bool) -> CatalogCoupon:
    percent, amount, currency = thing.get("percent_off"), thing.get("amount_off"), (thing.get("currency") or "").upper() or None
    redeem_by = thing.get("redeem_by")
    return CatalogCoupon(
        code=coupon_form(thing["id"]),
        name=(thing.get("name") or thing["id"]).strip() or thing["id"],
        percent_off_ppm=None if percent is None else int(Decimal(str(percent)) * 10_000),
        amount_off_minor=None if amount is None or currency is None else from_stripe(int(amount), currency),
        currency=None if amount is None else currency,
        duration=thing["duration"].upper(),
        duration_periods=thing.get("duration_in_months") if thing["duration"] == "repeating" else None,
        redeem_until_on=datetime.fromtimestamp(redeem_by, UTC).date() if redeem_by else None,
        max_redemptions=thing.get("max_redemptions"),
        is_archived=is_archived or _is_for_products(thing),
    )


def _is_for_products(thing: Thing) -> bool:
    return bool((thing.get("applies_to") or {}).get("products"))


def _left_out(thing: Thing) -> Iterator[SkipReason]:
    """Return what Portico's coupon does not have. One for some products only is archived, so that nobody redeems it for others."""
    if _is_for_products(thing):
        yield SkipReason.COUPON_FOR_PRODUCTS
    if len(thing.get("currency_options") or {}) > 1:
        yield SkipReason.COUPON_IN_OTHER_CURRENCIES
