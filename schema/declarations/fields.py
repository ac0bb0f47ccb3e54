"""The kinds of field. A plain annotation is a column; the other kinds are declared with the functions here.

    column    `status: SubscriptionStatus`             a value in the row
              `money("total_minor")`, `part(…)`        columns of the row, presented as an object
    relation  `one(…)`, `many(…)`, `page(…)`, `any_of(…)`, `listed(…)`  rows that belong to this row, selected by a block
    derived   `derived(function, needs=(…))`           computed from columns of this row by a pure function

Each puts its declaration into the field's metadata: the executor's resolver is made from it here, and the planner reads the same declaration.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import strawberry
from graphql import GraphQLObjectType
from strawberry.extensions import FieldExtension
from strawberry.types import Info as StrawberryInfo

from auth.permissions import Permission, check
from auth.urls.links import Links
from auth.viewer import Viewer
from billing.files.attachments import DEFAULT_LIMITS, FileLimits
from billing.money.money import Money
from billing.rows.partners import CostBudget
from db.blocks import Block, blocks
from resolvers.context import Context, Info
from resolvers.reads import relations
from schema.declarations.connections import Connection
from schema.declarations.nouns import MoneyType
from schema.declarations.paging import TYPES, Argument, page_filters, paging_arguments, sort_argument, window

DECLARATION = "portico"
PERMISSION = "permission"
DEFINITION = "strawberry-definition"  # the extension of a field or argument of the schema with the Strawberry definition that it was made from
Parent = strawberry.Parent[Any]


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The facts of a call that derived fields may use: the caller, the maker of download URLs, what is left of the caller's budget, the locale of the caller's
    customer, and the operator's limits of files."""

    viewer: Viewer
    links: Links | None = None
    budget: CostBudget | None = None
    customer_locale: str | None = None
    file_limits: FileLimits = DEFAULT_LIMITS


# The fact that is read from the database, and the argument of a field that makes this read unnecessary.
CUSTOMER_LOCALE = "customer_locale"
LOCALE = "locale"

# The facts that a derived field gets when a parameter of its function has the name.
ABOUT_CALL: dict[str, Callable[[CallFacts], Any]] = {
    "actor": lambda facts: facts.viewer.kind,
    "needs_sign_in": lambda facts: facts.viewer.needs_sign_in,
    "session_id": lambda facts: facts.viewer.session_id,
    "links": lambda facts: facts.links,
    "budget": lambda facts: facts.budget,
    CUSTOMER_LOCALE: lambda facts: facts.customer_locale,
    "file_limits": lambda facts: facts.file_limits,
    "max_files": lambda facts: facts.file_limits.per_parent,
}


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """The declaration of an object made of columns of this row; null where the column `when` is null. `columns` maps the object's columns to the row's."""

    columns: Mapping[str, str] | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class One:
    block: Block
    key: str


@dataclass(frozen=True, slots=True)
class Many:
    """The declaration of a list. `columns` as in ColumnGroup: how each row of the block is presented. Rows where the column `when` is null are left out."""

    block: Block
    key: str
    columns: Mapping[str, str] | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The declaration of the list of rows whose ids are in the column `keys`, in this order, without those that do not exist; null where the column is null."""

    block: Block
    keys: str


@dataclass(frozen=True, slots=True)
class PageOf:
    """The declaration of a connection. The fields of its filter input are parameters of the block. `sort` is the enum of its orders, if there is an argument for them."""

    block: Block
    key: str
    sort: Any = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The declaration of an object of one of several kinds, whose id is in the column `key`; the prefix of the id names the kind. `is_certain`: an object exists for
    each id."""

    prefixes: tuple[str, ...]
    key: str
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """The declaration of a computed field. `function` gets the columns `needs` by position, the field's arguments by name, and the facts of the call that its
    parameters name (`ABOUT_CALL`). `sql_twin` names a function of the database that computes the same value; a test compares the two. `only_in` names, by the
    fact of the call, the one member of the value that depends on it.
    """

    function: Callable[..., Any]
    needs: tuple[str, ...]
    about_call: tuple[str, ...] = ()
    sql_twin: str | None = None
    only_in: Mapping[str, str] = field(default_factory=dict)


