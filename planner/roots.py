"""Roots and other things found by an id whose prefix says what they are."""

from collections.abc import Hashable, Iterable
from typing import Any

from graphql import FieldNode, GraphQLNamedType, GraphQLObjectType, get_named_type

from billing.ids import prefix_of
from billing.refusals import BadUserInput
from db.blocks import blocks
from planner.build import FieldRequest, build_object, certain, object_type, row
from planner.cache_key import Rule
from planner.draft import AnswerContext, CannotPlan, PlanBuilder, Scope, SqlFragment, correlated
from planner.fields import collect, selections_of
from planner.json_sql import Constant
from planner.pages import page_of, page_shape
from planner.post_process import fix_items
from resolvers.reads.relations import BY_ID, type_name
from resolvers.reads.roots import MAX_NODES
from schema.declarations.fields import AnyOf
from schema.declarations.roots import Root


def any_of(draft: PlanBuilder, scope: Scope, relation: AnyOf, ask: FieldRequest) -> SqlFragment:
    key = scope.column(relation.key)
    return certain(_by_prefix(draft, relation.prefixes, (key, scope.owner), ask, is_certain=relation.is_certain), ask)


def root(draft: PlanBuilder, scope: Scope, declared: Root, ask: FieldRequest) -> SqlFragment:
    return ROOTS[declared.name](draft, scope, ask)


def _customer(draft: PlanBuilder, scope: Scope, ask: FieldRequest) -> SqlFragment:
    """Another customer's id stands against the caller's own in the block, and nothing is found."""
    mark, is_named, _ = draft.take(ask[0], ask[1][0], lambda arguments: {f"id{mark}": arguments["id"]})
    key = f"cast(:id{mark} as text)" if is_named else scope.column("customer_id")
    return certain(row(draft, blocks()["customers.by_id"], (key, key if draft.is_staff else scope.owner), (object_type(ask), ask[1])), ask)


def _customers(draft: PlanBuilder, scope: Scope, ask: FieldRequest) -> SqlFragment:
    if not draft.is_staff:
        raise CannotPlan("customers is for staff")
    return page_of(draft, blocks()["customers.matching"], ("cast('' as text)", scope.owner), ask, own=("search",))


def _node(draft: PlanBuilder, scope: Scope, ask: FieldRequest) -> SqlFragment:
    mark, prefixes, _ = draft.take(ask[0], ask[1][0], lambda arguments: {f"id{mark}": arguments["id"]})
    key = f"cast(:id{mark} as text)"
    return certain(_by_prefix(draft, prefixes, (key, _owner(draft, scope, key)), ask), ask)


def _nodes(draft: PlanBuilder, scope: Scope, ask: FieldRequest) -> SqlFragment:
    mark, prefixes, _ = draft.take(ask[0], ask[1][0], lambda arguments: {f"ids{mark}": arguments["ids"]})
    alias = draft.alias()
    key = f"{alias}.id"
    found = _by_prefix(draft, prefixes, (key, _owner(draft, scope, key)), ask)
    source = f"unnest(cast(:ids{mark} as text[])) with ordinality {alias}(id, nth)"
    listed = f"(select string_agg(coalesce({found.sql}, 'null'), ',' order by {alias}.nth) from {source})"
    return SqlFragment((Constant("["), listed, Constant("]")), fix_items(found.fix))


ROOTS = {"customer": _customer, "customers": _customers, "node": _node, "nodes": _nodes}


def _prefixes(ids: list[str]) -> Hashable:
    """The kinds of the ids, not the ids. What is of no kind is not looked for."""
    if len(ids) > MAX_NODES:
        raise BadUserInput("too many ids", "ids")
    return frozenset(prefix_of(item) for item in ids).intersection(BY_ID)


RULES: dict[str, Rule] = {
    "customer": lambda arguments: bool(arguments["id"]),
    "customers": page_shape,
    "node": lambda arguments: _prefixes([arguments["id"]]),
    "nodes": lambda arguments: _prefixes(arguments["ids"]),
}


def _owner(draft: PlanBuilder, scope: Scope, key: str) -> str:
    """Staff know only the id of a thing, so whose it is has to be found first."""
    if not draft.is_staff:
        return scope.owner
    block = blocks()["customers.owner"]
    return f"(select w.customer_id from ({correlated(block.sql, block, key=key, owner='null')}) w)"


def _by_prefix(draft: PlanBuilder, prefixes: Iterable[str], keyed: tuple[str, str], ask: FieldRequest, *, is_certain: bool = False) -> SqlFragment:
    """One branch for each kind that the thing may be, of which Postgres runs the one that the id's prefix names. Null in SQL if nothing is found."""
    branches: list[str] = []
    fixes: dict[str, Any] = {}
    for prefix in sorted(set(prefixes) & BY_ID.keys()):
        shown = _type_of(draft, prefix, get_named_type(ask[0].type)), ask[1]
        is_told = is_certain and _is_id_only(draft, *shown)
        found = build_object(draft, Scope(lambda _: keyed[0], "", keyed[1]), *shown) if is_told else row(draft, blocks()[BY_ID[prefix]], keyed, shown)
        branches.append(f"when '{prefix}' then {_tagged(found, prefix)}")
        fixes[prefix] = found.fix
    if not branches:
        return SqlFragment(("cast(null as text)",))
    sql = f"case left({keyed[0]}, -27) {' '.join(branches)} end"
    return SqlFragment((sql,), _fix_tagged(fixes) if any(fixes.values()) else None)


def _is_id_only(draft: PlanBuilder, kind: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    """Than which thing it is, and that is known without reading it."""
    return all(asked[0].name.value in ("id", "__typename") for asked in collect(draft.document, kind, selections_of(nodes)).values())


def _tagged(found: SqlFragment, prefix: str) -> str:
    """With something left to fix, the answer says of which kind it is."""
    return f"""'["{prefix}",' || {found.sql} || ']'""" if found.fix else found.sql


def _fix_tagged(fixes: dict[str, Any]) -> Any:
    def fix(value: Any, run: AnswerContext) -> Any:
        if not isinstance(value, list):
            return value
        prefix, found = value
        return fixes[prefix](found, run)

    return fix


def _type_of(draft: PlanBuilder, prefix: str, declared: GraphQLNamedType) -> GraphQLObjectType:
    """A row's GraphQL type bears the row's name, and must be one of those that the field may give."""
    kind = draft.document.schema.get_type(type_name(prefix))
    assert isinstance(kind, GraphQLObjectType)
    return kind
