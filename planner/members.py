"""Plans of some members of an object that the executor has reached: of a payload, of a live event, or of a query that SQL cannot express as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLError, GraphQLObjectType, OperationDefinitionNode, get_named_type, is_non_null_type

from billing.refusals import RequestError
from planner import build
from planner.draft import COLUMN, CannotPlan, PlanBuilder, Scope
from planner.fields import DocumentContext, collect, selections_of
from planner.sql_plan import BoundPlan, SqlPlan, statement
from schema.declarations.fields import CUSTOMER_LOCALE, DECLARATION, DEFINITION, AnyOf, ColumnGroup, Derived, Listed, One

ARGUMENTS = "its arguments are refused"
TOO_LONG = "its statement would be too long"
IN_VALUES = "it belongs to a value of a resolver"
# The end of the names of columns that are lists of ids.
LISTS = "_keys"
ROOT = ""

# The selected fields of an object by response key, each with its nodes.
Fields = Mapping[str, list[FieldNode]]


class ObjectPosition(NamedTuple):
    """An object that the executor has reached. `key` is its response key, or ROOT; `rows` are the response keys of members whose rows are in memory already."""

    key: str
    kind: GraphQLObjectType
    fields: Fields
    rows: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MembersPlan:
    """The statements of the members `keys`: one, or several where it would be too long. The executor runs all others; `reasons` say why it runs those of them that
    read rows.

    Where all `columns` of the object are null, the members are null.
    """

    plans: tuple[SqlPlan, ...]
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    reasons: tuple[str, ...]

    def is_null(self, source: object) -> bool:
        return bool(self.columns) and all(getattr(source, name) is None for name in self.columns)


@dataclass(frozen=True, slots=True)
class BoundMembers:
    """Plans of members with the values of a request. Without a statement the members are null."""

    keys: tuple[str, ...]
    statements: tuple[BoundPlan, ...]


def is_resolved(kind: GraphQLObjectType, name: str) -> bool:
    """Return whether a field has a resolver of its own: it is of none of the declared kinds, and no introspection."""
    return name in kind.fields and DECLARATION not in kind.fields[name].extensions[DEFINITION].metadata


def position_of(key: str, kind: GraphQLObjectType, fields: Fields, source: object) -> ObjectPosition:
    """Return the position of an object. A mutation that returns a row has it in the payload, under the name of the member."""
    if key == ROOT:
        return ObjectPosition(key, kind, fields)
    rows = (name for name, nodes in fields.items() if isinstance(_declaration(kind, nodes), One) and getattr(source, _column(kind, nodes), None) is not None)
    return ObjectPosition(key, kind, fields, frozenset(rows))


def object_positions(document: DocumentContext, operation: OperationDefinitionNode) -> list[ObjectPosition]:
    """Return the positions of the objects whose members the executor plans: the root of a query, and what its root fields with a function of their own return."""
    root = document.schema.get_root_type(operation.operation)
    assert root is not None
    fields = collect(document, root, operation.selection_set.selections)
    below = [(key, get_named_type(root.fields[nodes[0].name.value].type), nodes) for key, nodes in fields.items() if is_resolved(root, nodes[0].name.value)]
    objects = [ObjectPosition(key, kind, collect(document, kind, selections_of(nodes))) for key, kind, nodes in below if isinstance(kind, GraphQLObjectType)]
    return [ObjectPosition(ROOT, root, fields), *objects] if root is document.schema.query_type else objects


def _column(kind: GraphQLObjectType, nodes: list[FieldNode]) -> str:
    return str(kind.fields[nodes[0].name.value].extensions[DEFINITION].python_name)


def viewer_scope(draft: PlanBuilder) -> Scope:
    """Return the scope of a query's root fields: their row is the viewer."""
    return Scope(_viewer_column, "Viewer", "cast(null as text)" if draft.is_staff else ":customer_id")


# The types of the viewer's values that are not texts.
VIEWER_TYPES = {"scopes": "text[]", "needs_sign_in": "boolean"}


def _viewer_column(name: str) -> str:
    return f"cast(:viewer_{name} as {VIEWER_TYPES.get(name, 'text')})"


