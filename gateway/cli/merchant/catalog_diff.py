"""The changes of a catalog as lines for people."""

from collections.abc import Iterator

from billing.catalog.items import CatalogCoupon, CatalogItem, CatalogPrice, ItemKind
from billing.catalog.keys import key_named
from billing.catalog.planning import CatalogChange, ChangeAction
from billing.money.coupons import percent_text
from billing.money.money import decimal_text

NOUNS = {ItemKind.PLAN: "plan", ItemKind.PRICE: "price", ItemKind.COUPON: "coupon", ItemKind.CANCELLATION_OPTION: "cancellation option"}
SIGNS = {ChangeAction.CREATE: "+", ChangeAction.CHANGE: "~", ChangeAction.REPLACE: "~", ChangeAction.ARCHIVE: "-", ChangeAction.MOVE: "~"}


def lines_of(changes: tuple[CatalogChange, ...]) -> Iterator[str]:
    """Return a line for each change, and one below it for each key that differs."""
    for change in changes:
        yield f"{SIGNS[change.action]} {NOUNS[change.key[0]]} {change.key[1]}{_consequence(change)}"
        if change.action is not ChangeAction.ARCHIVE:
            for attribute, before, after in change.differences:
                if attribute != "code":
                    yield _difference(change, attribute, before, after)
    if changes:
        yield _summary(changes)


def _difference(change: CatalogChange, attribute: str, before: object, after: object) -> str:
    name = key_named(change.key[0], attribute)
    new = _text(attribute, after, change.after)
    if change.before is None:
        return f"    {name}: {new}"
    return f"    {name}: {_text(attribute, before, change.before)} -> {new}"


def _text(attribute: str, value: object, item: CatalogItem) -> str:
    if value is None or value == "":
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if attribute in ("unit_minor", "amount_off_minor") and isinstance(value, int) and isinstance(item, CatalogPrice | CatalogCoupon):
        return decimal_text(value, item.currency or "")
    if attribute == "percent_off_ppm" and isinstance(value, int):
        return f"{percent_text(value)} %"
    return str(value)


def _consequence(change: CatalogChange) -> str:
    """Return what becomes of the subscriptions that depend on the item."""
    is_one = change.subscriptions == 1
    count = f"{change.subscriptions} subscription{'' if is_one else 's'}"
    if change.action is ChangeAction.CREATE:
        return ""
    if change.action is ChangeAction.ARCHIVE:
        return f": archived, {count} {'goes' if is_one else 'go'} on" if change.subscriptions else ": archived"
    if change.action is ChangeAction.CHANGE:
        return f": {count}" if change.subscriptions else ""
    moves, keeps = ("moves", "keeps the version that it has") if is_one else ("move", "keep the version that they have")
    becomes = f"{moves} at the next renewal" if change.is_moving else keeps
    version = ": new version" if change.action is ChangeAction.REPLACE else ""
    return f"{version}{',' if version else ':'} {count} {becomes}"


def _summary(changes: tuple[CatalogChange, ...]) -> str:
    counts = [sum(change.action is action for change in changes) for action in ChangeAction]
    named = dict(zip(ChangeAction, counts, strict=True))
    changed = named[ChangeAction.CHANGE] + named[ChangeAction.REPLACE] + named[ChangeAction.MOVE]
    return f"{named[ChangeAction.CREATE]} to create, {changed} to change, {named[ChangeAction.ARCHIVE]} to archive."
