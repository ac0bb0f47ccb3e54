"""The changes that lead from the stored catalog to the one that is wanted. Mutations and files both use `plan`, and write exactly what it returns."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import auto

from billing.catalog.checks import CatalogProblem, Checked, problems_of
from billing.catalog.items import Catalog, CatalogItem, CatalogPrice, CatalogUse, ItemKey, ItemKind
from billing.refusals import ErrorCode
from billing.states import UpperStrEnum

# A price with other terms is another price: its row is replaced, and the code moves to the new row.
PRICE_TERMS = ("currency", "unit_minor", "billing_interval", "interval_count", "tax_behavior")


class ChangeAction(UpperStrEnum):
    """CREATE an item, CHANGE it in place, REPLACE a price by a new version, ARCHIVE an item, MOVE subscriptions of earlier versions of a price that is not changed."""

    CREATE = auto()
    CHANGE = auto()
    REPLACE = auto()
    ARCHIVE = auto()
    MOVE = auto()


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """One change. `subscriptions` is how many running ones depend on the item; `is_moving`: those to earlier versions of a price move to it at their next renewal."""

    key: ItemKey
    action: ChangeAction
    before: CatalogItem | None
    after: CatalogItem
    subscriptions: int = 0
    is_moving: bool = False

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """Return the attributes that differ, with the old and the new value; for a new item those that differ from their defaults."""
        before = self.before or type(self.after)(code=self.after.code)
        names = [field.name for field in fields(self.after)]
        return [(name, getattr(before, name), getattr(self.after, name)) for name in names if getattr(before, name) != getattr(self.after, name)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The catalog that is wanted, whole: what is stored and not in it is to be archived. `moving` are the codes of prices whose `existing` is AT_RENEWAL."""

    catalog: Catalog
    moving: frozenset[str] = frozenset()


def plan(stored: Catalog, wanted: Wanted, use: CatalogUse) -> tuple[CatalogChange, ...]:
    """Return the changes, in an order in which an item comes after those that it refers to. The catalog must have no problem (`problems`)."""
    changes = [*_wanted_changes(stored, wanted, use), *_archived(stored, wanted, use)]
    order = list(ItemKind)
    return tuple(sorted(changes, key=lambda change: order.index(change.key[0])))


def applied(stored: Catalog, changes: tuple[CatalogChange, ...]) -> Catalog:
    """Return the catalog after the changes."""
    return {**stored, **{change.key: change.after for change in changes}}


def problems(stored: Catalog, wanted: Wanted, use: CatalogUse) -> list[CatalogProblem]:
    """Return what is wrong with the items that are new or changed."""
    faults = [
        problem
        for key, item in wanted.catalog.items()
        if stored.get(key) != item
        for problem in problems_of(item, Checked(stored.get(key), wanted.catalog, use))
    ]
    return [*faults, *_impossible_moves(stored, wanted)]


def _wanted_changes(stored: Catalog, wanted: Wanted, use: CatalogUse) -> Iterator[CatalogChange]:
    for key, item in wanted.catalog.items():
        before = stored.get(key)
        action = _action(before, item)
        is_moving = key[0] is ItemKind.PRICE and key[1] in wanted.moving and (action is ChangeAction.REPLACE or key[1] in use.staying)
        if action is None and is_moving:
            action = ChangeAction.MOVE
        if action is not None:
            yield CatalogChange(key, action, before, item, use.subscriptions.get(key, 0), is_moving)


def _archived(stored: Catalog, wanted: Wanted, use: CatalogUse) -> Iterator[CatalogChange]:
    for key, item in stored.items():
        if key not in wanted.catalog and not item.is_archived:
            yield CatalogChange(key, ChangeAction.ARCHIVE, item, replace(item, is_archived=True), use.subscriptions.get(key, 0))


def _action(before: CatalogItem | None, item: CatalogItem) -> ChangeAction | None:
    """Return what the difference of an item requires; None without a difference."""
    if before is None:
        return ChangeAction.CREATE
    if before == item:
        return None
    if isinstance(item, CatalogPrice) and any(getattr(before, name) != getattr(item, name) for name in PRICE_TERMS):
        return ChangeAction.REPLACE
    return ChangeAction.ARCHIVE if replace(before, is_archived=True) == item else ChangeAction.CHANGE


def _impossible_moves(stored: Catalog, wanted: Wanted) -> Iterator[CatalogProblem]:
    """A subscription stays in its currency, so it cannot move to a price in another."""
    for code in sorted(wanted.moving):
        key = (ItemKind.PRICE, code)
        before, after = stored.get(key), wanted.catalog.get(key)
        if isinstance(before, CatalogPrice) and isinstance(after, CatalogPrice) and before.currency != after.currency:
            message = f"Subscriptions are in {before.currency}, and stay in it. Use KEEP, or create another price."
            yield CatalogProblem(key, "existing", ErrorCode.CURRENCY_MISMATCH, message)