def object_scope(draft: PlanBuilder) -> Scope:
    """Return the scope of an object of the executor, whose columns are parameters. A customer reads their own rows, staff those of the object's customer."""

    def column(name: str) -> str:
        draft.columns.add(name)
        return f"cast(:{COLUMN}{name} as {'text[]' if name.endswith(LISTS) else 'text'})"

    return Scope(column, "Payload", column("customer_id") if draft.is_staff else ":customer_id")


def plan_members(new_draft: Callable[[], PlanBuilder], position: ObjectPosition, *, max_sql: int) -> MembersPlan:
    """Return the plan of the members of an object that SQL can express; each is tried alone first."""
    tried = {key: _alone(new_draft(), position, key, max_sql) for key in position.fields}
    keys = tuple(key for key, obstacle in tried.items() if obstacle is None)
    obstacles = tuple(obstacle for obstacle in tried.values() if obstacle)
    return MembersPlan(_plans(new_draft, position, keys, max_sql), keys, _nullable_by(position, keys), obstacles)


def _plans(new_draft: Callable[[], PlanBuilder], position: ObjectPosition, keys: tuple[str, ...], max_sql: int) -> tuple[SqlPlan, ...]:
    """Return one plan of the members, or several where its statement would be too long. They are read in one snapshot."""
    plans: list[SqlPlan] = []
    first = 0
    for end in range(1, len(keys) + 1):
        plan = _plan(new_draft(), position, keys[first:end])
        if plans and len(plan.sql) <= max_sql:
            plans[-1] = plan
            continue
        first = end - 1
        plans.append(_plan(new_draft(), position, keys[first:end]))
    return tuple(plans)


def _plan(draft: PlanBuilder, position: ObjectPosition, keys: tuple[str, ...]) -> SqlPlan:
    scope = viewer_scope(draft) if position.key == ROOT else object_scope(draft)
    built = build.object_of({key: build.member(draft, scope, position.kind, position.fields[key]) for key in keys})
    return statement(draft, scope, built)


def _alone(draft: PlanBuilder, position: ObjectPosition, key: str, max_sql: int) -> str | None:
    """Return why the executor runs a member; empty text for one that it runs without a statement. None for a member that has a plan."""
    nodes = position.fields[key]
    declaration = _declaration(position.kind, nodes)
    if position.key == ROOT and declaration is None:
        return ""  # the members of what it returns are planned when it has returned
    if position.key != ROOT and not isinstance(declaration, One | AnyOf | Listed):
        return IN_VALUES if _reads_rows(draft, position.kind, nodes) else ""
    if key in position.rows and not _reads_below(draft, position.kind, nodes):
        return ""
    try:
        if len(_plan(draft, position, (key,)).sql) > max_sql:
            return TOO_LONG
    except CannotPlan as reason:
        return str(reason)
    except (RequestError, GraphQLError):
        return ARGUMENTS
    return None


def _declaration(kind: GraphQLObjectType, nodes: list[FieldNode]) -> Any:
    field = kind.fields.get(nodes[0].name.value)
    return field.extensions[DEFINITION].metadata.get(DECLARATION) if field else None


def _nullable_by(position: ObjectPosition, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns by which the members are read, if a member is null where its column is null; else nothing."""
    if position.key == ROOT or any(is_non_null_type(position.kind.fields[position.fields[key][0].name.value].type) for key in keys):
        return ()
    declarations = [_declaration(position.kind, position.fields[key]) for key in keys]
    return tuple(declaration.keys if isinstance(declaration, Listed) else declaration.key for declaration in declarations)


def _reads_rows(draft: PlanBuilder, kind: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    """Return whether a field, or one below it, is declared to read rows. Staff have no locale that would be read."""
    declaration = _declaration(kind, nodes)
    if declaration is not None and not isinstance(declaration, ColumnGroup):
        return not isinstance(declaration, Derived) or (CUSTOMER_LOCALE in declaration.about_call and not draft.is_staff)
    return _reads_below(draft, kind, nodes)


def _reads_below(draft: PlanBuilder, kind: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    field = kind.fields.get(nodes[0].name.value)
    below = get_named_type(field.type) if field else None
    if not isinstance(below, GraphQLObjectType):
        return below is not None and bool(selections_of(nodes))  # the objects of an interface may have relations
    return any(_reads_rows(draft, below, merged) for merged in collect(draft.document, below, selections_of(nodes)).values())
