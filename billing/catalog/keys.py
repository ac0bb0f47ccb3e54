"""The keys of a catalog file, each with the attribute that it sets. The reader, the export and the JSON Schema are all made from these tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import auto

from billing.catalog import checks
from billing.catalog.items import CatalogCoupon, CatalogOption, CatalogPlan, CatalogPrice, Existing, ItemKind
from billing.states import BillingInterval, CouponDuration, RetentionKind, TaxBehavior, UpperStrEnum

VERSION = 1


class ValueKind(UpperStrEnum):
    """What a value of a key is. AMOUNT is decimal text in major units, PERCENT decimal text, CODE the code of an item."""

    TEXT = auto()
    CODE = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    DAY = auto()
    AMOUNT = auto()
    PERCENT = auto()
    CURRENCY = auto()


@dataclass(frozen=True, slots=True)
class FileKey:
    """One key. `bounds` are the least and the greatest number, or the greatest length of a text; `choices` are all its values."""

    name: str
    attribute: str
    kind: ValueKind
    about: str
    is_required: bool = False
    bounds: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()


_ARCHIVED = FileKey("archived", "is_archived", ValueKind.BOOLEAN, "Whether it is no longer offered. Default: false.")


def _code(of: str) -> FileKey:
    return FileKey("code", "code", ValueKind.CODE, f"Names the {of} among all of its kind. It never changes.", is_required=True)


# `existing` is no attribute of a price: it says what becomes of subscriptions when the price changes.
EXISTING = FileKey(
    "existing",
    "existing",
    ValueKind.TEXT,
    "What becomes of subscriptions to earlier versions of the price: they keep them (KEEP, the default), or move at their next renewal (AT_RENEWAL).",
    choices=tuple(Existing),
)

KEYS: Mapping[ItemKind, tuple[FileKey, ...]] = {
    ItemKind.PLAN: (
        _code("plan"),
        FileKey("name", "name", ValueKind.TEXT, "The name customers know it by.", is_required=True, bounds=(1, checks.MAX_NAME)),
        FileKey("description", "description", ValueKind.TEXT, "What it contains.", bounds=(0, checks.MAX_DESCRIPTION)),
        FileKey("trialDays", "trial_days", ValueKind.INTEGER, "Days of free trial for a customer who has not had the plan.", bounds=(0, checks.MAX_TRIAL_DAYS)),
        _ARCHIVED,
    ),
    ItemKind.PRICE: (
        _code("price"),
        FileKey("amount", "unit_minor", ValueKind.AMOUNT, "For one unit and one period, in major units: 12.90 is 12 dollars and 90 cents.", is_required=True),
        FileKey("currency", "currency", ValueKind.CURRENCY, "ISO 4217, such as USD.", is_required=True),
        FileKey("interval", "billing_interval", ValueKind.TEXT, "The unit of the billing period.", is_required=True, choices=tuple(BillingInterval)),
        FileKey("intervalCount", "interval_count", ValueKind.INTEGER, "How many of those units a period has. Default: 1.", bounds=(1, checks.MAX_INTERVALS)),
        FileKey(
            "taxBehavior",
            "tax_behavior",
            ValueKind.TEXT,
            "Whether tax is added to the amount or contained in it. Default: EXCLUSIVE.",
            choices=tuple(TaxBehavior),
        ),
        _ARCHIVED,
        EXISTING,
    ),
    ItemKind.COUPON: (
        _code("coupon"),
        FileKey("name", "name", ValueKind.TEXT, "What it is called on an invoice.", is_required=True, bounds=(1, checks.MAX_NAME)),
        FileKey("percentOff", "percent_off_ppm", ValueKind.PERCENT, "How many percent it takes off, before tax: 12.5. Either this or amountOff."),
        FileKey("amountOff", "amount_off_minor", ValueKind.AMOUNT, "The amount that it takes off, before tax, in major units."),
        FileKey("currency", "currency", ValueKind.CURRENCY, "The currency of amountOff."),
        FileKey("duration", "duration", ValueKind.TEXT, "For how long it reduces invoices.", is_required=True, choices=tuple(CouponDuration)),
        FileKey("durationPeriods", "duration_periods", ValueKind.INTEGER, "For REPEATING, the number of invoices.", bounds=(1, checks.MAX_PERIODS)),
        FileKey("redeemUntilOn", "redeem_until_on", ValueKind.DAY, "The last day on which it can be redeemed, where the customer lives."),
        FileKey("maxRedemptions", "max_redemptions", ValueKind.INTEGER, "How often it can be redeemed, by all customers.", bounds=(1, checks.MAX_REDEMPTIONS)),
        _ARCHIVED,
    ),
    ItemKind.CANCELLATION_OPTION: (
        _code("option"),
        FileKey("rank", "rank", ValueKind.INTEGER, "Its place among the options: 1 is offered first.", is_required=True, bounds=(1, checks.MAX_RANK)),
        FileKey("kind", "kind", ValueKind.TEXT, "What is offered.", is_required=True, choices=tuple(RetentionKind)),
        FileKey("headline", "headline", ValueKind.TEXT, "The text that the customer reads.", is_required=True, bounds=(1, checks.MAX_NAME)),
        FileKey("plan", "plan", ValueKind.CODE, "For DOWNGRADE, the code of the plan to change to."),
        FileKey("coupon", "coupon", ValueKind.CODE, "For COUPON, the code of the coupon."),
        _ARCHIVED,
    ),
}

# The lists of a file, with the kind of their items. Prices stand in the list `prices` of their plan.
LISTS: Mapping[str, ItemKind] = {"plans": ItemKind.PLAN, "coupons": ItemKind.COUPON, "cancellationOptions": ItemKind.CANCELLATION_OPTION}
PRICES = "prices"
ITEMS: Mapping[ItemKind, type[CatalogPlan | CatalogPrice | CatalogCoupon | CatalogOption]] = {
    ItemKind.PLAN: CatalogPlan,
    ItemKind.PRICE: CatalogPrice,
    ItemKind.COUPON: CatalogCoupon,
    ItemKind.CANCELLATION_OPTION: CatalogOption,
}


def key_named(kind: ItemKind, attribute: str) -> str:
    """Return the key that sets an attribute; `plan` of a price is its place in the file."""
    return next((key.name for key in KEYS[kind] if key.attribute == attribute), attribute)
