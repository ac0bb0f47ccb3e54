"""Products as plans, and recurring prices as their prices. A price in several currencies becomes a price for each of them."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from billing.catalog.checks import MAX_DESCRIPTION, MAX_NAME, Checked, problems_of
from billing.catalog.items import CatalogItem, CatalogPlan, CatalogPrice, CatalogUse, catalog_of
from imports.stripe.mapping.reasons import Skipped, SkipReason
from payments.stripe_amounts import from_stripe

Thing = Mapping[str, Any]


def plans_of(products: Iterable[Thing], prices: Iterable[Thing], skipped: Skipped) -> list[CatalogItem]:
    """Return plans with their prices. A product that has none is no plan."""
    plans = {product["id"]: _plan(product) for product in products}
    taken = [price for one in prices for price in _prices(one, plans, skipped)]
    used = {price.plan for price in taken}
    for plan in plans.values():
        if plan.code not in used:
            skipped.skip({"object": "product", "id": plan.code}, SkipReason.PRODUCT_WITHOUT_PRICES)
    return [*(plan for plan in plans.values() if plan.code in used), *taken]


def code_of(price: str, currency: str, *, main_currency: str) -> str:
    """Return the code of a price in one of its currencies (in capitals): its id at Stripe, for all but its main one with the currency."""
    return price if currency == main_currency else f"{price}-{currency.lower()}"


def _plan(product: Thing) -> CatalogPlan:
    name = (product["name"] or product["id"]).strip()[:MAX_NAME] or product["id"]
    description = (product.get("description") or "")[:MAX_DESCRIPTION]
    return CatalogPlan(code=product["id"], name=name, description=description, is_archived=not product["active"])


def _prices(price: Thing, plans: Mapping[str, CatalogPlan], skipped: Skipped) -> Iterator[CatalogPrice]:
    product = price["product"] if isinstance(price["product"], str) else price["product"]["id"]
    if reason := _without_counterpart(price):
        return skipped.skip(price, reason)
    if product not in plans:
        return skipped.skip(price, SkipReason.PRODUCT_NOT_READ, product)
    main = price["currency"].upper()
    options = {code.upper(): option for code, option in (price.get("currency_options") or {}).items()}
    for currency, option in {main: price, **{code: one for code, one in options.items() if code != main}}.items():
        item = _price(price, currency, option, plan=product)
        if option.get("custom_unit_amount") or option.get("tiers"):
            skipped.skip(price, SkipReason.CUSTOMER_CHOOSES_AMOUNT if option.get("custom_unit_amount") else SkipReason.TIERED_PRICE, currency)
        elif option.get("unit_amount") is None:
            skipped.skip(price, SkipReason.FRACTION_OF_MINOR_UNIT, f"{option.get('unit_amount_decimal')} {currency}")
        elif fault := _fault(item, plans[product]):
            skipped.skip(price, SkipReason.INVALID_ITEM, fault)
        else:
            yield item
    return None


def _without_counterpart(price: Thing) -> SkipReason | None:
    recurring = price.get("recurring")
    if price["type"] != "recurring" or not recurring:
        return SkipReason.ONE_TIME_PRICE
    if recurring["usage_type"] == "metered":
        return SkipReason.METERED_PRICE
    if price["billing_scheme"] == "tiered":
        return SkipReason.TIERED_PRICE
    return SkipReason.QUANTITY_TRANSFORMED if price.get("transform_quantity") else None


def _price(price: Thing, currency: str, option: Thing, *, plan: str) -> CatalogPrice:
    return CatalogPrice(
        code=code_of(price["id"], currency, main_currency=price["currency"].upper()),
        plan=plan,
        currency=currency,
        unit_minor=from_stripe(int(Decimal(str(option.get("unit_amount") or 0))), currency),
        billing_interval=price["recurring"]["interval"].upper(),
        interval_count=price["recurring"]["interval_count"],
        tax_behavior="INCLUSIVE" if (option.get("tax_behavior") or price.get("tax_behavior")) == "inclusive" else "EXCLUSIVE",
        is_archived=not price["active"],
    )


def _fault(item: CatalogPrice, plan: CatalogPlan) -> str | None:
    """Return what `catalog apply` would refuse."""
    checked = Checked(None, catalog_of([plan, item]), CatalogUse())
    return next((problem.message for one in (plan, item) for problem in problems_of(one, checked)), None)


def prices_by_code(items: Iterable[CatalogItem]) -> dict[str, CatalogPrice]:
    return {item.code: item for item in items if isinstance(item, CatalogPrice)}
