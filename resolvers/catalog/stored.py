"""The catalog of the database, and the rows of changes. Reading and writing happen under one lock, so that two changes are made one after the other."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from billing.catalog.items import (
    CatalogCoupon,
    CatalogItem,
    CatalogOption,
    CatalogPlan,
    CatalogPrice,
    CatalogUse,
    ItemKey,
    ItemKind,
    key_of,
)
from billing.catalog.planning import CatalogChange, ChangeAction
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.changes.writing import WriteContext

PREFIXES = {ItemKind.PLAN: "plan", ItemKind.PRICE: "price", ItemKind.COUPON: "cpn", ItemKind.CANCELLATION_OPTION: "off"}
BLOCKS = {ItemKind.PLAN: "plan", ItemKind.PRICE: "price", ItemKind.COUPON: "coupon", ItemKind.CANCELLATION_OPTION: "cancellation_option"}
ALL = {"code": None, "is_archived": None}


@dataclass(slots=True)
class StoredCatalog:
    """The items with their ids. `earlier` are the ids of versions of prices that were replaced, with the code that they had."""

    items: dict[ItemKey, CatalogItem] = field(default_factory=dict)
    ids: dict[ItemKey, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)
    use: CatalogUse = field(default_factory=CatalogUse)

    def key_of_id(self, kind: ItemKind, identifier: str) -> ItemKey | None:
        """Return the key of the item with an id. An earlier version of a price stands for the present one."""
        if kind is ItemKind.PRICE and identifier in self.earlier:
            return kind, self.earlier[identifier]
        return next((key for key, value in self.ids.items() if value == identifier and key[0] is kind), None)


async def locked_catalog(transaction: Transaction, *, is_counted: bool = False) -> StoredCatalog:
    """Return the catalog, which no other transaction changes before the end of this one. `is_counted`: with the number of subscriptions that depend on each item."""
    await transaction.run("catalog.lock")
    return await stored_catalog(transaction, is_counted=is_counted)


async def stored_catalog(transaction: Transaction, *, is_counted: bool = False) -> StoredCatalog:
    stored = StoredCatalog()
    plans = await transaction.run("catalog.plans", **ALL)
    prices = await transaction.run("catalog.prices", plan_id=None, **ALL)
    coupons = await transaction.run("catalog.coupons", **ALL)
    options = await transaction.run("catalog.cancellation_options", **ALL)
    plan_codes, coupon_codes = ({row.id: row.code for row in rows} for rows in (plans, coupons))
    for row in plans:
        _add(stored, row.id, CatalogPlan(code=row.code, name=row.name, description=row.description, trial_days=row.trial_days, is_archived=row.is_archived))
    for row in prices:
        _add(stored, row.id, _price(row, plan_codes))
    for row in coupons:
        _add(stored, row.id, _coupon(row))
    for row in options:
        _add(stored, row.id, _option(row, plan_codes, coupon_codes))
    earlier = await transaction.run("catalog.earlier_prices")
    stored.earlier = {row.id: row.former_code for row in earlier}
    uses = await transaction.run("catalog.uses") if is_counted else []
    stored.use = CatalogUse(
        {(ItemKind(use.kind), use.code): use.subscriptions for use in uses}, {row.code: row.redeemed_count for row in coupons}, _staying(stored, earlier)
    )
    return stored


async def write_changes(transaction: Transaction, stored: StoredCatalog, changes: Iterable[CatalogChange], *, by: WriteContext) -> list[str]:
    """Write the changes, and return the codes of the prices to which subscriptions move. Raises Refused."""
    moving: list[str] = []
    for change in changes:
        if change.action is ChangeAction.REPLACE:
            await transaction.run("catalog.replace_price", id=stored.ids[change.key])
        if change.action in (ChangeAction.CREATE, ChangeAction.REPLACE):
            stored.ids[change.key] = by.new_id(PREFIXES[change.key[0]])
            await transaction.run(f"catalog.add_{BLOCKS[change.key[0]]}", **_columns(change.after, stored))
        elif change.action is not ChangeAction.MOVE:
            await _change(transaction, change, stored)
        if isinstance(change.after, CatalogPrice) and change.is_moving:
            await transaction.run("catalog.move_price", id=stored.ids[change.key], code=change.after.code, currency=change.after.currency)
            moving.append(change.after.code)
    return moving


async def _change(transaction: Transaction, change: CatalogChange, stored: StoredCatalog) -> None:
    rows = await transaction.run(f"catalog.change_{BLOCKS[change.key[0]]}", **_columns(change.after, stored))
    if isinstance(change.after, CatalogCoupon) and not rows:
        raise Refused(ErrorCode.WRONG_STATE, "It was redeemed more often meanwhile.", "maxRedemptions")


def _columns(item: CatalogItem, stored: StoredCatalog) -> dict[str, Any]:
    """Return the columns of an item. Codes of other items become their ids."""
    columns = asdict(item)
    plan, coupon = columns.pop("plan", None), columns.pop("coupon", None)
    ids = {
        "id": stored.ids[key_of(item)],
        "plan_id": stored.ids[ItemKind.PLAN, plan] if plan else None,
        "coupon_id": stored.ids[ItemKind.COUPON, coupon] if coupon else None,
    }
    return {**columns, **ids}


def _add(stored: StoredCatalog, identifier: str, item: CatalogItem) -> None:
    stored.items[key_of(item)] = item
    stored.ids[key_of(item)] = identifier


def _price(row: Any, plans: dict[str, str]) -> CatalogPrice:
    return CatalogPrice(
        code=row.code,
        plan=plans[row.plan_id],
        currency=row.currency,
        unit_minor=row.unit_minor,
        billing_interval=row.billing_interval,
        interval_count=row.interval_count,
        tax_behavior=row.tax_behavior,
        is_archived=row.is_archived,
    )


def _coupon(row: Any) -> CatalogCoupon:
    return CatalogCoupon(
        code=row.code,
        name=row.name,
        percent_off_ppm=row.percent_off_ppm,
        amount_off_minor=row.amount_off_minor,
        currency=row.currency,
        duration=row.duration,
        duration_periods=row.duration_periods,
        redeem_until_on=row.redeem_until_on,
        max_redemptions=row.max_redemptions,
        is_archived=row.is_archived,
    )


def _option(row: Any, plans: dict[str, str], coupons: dict[str, str]) -> CatalogOption:
    return CatalogOption(
        code=row.code,
        rank=row.rank,
        kind=row.kind,
        headline=row.headline,
        plan=plans.get(row.plan_id or ""),
        coupon=coupons.get(row.coupon_id or ""),
        is_archived=row.is_archived,
    )


def _staying(stored: StoredCatalog, earlier: Iterable[Any]) -> frozenset[str]:
    """Return the codes of prices with an earlier version in the same currency that does not move to the present one."""
    staying = set()
    for row in earlier:
        key = (ItemKind.PRICE, row.former_code)
        present = stored.items.get(key)
        if isinstance(present, CatalogPrice) and present.currency == row.currency and row.moves_to != stored.ids[key]:
            staying.add(row.former_code)
    return frozenset(staying)
