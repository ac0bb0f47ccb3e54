"""Root fields, and objects that are looked up by an id whose prefix names their type."""

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
from planner.values import Arguments
from resolvers.reads.relations import BY_ID, type_name
from resolvers.reads.roots import LISTED_FOR, MAX_NODES
from schema.declarations.fields import AnyOf
from schema.declarations.roots import Root

BY_EXTERNAL_ID = "external id"


def any_of(draft: PlanBuilder, scope: Scope, relation: AnyOf, request: FieldRequest) -> SqlFragment:
    key = scope.column(relation.key)
    return certain(_by_prefix(draft, relation.prefixes, (key, scope.owner), request, is_certain=relation.is_certain), request)


def root(draft: PlanBuilder, scope: Scope, declared: Root, request: FieldRequest) -> SqlFragment:
    return ROOTS[declared.name](draft, scope, request)


def _customer(draft: PlanBuilder, scope: Scope, request: FieldRequest) -> SqlFragment:
    """Return one customer. The block compares the id with the caller's own, so another customer's id selects no row."""
    mark, named, _ = draft.take(request[0], request[1][0], lambda arguments: {f"id{mark}": arguments["id"]})
    if named == BY_EXTERNAL_ID:
        raise CannotPlan("an external id is looked up first")
    key = f"cast(:id{mark} as text)" if named else scope.column("customer_id")
    return certain(row(draft, blocks()["customers.by_id"], (key, key if draft.is_staff else scope.owner), (object_type(request), request[1])), request)


def _customers(draft: PlanBuilder, scope: Scope, request: FieldRequest) -> SqlFragment:
    if not draft.is_staff:
        raise CannotPlan("customers is for staff")
    own = tuple(draft.shape_of(request[0], request[1][0]).filters)
    return page_of(draft, blocks()["customers.matching" if own else "customers.listed"], ("cast('' as text)", scope.owner), request, own=own)


def _node(draft: PlanBuilder, scope: Scope, request: FieldRequest) -> SqlFragment:
    mark, prefixes, _ = draft.take(request[0], request[1][0], lambda arguments: {f"id{mark}": arguments["id"]})
    key = f"cast(:id{mark} as text)"
    return certain(_by_prefix(draft, _checked(prefixes), (key, _owner(draft, scope, key)), request), request)


def _checked(prefixes: Iterable[str]) -> Iterable[str]:
    """Return the prefixes. Raises CannotPlan where the caller's permission decides whether there is an object: a plan is for callers with and without it."""
    if not LISTED_FOR.keys().isdisjoint(prefixes):
        raise CannotPlan("a permission decides which nodes exist")
    return prefixes


def _nodes(draft: PlanBuilder, scope: Scope, request: FieldRequest) -> SqlFragment:
    mark, prefixes, _ = draft.take(request[0], request[1][0], lambda arguments: {f"ids{mark}": arguments["ids"]})
    alias = draft.alias()
    key = f"{alias}.id"
    node = _by_prefix(draft, _checked(prefixes), (key, _owner(draft, scope, key)), request)
    source = f"unnest(cast(:ids{mark} as text[])) with ordinality {alias}(id, nth)"
    listed = f"(select string_agg(coalesce({node.sql}, 'null'), ',' order by {alias}.nth) from {source})"
    return SqlFragment((Constant("["), listed, Constant("]")), fix_items(node.fix))


ROOTS = {"customer": _customer, "customers": _customers, "node": _node, "nodes": _nodes}


def _prefixes(ids: list[str]) -> Hashable:
    """Return the kinds of the ids, without the ids. Ids of unknown kinds are not looked up. Raises BadUserInput."""
    if len(ids) > MAX_NODES:
        raise BadUserInput("too many ids", "ids")
    return frozenset(prefix_of(item) for item in ids).intersection(BY_ID)


def _customers_shape(arguments: Arguments) -> Hashable:
    """Return the shape of the page. A search is a statement of its own."""
    return page_shape(arguments)._replace(filters=frozenset({"search"} if arguments["search"] else ()))


RULES: dict[str, Rule] = {
    "customer": lambda arguments: bool(arguments["id"]) if arguments.get("externalId") is None else BY_EXTERNAL_ID,
    "customers": _customers_shape,
    "node": lambda arguments: _prefixes([arguments["id"]]),
    "nodes": lambda arguments: _prefixes(arguments["ids"]),
}


def _owner(draft: PlanBuilder, scope: Scope, key: str) -> str:
    """Return the owner of an object. Staff name only its id, so its owner has to be selected first."""
    if not draft.is_staff:
        return scope.owner
    block = blocks()["customers.owner"]
    return f"(select w.customer_id from ({correlated(block.sql, block, key=key, owner='null')}) w)"


def _by_prefix(draft: PlanBuilder, prefixes: Iterable[str], keyed: tuple[str, str], request: FieldRequest, *, is_certain: bool = False) -> SqlFragment:
    """Return one branch for each kind of the object; Postgres runs the branch that the id's prefix names. Null in SQL if there is no row."""
    branches: list[str] = []
    fixes: dict[str, Any] = {}
    for prefix in sorted(set(prefixes) & BY_ID.keys()):
        selected = _type_of(draft, prefix, get_named_type(request[0].type)), request[1]
        needs_no_row = is_certain and _is_id_only(draft, *selected)
        scope = Scope(lambda _: keyed[0], "", keyed[1])
        branch = build_object(draft, scope, *selected) if needs_no_row else row(draft, blocks()[BY_ID[prefix]], keyed, selected)
        branches.append(f"when '{prefix}' then {_tagged(branch, prefix)}")
        fixes[prefix] = branch.fix
    if not branches:
        return SqlFragment(("cast(null as text)",))
    sql = f"case left({keyed[0]}, -27) {' '.join(branches)} end"
    return SqlFragment((sql,), _fix_tagged(fixes) if any(fixes.values()) else None)


def _is_id_only(draft: PlanBuilder, kind: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    """Return whether only the id and the type are selected, which are known without the row."""
    return all(merged[0].name.value in ("id", "__typename") for merged in collect(draft.document, kind, selections_of(nodes)).values())


def _tagged(branch: SqlFragment, prefix: str) -> str:
    """Return the SQL of a branch; if it has a function to apply, its JSON is tagged with the prefix."""
    return f"""'["{prefix}",' || {branch.sql} || ']'""" if branch.fix else branch.sql


def _fix_tagged(fixes: dict[str, Any]) -> Any:
    def fix(value: Any, run: AnswerContext) -> Any:
        if not isinstance(value, list):
            return value
        prefix, member = value
        return fixes[prefix](member, run)

    return fix


def _type_of(draft: PlanBuilder, prefix: str, declared: GraphQLNamedType) -> GraphQLObjectType:
    """A row's GraphQL type bears the row's name, and must be one of those that the field may give."""
    kind = draft.document.schema.get_type(type_name(prefix))
    assert isinstance(kind, GraphQLObjectType)
    return kind
