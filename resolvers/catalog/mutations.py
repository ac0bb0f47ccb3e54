"""The staff mutations of the catalog: each saves or archives one item, by the same plan of changes as a file."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import MISSING, Field, fields, replace
from enum import Enum
from typing import Any

from billing.catalog.checks import CatalogProblem
from billing.catalog.items import CatalogCoupon, CatalogItem, CatalogPrice, Existing, ItemKey, ItemKind, coupon_form
from billing.catalog.keys import ITEMS
from billing.catalog.planning import ChangeAction, Wanted, plan, problems
from billing.merchant.upserts import SaveOutcome
from billing.money.decimals import is_known_currency, minor_of, ppm_of
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.catalog.price_moves import schedule_moves
from resolvers.catalog.stored import StoredCatalog, locked_catalog, write_changes
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.mutating import present_fields
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent

# The attribute that a field of an input sets, where the names differ.
ATTRIBUTES = {
    "plan_code": "plan",
    "coupon_code": "coupon",
    "amount": "unit_minor",
    "amount_off": "amount_off_minor",
    "percent_off": "percent_off_ppm",
    "interval": "billing_interval",
}
FIELDS = {attribute: name for name, attribute in ATTRIBUTES.items()}
NOUNS = {ItemKind.PLAN: "plan", ItemKind.PRICE: "price", ItemKind.COUPON: "coupon", ItemKind.CANCELLATION_OPTION: "cancellation option"}
PAYLOADS = {**NOUNS, ItemKind.CANCELLATION_OPTION: "catalog_cancellation_option"}
NAMES = {ItemKind.PLAN: "Plan", ItemKind.PRICE: "Price", ItemKind.COUPON: "Coupon", ItemKind.CANCELLATION_OPTION: "CancellationOption"}
# Fields of an input that are no attributes of an item.
OTHERS = {"id", "code", "idempotency_key", "existing"}
# A mutation has a deadline. The command line has none.
MAX_MOVES = 2_000

Resolve = Callable[[Any, Context], Awaitable[MutationResult]]


def saving(kind: ItemKind) -> Resolve:
    """Return the resolver of `savePlan`, `savePrice` and so on: it creates the item with the id or code, or changes it. The same call again changes nothing."""

    def wanted(stored: StoredCatalog, arguments: Any) -> CatalogItem:
        key = _key(kind, stored, arguments, is_new_allowed=True)
        return _patched(stored.items.get(key) or ITEMS[kind](code=key[1]), arguments)

    return _resolver(f"save{NAMES[kind]}", wanted)


def archiving(kind: ItemKind) -> Resolve:
    """Return the resolver of `archivePlan` and so on. What runs goes on."""

    def wanted(stored: StoredCatalog, arguments: Any) -> CatalogItem:
        return replace(stored.items[_key(kind, stored, arguments, is_new_allowed=False)], is_archived=True)

    return _resolver(f"archive{NAMES[kind]}", wanted)


def _resolver(mutation: str, wanted: Callable[[StoredCatalog, Any], CatalogItem]) -> Resolve:
    async def resolve(arguments: Any, context: Context) -> MutationResult:
        async def prepare(transaction: Transaction, by: WriteContext, _call: MutationCall | None) -> Prepared:
            stored = await locked_catalog(transaction)
            return await _save(transaction, stored, wanted(stored, arguments), is_moving=getattr(arguments, "existing", None) == Existing.AT_RENEWAL, by=by)

        return await run_idempotent(context, arguments, mutation, prepare)

    return resolve


async def _save(transaction: Transaction, stored: StoredCatalog, item: CatalogItem, *, is_moving: bool, by: WriteContext) -> Prepared:
    key = (_kind(item), item.code)
    wanted = Wanted({**stored.items, key: item}, frozenset({item.code} if is_moving else ()))
    if faults := problems(stored.items, wanted, stored.use):
        raise _refused(faults[0])
    changes = plan(stored.items, wanted, stored.use)
    moving = await write_changes(transaction, stored, changes, by=by)
    moved = await schedule_moves(transaction, stored, moving, by=by, most=MAX_MOVES)
    outcome = SaveOutcome.UNCHANGED if not changes else SaveOutcome.CREATED if changes[0].action is ChangeAction.CREATE else SaveOutcome.UPDATED
    return Prepared({PAYLOADS[key[0]]: stored.ids[key], "outcome": outcome, "subscriptions_moved": moved}, {}, f"{item.code} {outcome}")


def _kind(item: CatalogItem) -> ItemKind:
    return next(kind for kind, of_kind in ITEMS.items() if isinstance(item, of_kind))


def _key(kind: ItemKind, stored: StoredCatalog, arguments: Any, *, is_new_allowed: bool) -> ItemKey:
    """Return the key of the item that an input names by its id or code. A code that is stored never changes. Raises Refused."""
    sent = present_fields(arguments)
    identifier, code = sent.get("id"), sent.get("code")
    code = coupon_form(code) if code is not None and kind is ItemKind.COUPON else code
    if identifier is not None:
        key = stored.key_of_id(kind, str(identifier))
        if key is None:
            raise Refused(ErrorCode.NOT_FOUND, f"There is no {NOUNS[kind]} with this id.", "id")
        if code is not None and code != key[1]:
            raise Refused(ErrorCode.INVALID_VALUE, f"Its code is {key[1]}, and a code never changes.", "code")
        return key
    if code is None:
        raise Refused(ErrorCode.INVALID_VALUE, "Name it by its code or its id.", "code")
    if not is_new_allowed and (kind, code) not in stored.items:
        raise Refused(ErrorCode.NOT_FOUND, f"There is no {NOUNS[kind]} with the code {code}.", "code")
    return kind, code


def _patched(item: CatalogItem, arguments: Any) -> CatalogItem:
    """Return the item with the fields of an input. An absent field stays, and null gives the default. Raises Refused."""
    sent = {name: value for name, value in present_fields(arguments).items() if name not in OTHERS}
    defaults = {field.name: _default(field) for field in fields(item)}
    values = {ATTRIBUTES.get(name, name): defaults[ATTRIBUTES.get(name, name)] if value is None else _plain(value) for name, value in sent.items()}
    if isinstance(item, CatalogPrice | CatalogCoupon):
        values |= _numbers(item, values)
    if isinstance(values.get("coupon"), str):
        values["coupon"] = coupon_form(values["coupon"])
    return replace(item, **values)


def _numbers(item: CatalogPrice | CatalogCoupon, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the amounts and the percentage of an input, in minor units and parts per million. An amount is in the currency beside it. Raises Refused."""
    currency = values.get("currency", item.currency)
    name = "unit_minor" if isinstance(item, CatalogPrice) else "amount_off_minor"
    numbers: dict[str, Any] = {}
    if isinstance(values.get(name), str):
        if currency is None or not is_known_currency(currency):
            raise Refused(ErrorCode.INVALID_VALUE, "An amount needs a currency of ISO 4217.", "currency")
        numbers[name] = _number(lambda: minor_of(values[name], currency), name)
    elif currency != item.currency and currency is not None and getattr(item, name) is not None and name not in values:
        raise Refused(ErrorCode.INVALID_VALUE, f"An amount in {currency} is needed beside the currency.", FIELDS[name])
    if isinstance(values.get("percent_off_ppm"), str):
        numbers["percent_off_ppm"] = _number(lambda: ppm_of(values["percent_off_ppm"]), "percent_off_ppm")
    return numbers


def _number(read: Callable[[], int], attribute: str) -> int:
    try:
        return read()
    except ValueError as error:
        raise Refused(ErrorCode.INVALID_VALUE, str(error), _field(attribute)) from None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _default(field: "Field[Any]") -> Any:
    return None if field.default is MISSING else field.default


def _refused(problem: CatalogProblem) -> Refused:
    return Refused(problem.code, problem.message, _field(problem.attribute))


def _field(attribute: str) -> str:
    """Return the name of the field of the API that sets an attribute."""
    first, *rest = FIELDS.get(attribute, attribute).split("_")
    return first + "".join(part.capitalize() for part in rest)