def one(block: str, *, key: str, graphql_type: Any, description: str) -> Any:
    """Declare the one row that belongs to this row, or null where the column `key` is null or there is no such row."""
    statement = blocks()[block]

    def resolve(parent: Parent, info: Info) -> Any:
        return relations.one(parent, key, statement, info.context)

    return _field(resolve, graphql_type, description, One(statement, key))


def many(
    block: str, *, key: str, graphql_type: Any, description: str, columns: Mapping[str, str] | None = None, when: str | None = None, is_nullable: bool = False
) -> Any:
    """Declare the list of all rows that belong to this row: only for lists with a small upper bound. It is nullable where it may be refused, so that its siblings are answered."""
    statement = blocks()[block]

    async def resolve(parent: Parent, info: Info) -> Any:
        rows = relations.with_value(await relations.many(parent, key, statement, info.context), when)
        return [present_row(row, columns) for row in rows] if columns else rows

    return _field(resolve, list[graphql_type] | None if is_nullable else list[graphql_type], description, Many(statement, key, columns, when))


def listed(block: str, *, keys: str, graphql_type: Any, description: str, cost: Mapping[str, Any]) -> Any:
    """Declare the list of the rows whose ids are in the column `keys`."""
    statement = blocks()[block]

    def resolve(parent: Parent, info: Info) -> Any:
        return relations.listed(parent, keys, statement, info.context)

    return _field(resolve, list[graphql_type] | None, description, Listed(statement, keys), **cost)


def page(block: str, *, key: str, graphql_type: Any, description: str, sort: Any = None, filter: Any = None, types: Any = None) -> Any:
    """Declare a Relay connection of the rows that belong to this row. It is nullable, so that a refused argument does not void the fields beside it.

    Without `sort` the rows are in the only order of the block. `types` is an enum: rows of some of its values can be selected.
    """
    declaration = PageOf(blocks()[block], key, sort)

    async def resolve(parent: Any, info: Info, **arguments: Any) -> Any:
        keyed = relations.key_of(parent, key, declaration.block, info.context)
        return await relations.window(
            keyed, declaration.block, window(declaration.block, sort, arguments), filters=page_filters(arguments), context=info.context
        )

    declared = [*paging_arguments(), *([sort_argument(sort)] if sort else [])]
    if types:
        declared.append(Argument(TYPES, Annotated[list[types] | None, strawberry.argument(description="Only those of one of these types.")]))
    if filter:
        declared.append(Argument("filter", Annotated[filter | None, strawberry.argument(description="Only the rows that match all of these.")]))
    connection: Any = Connection[graphql_type]
    return _field(with_arguments(resolve, declared), connection | None, description, declaration)


def any_of(*prefixes: str, key: str, graphql_type: Any, description: str, is_certain: bool = False) -> Any:
    """Declare the object of one of several kinds whose id is in the column `key`. With `is_certain` a selection of the id alone needs no read."""

    async def resolve(parent: Parent, info: Info) -> Any:
        return await relations.by_id(parent.customer_id, getattr(parent, key), prefixes, info.context)

    return _field(resolve, graphql_type, description, AnyOf(prefixes, key, is_certain))


def part(graphql_type: Any, *, description: str, columns: Mapping[str, str] | None = None, when: str | None = None) -> Any:
    """Declare an object made of columns of this row."""

    def resolve(parent: Parent) -> Any:
        if when is not None and getattr(parent, when) is None:
            return None
        return present_row(parent, columns) if columns else parent

    return _field(resolve, graphql_type | None if when else graphql_type, description, ColumnGroup(columns, when))


def money(column: str, *, description: str, when: str | None = None) -> Any:
    """Declare an amount: the row has its minor units in `column` and its currency in `currency`."""
    return part(MoneyType, description=description, columns={"minor": column, "currency": "currency"}, when=when)


