"""What an item of the catalog must be. Only items that are new or differ from the stored ones are checked, so a rule that became stricter refuses no catalog that is stored."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from billing.catalog.amounts import MAX_OFF_MINOR, MAX_UNIT_MINOR
from billing.catalog.items import Catalog, CatalogCoupon, CatalogItem, CatalogOption, CatalogPlan, CatalogPrice, CatalogUse, ItemKey, ItemKind, key_of
from billing.money.decimals import is_known_currency
from billing.money.money import decimal_text
from billing.refusals import ErrorCode
from billing.states import BillingInterval, CouponDuration, RetentionKind, TaxBehavior
from billing.utf8 import is_storable
from billing.visible_text import is_blank

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
MAX_NAME, MAX_DESCRIPTION, MAX_TRIAL_DAYS, MAX_INTERVALS, MAX_PERIODS, MAX_RANK, MAX_REDEMPTIONS = 200, 2_000, 730, 36, 120, 10_000, 2**31 - 1


@dataclass(frozen=True, slots=True)
class CatalogProblem:
    """Why an item is refused. `attribute` is the attribute of the item."""

    key: ItemKey
    attribute: str
    code: ErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class ItemFault:
    """A fault of one attribute; INVALID_VALUE unless it says otherwise."""

    attribute: str
    message: str
    code: ErrorCode = ErrorCode.INVALID_VALUE


@dataclass(frozen=True, slots=True)
class Checked:
    """An item with what its checks read: the stored item of its key, and the whole catalog that is wanted."""

    before: CatalogItem | None
    wanted: Catalog
    use: CatalogUse


Faults = Iterator[ItemFault]


def problems_of(item: CatalogItem, checked: Checked) -> Iterator[CatalogProblem]:
    """Return what is wrong with an item, the first cause first."""
    if checked.before is None and not CODE.fullmatch(item.code):
        yield CatalogProblem(
            key_of(item),
            "code",
            ErrorCode.INVALID_VALUE,
            "A code has 1 to 60 letters, digits, dots, underscores and hyphens, and begins with a letter or digit.",
        )
    for fault in CHECKS[key_of(item)[0]](item, checked):
        yield CatalogProblem(key_of(item), fault.attribute, fault.code, fault.message)


def _plan(item: CatalogPlan, _: Checked) -> Faults:
    yield from _text(item.name, "name", MAX_NAME)
    if item.description:
        yield from _text(item.description, "description", MAX_DESCRIPTION)
    yield from _range(item.trial_days, "trial_days", 0, MAX_TRIAL_DAYS)


def _price(item: CatalogPrice, checked: Checked) -> Faults:
    yield from _reference(item.plan, "plan", ItemKind.PLAN, checked)
    yield from _price_amount(item)
    yield from _choice(item.billing_interval, "billing_interval", BillingInterval)
    yield from _choice(item.tax_behavior, "tax_behavior", TaxBehavior)
    yield from _range(item.interval_count, "interval_count", 1, MAX_INTERVALS)
    if isinstance(checked.before, CatalogPrice) and checked.before.plan != item.plan:
        yield ItemFault("plan", f"The price belongs to the plan {checked.before.plan}, and stays there. Create another price.", ErrorCode.WRONG_STATE)


def _price_amount(item: CatalogPrice) -> Faults:
    if item.currency is None:
        yield ItemFault("currency", "A price needs a currency.")
    elif not is_known_currency(item.currency):
        yield ItemFault("currency", f"{item.currency} is no currency of ISO 4217.")
    if item.unit_minor is None:
        yield ItemFault("unit_minor", "A price needs an amount.")
    elif item.unit_minor < 0:
        yield ItemFault("unit_minor", "A price cannot be negative.")
    elif item.unit_minor > MAX_UNIT_MINOR:
        limit = decimal_text(MAX_UNIT_MINOR, item.currency or "")
        yield ItemFault("unit_minor", f"A price is at most {limit} {item.currency}, so that 10,000 units with tax stay below 2^53 minor units.")


def _coupon(item: CatalogCoupon, checked: Checked) -> Faults:
    yield from _text(item.name, "name", MAX_NAME)
    yield from _discount(item)
    yield from _choice(item.duration, "duration", CouponDuration)
    if item.duration == CouponDuration.REPEATING and item.duration_periods is None:
        yield ItemFault("duration_periods", "A coupon that is REPEATING needs a number of periods.")
    elif item.duration != CouponDuration.REPEATING and item.duration_periods is not None:
        yield ItemFault("duration_periods", "Only a coupon that is REPEATING has a number of periods.")
    elif item.duration_periods is not None:
        yield from _range(item.duration_periods, "duration_periods", 1, MAX_PERIODS)
    if item.max_redemptions is not None:
        yield from _range(item.max_redemptions, "max_redemptions", 1, MAX_REDEMPTIONS)
        redemptions = checked.use.redemptions.get(item.code, 0)
        if item.max_redemptions < redemptions:
            yield ItemFault("max_redemptions", f"It was redeemed {redemptions} times already.", ErrorCode.WRONG_STATE)
    yield from _same_terms(item, checked.before)


def _discount(item: CatalogCoupon) -> Faults:
    if item.percent_off_ppm is None and item.amount_off_minor is None:
        yield ItemFault(
            "percent_off_ppm", "A coupon needs a percentage or an amount." if item.currency is None else "A coupon with a currency needs an amount."
        )
    elif item.percent_off_ppm is not None and item.amount_off_minor is not None:
        yield ItemFault("amount_off_minor", "A coupon has a percentage or an amount, not both.")
    elif item.percent_off_ppm is not None and not 0 < item.percent_off_ppm <= 1_000_000:
        yield ItemFault("percent_off_ppm", "A percentage is more than 0 and at most 100.")
    elif item.amount_off_minor is not None and not 0 < item.amount_off_minor <= MAX_OFF_MINOR:
        yield ItemFault("amount_off_minor", "An amount is more than 0 and at most 2^53 minor units.")
    if item.amount_off_minor is None and item.percent_off_ppm is not None and item.currency is not None:
        yield ItemFault("currency", "A percentage has no currency.")
    elif item.amount_off_minor is not None and item.currency is None:
        yield ItemFault("currency", "An amount needs a currency.")
    elif item.amount_off_minor is not None and item.currency is not None and not is_known_currency(item.currency):
        yield ItemFault("currency", f"{item.currency} is no currency of ISO 4217.")


def _same_terms(item: CatalogCoupon, before: CatalogItem | None) -> Faults:
    """The terms of a coupon never change: it may be on subscriptions, whose renewals were promised at its terms."""
    if isinstance(before, CatalogCoupon):
        for attribute in COUPON_TERMS:
            if getattr(item, attribute) != getattr(before, attribute):
                yield ItemFault(attribute, "The terms of a coupon never change. Archive it, and create another.", ErrorCode.WRONG_STATE)


COUPON_TERMS = ("percent_off_ppm", "amount_off_minor", "currency", "duration", "duration_periods")


def _option(item: CatalogOption, checked: Checked) -> Faults:
    yield from _text(item.headline, "headline", MAX_NAME)
    yield from _choice(item.kind, "kind", RetentionKind)
    if item.rank is None:
        yield ItemFault("rank", "A cancellation option needs a rank; 1 is offered first.")
    else:
        yield from _range(item.rank, "rank", 1, MAX_RANK)
        if not item.is_archived and item.code != _first_of_rank(item.rank, checked.wanted):
            yield ItemFault("rank", f"Another cancellation option has rank {item.rank}.")
    for attribute, kind, of_kind in (("plan", RetentionKind.DOWNGRADE, ItemKind.PLAN), ("coupon", RetentionKind.COUPON, ItemKind.COUPON)):
        value = getattr(item, attribute)
        if item.kind == kind:
            yield from _reference(value, attribute, of_kind, checked)
        elif value is not None:
            yield ItemFault(attribute, f"Only {kind} has a {attribute}.")


def _first_of_rank(rank: int, wanted: Catalog) -> str:
    """Return the code of the option that has a rank; of several, the last in the catalog's order is refused, so the first counts."""
    return next(one.code for one in wanted.values() if isinstance(one, CatalogOption) and one.rank == rank and not one.is_archived)


def _reference(code: str | None, attribute: str, kind: ItemKind, checked: Checked) -> Faults:
    if code is None:
        yield ItemFault(attribute, f"The code of a {attribute} is needed.")
    elif (kind, code) not in checked.wanted:
        yield ItemFault(attribute, f"There is no {attribute} with the code {code}.", ErrorCode.NOT_FOUND)


def _text(text: str, attribute: str, longest: int) -> Faults:
    if not is_storable(text) or is_blank(text) or len(text) > longest:
        yield ItemFault(attribute, f"It has 1 to {longest:,} characters.")


def _range(number: int, attribute: str, least: int, most: int) -> Faults:
    if not least <= number <= most:
        yield ItemFault(attribute, f"It is {least:,} to {most:,}.")


def _choice(value: str | None, attribute: str, choices: type[BillingInterval | TaxBehavior | CouponDuration | RetentionKind]) -> Faults:
    if value not in list(choices):
        yield ItemFault(attribute, f"It is one of {', '.join(choices)}.")


CHECKS: dict[ItemKind, Callable[..., Faults]] = {
    ItemKind.PLAN: _plan,
    ItemKind.PRICE: _price,
    ItemKind.COUPON: _coupon,
    ItemKind.CANCELLATION_OPTION: _option,
}
