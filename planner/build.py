"""SQL for declarations: an object becomes one JSON expression, field by field, with one function for each kind of field."""

from graphql import FieldNode, GraphQLField, GraphQLObjectType, get_named_type

from db.blocks import Block
from planner.draft import CannotPlan, HasFunction, Join, PlanBuilder, Scope, SqlFragment, correlated, row_scope
from planner.fields import collect, selections_of
from planner.json_sql import Constant, column, objects, present
from planner.post_process import fix_items, fix_members
from schema.declarations.fields import DECLARATION, DEFINITION, PERMISSION, ColumnGroup, Listed, Many, One

# One requested field of an object: its definition, and its nodes in the document.
FieldRequest = tuple[GraphQLField, list[FieldNode]]


def build_object(draft: PlanBuilder, scope: Scope, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    """Return the object of a selection on the scope's row."""
    return object_of({key: member(draft, scope, kind, merged) for key, merged in collect(draft.document, kind, selections_of(nodes)).items()})


def object_of(pieces: dict[str, SqlFragment]) -> SqlFragment:
    members = {key: piece.parts for key, piece in pieces.items()}
    return SqlFragment(objects(members), fix_members({key: piece.fix for key, piece in pieces.items() if piece.fix}))


def type_name(kind: GraphQLObjectType) -> SqlFragment:
    return SqlFragment((Constant(f'"{kind.name}"'),))


def object_type(request: FieldRequest) -> GraphQLObjectType:
    named = get_named_type(request[0].type)
    if not isinstance(named, GraphQLObjectType):
        raise CannotPlan(f"{named} is not an object type")
    return named


def member(draft: PlanBuilder, scope: Scope, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    """Return one field of an object, by its nodes in the document."""
    name = nodes[0].name.value
    if name == "__typename":
        return type_name(kind)
    definition = kind.fields.get(name)
    if definition is None:
        raise CannotPlan(f"{name} is introspection")
    declared = definition.extensions[DEFINITION]
    declaration = declared.metadata.get(DECLARATION)
    if PERMISSION in declared.metadata:
        draft.permissions.add(declared.metadata[PERMISSION])
    if declaration is not None:
        return draft.builders[type(declaration)](draft, scope, declaration, (definition, nodes))
    if declared.base_resolver:
        raise HasFunction(f"{kind.name}.{name} is resolved by a function of its own")
    return SqlFragment(column(scope.column(declared.python_name), definition.type))


def part(draft: PlanBuilder, scope: Scope, declared: ColumnGroup, request: FieldRequest) -> SqlFragment:
    built = build_object(draft, scope.under(declared.columns) if declared.columns else scope, object_type(request), request[1])
    return SqlFragment((f"case when {scope.column(declared.when)} is not null then {built.sql} else 'null' end",), built.fix) if declared.when else built


def one(draft: PlanBuilder, scope: Scope, relation: One, request: FieldRequest) -> SqlFragment:
    return certain(row(draft, relation.block, (scope.column(relation.key), scope.owner), (object_type(request), request[1])), request)


def certain(fragment: SqlFragment, request: FieldRequest) -> SqlFragment:
    """Return JSON for a fragment that is null in SQL if there is no row. If the schema allows no null, the executor reports the error."""
    return SqlFragment(present(fragment.sql, request[0].type), fragment.fix)


def row(draft: PlanBuilder, block: Block, keyed: tuple[str, str], selected: tuple[GraphQLObjectType, list[FieldNode]]) -> SqlFragment:
    """Return the one row of a block for a key and an owner, as the selected object; null in SQL if there is none."""
    alias = draft.alias()
    inner = row_scope(draft, alias, block)
    built = build_object(draft, inner, *selected)
    source = correlated(block.sql, block, key=keyed[0], owner=keyed[1])
    return SqlFragment((f"(select {built.sql} from ({source}) {alias}{inner.joined})",), built.fix)


def many(draft: PlanBuilder, scope: Scope, relation: Many, request: FieldRequest) -> SqlFragment:
    """Return a list of rows. Fields on the same rows share one lateral join, so the four totals of a summary are computed once. A single field needs no join."""
    join = _shared_join(draft, scope, relation)
    built = build_object(draft, join.rows.under(relation.columns) if relation.columns else join.rows, object_type(request), request[1])
    present_rows = f" filter (where {join.rows.column(relation.when)} is not null)" if relation.when else ""
    listed = join.take(f"string_agg({built.sql}, ','){present_rows}")
    return SqlFragment((Constant("["), listed, Constant("]")), fix_items(built.fix))


def listed(draft: PlanBuilder, scope: Scope, relation: Listed, request: FieldRequest) -> SqlFragment:
    """Return the rows whose ids are in a column of the scope, in the order of the ids."""
    keys, alias = scope.column(relation.keys), draft.alias()
    item = row(draft, relation.block, (f"{alias}.id", scope.owner), (object_type(request), request[1]))
    items = f"(select string_agg({item.sql}, ',' order by {alias}.nth) from unnest({keys}) with ordinality {alias}(id, nth))"
    sql = SqlFragment((Constant("["), items, Constant("]"))).sql
    return SqlFragment((f"case when {keys} is not null then {sql} else 'null' end",), fix_items(item.fix))


def _shared_join(draft: PlanBuilder, scope: Scope, relation: Many) -> Join:
    identity = relation.block.name, scope.column(relation.key)
    if identity not in scope.shared:
        alias = draft.alias()
        source = f"({correlated(relation.block.sql, relation.block, key=identity[1], owner=scope.owner)}) {alias}"
        scope.shared[identity] = Join(draft.alias(), row_scope(draft, alias, relation.block), source)
        scope.joins.append(scope.shared[identity])
        draft.joins.append(scope.shared[identity])
    return scope.shared[identity]