def derived(
    function: Callable[..., Any],
    *,
    needs: tuple[str, ...],
    graphql_type: Any,
    description: str,
    arguments: tuple[Argument, ...] = (),
    sql_twin: str | None = None,
    only_in: Mapping[str, str] | None = None,
) -> Any:
    """Declare a field that a pure function computes from columns of this row."""
    wanted = tuple(name for name in ABOUT_CALL if name in inspect.signature(function).parameters)

    def compute(parent: Any, context: Context, values: dict[str, Any]) -> Any:
        facts = about(wanted, CallFacts(context.viewer, context.links, context.budget, context.customer_locale, context.file_limits)) if wanted else {}
        return function(*(getattr(parent, column) for column in needs), **values, **facts)

    async def compute_in_locale(parent: Any, context: Context, values: dict[str, Any]) -> Any:
        await context.read_locale()
        return compute(parent, context, values)

    def resolve(parent: Any, info: Info, **values: Any) -> Any:
        is_read_first = CUSTOMER_LOCALE in wanted and not values.get(LOCALE) and info.context.needs_locale
        return (compute_in_locale if is_read_first else compute)(parent, info.context, values)

    return _field(with_arguments(resolve, list(arguments)), graphql_type, description, Derived(function, needs, wanted, sql_twin, only_in or {}))


def about(wanted: tuple[str, ...], facts: CallFacts) -> dict[str, Any]:
    """Return the facts of the call that a derived field uses, by the names of its parameters."""
    return {name: ABOUT_CALL[name](facts) for name in wanted}


def present_row(row: Any, columns: Mapping[str, str] | None) -> Any:
    """Return the amount in these columns of the row as Money, or the row where no columns are named."""
    return Money(**{name: getattr(row, column) for name, column in columns.items()}) if columns else row


def with_arguments(resolve: Callable[..., Any], arguments: list[Argument]) -> Callable[..., Any]:
    """Give a resolver that takes `**arguments` the signature from which Strawberry reads them."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    fixed = [inspect.Parameter("parent", keyword, annotation=Parent), inspect.Parameter("info", keyword, annotation=Info)]
    declared = [inspect.Parameter(item.name, keyword, annotation=item.annotation, default=item.default) for item in arguments]
    resolve.__signature__ = inspect.Signature([*fixed, *declared])  # type: ignore[attr-defined]  # `inspect` looks for it there
    resolve.__annotations__ = {item.name: item.annotation for item in [*fixed, *declared]}
    return resolve


def guarded(field: Any, permission: Permission) -> Any:
    """Put a permission on a declared field. It is printed in the description, checked before the field is resolved, and read by the planner."""
    field.description = f"{field.description} {permission.words}"
    field.metadata = {**field.metadata, PERMISSION: permission}
    field.extensions = [*field.extensions, Guard(permission)]
    return field


def permission_of(kind: GraphQLObjectType, name: str) -> Permission | None:
    """Return the permission that is declared for a field, if any."""
    field = kind.fields.get(name)
    declared = field.extensions[DEFINITION] if field else None
    return declared.metadata.get(PERMISSION) if declared else None


class Guard(FieldExtension):
    """The field extension that checks a permission before the field is resolved. The executor checks permissions in no other place."""

    def __init__(self, permission: Permission) -> None:
        self._permission = permission

    def require(self, context: Context) -> None:
        """Raise where the caller has not the permission."""
        check(context.viewer, self._permission)

    def resolve(self, next_: Callable[..., Any], source: Any, info: StrawberryInfo, **arguments: Any) -> Any:
        self.require(info.context)
        return next_(source, info, **arguments)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: StrawberryInfo, **arguments: Any) -> Any:
        self.require(info.context)
        return await next_(source, info, **arguments)


def _field(resolve: Callable[..., Any], graphql_type: Any, description: str, declaration: object, **metadata: Any) -> Any:
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description, metadata={DECLARATION: declaration, **metadata})
