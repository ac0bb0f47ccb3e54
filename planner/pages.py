"""Pages: edges, nodes, what lies around them, and how many there are."""

from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLObjectType, get_named_type, is_non_null_type

from db.blocks import Block, with_only
from db.pages import Window, keyset_arguments, order_by, page_sql
from planner.build import FieldRequest, build_object, object_of, object_type, type_name
from planner.draft import CannotPlan, PlanBuilder, Scope, SqlFragment, correlated, row_scope
from planner.fields import collect, selections_of
from planner.formats import cursor
from planner.json_sql import Constant, Parts, in_quotes, objects
from planner.post_process import fix_items
from planner.values import Arguments
from resolvers.reads.pages import Paging, window_of
from schema.declarations.fields import PageOf, filters


class PageShape(NamedTuple):
    """What a page's SQL depends on: the order, from which end and between which ends it is read, and which filters there are."""

    order: str
    is_backward: bool
    is_after: bool
    is_before: bool
    filters: frozenset[str]

    @property
    def window(self) -> Window:
        """One whose values do not matter, only which of them are given."""
        return Window(self.order, 0, self.is_backward, () if self.is_after else None, () if self.is_before else None)


def page_shape(arguments: Arguments) -> PageShape:
    is_backward, is_after, is_before = (arguments[name] is not None for name in ("last", "after", "before"))
    return PageShape(arguments["sort"], is_backward, is_after, is_before, frozenset(_filters(arguments)))


def _filters(arguments: Arguments) -> dict[str, Any]:
    return dict(filters(arguments.get("filter") or {}))


class _Page:
    """One page under construction: an inner select gathers what its rows say into arrays, from which an outer one takes the page."""

    def __init__(self, draft: PlanBuilder, block: Block, window: Window) -> None:
        self.draft = draft
        self.block = block
        self.window = window
        self.alias = draft.alias()
        self.whole = draft.alias()
        rows = row_scope(draft, self.alias, block.returns)
        self.used = {"customer_id"} if rows.owner == f"{self.alias}.customer_id" else set()
        self.rows = rows.noting(self.used)
        self.mark = ""
        self.size = ""
        self.looks_beyond = False
        self._gathered: list[str] = []

    def gather(self, sql: str) -> str:
        """An array of what every row says, in the order of the page."""
        if sql not in self._gathered:
            self._gathered.append(sql)
        return f"{self.whole}.f{self._gathered.index(sql)}"

    def listed(self, item: SqlFragment) -> SqlFragment:
        """The rows that belong to the page: not the one that only tells that there is more."""
        kept = f"[{self.first} : {self.last}]" if self.looks_beyond else ""
        return SqlFragment((Constant("["), f"array_to_string({self.gather(item.sql)}{kept}, ',')", Constant("]")), fix_items(item.fix))

    @property
    def first(self) -> str:
        """Where the page begins in the arrays. The row beyond it comes after it, or before it if it was read from its end."""
        return f"greatest({self.whole}.found - {self.size}, 0) + 1" if self.window.is_backward else "1"

    @property
    def last(self) -> str:
        return f"{self.whole}.found" if self.window.is_backward else f"least({self.whole}.found, {self.size})"

    def select(self, page: Parts, keyed: tuple[str, str]) -> Parts:
        """The page from its rows. Where nobody asks for any, there is nothing to read."""
        if not self._gathered and not self.looks_beyond:
            return page
        arrays = "".join(f", array_agg({sql}) as f{number}" for number, sql in enumerate(self._gathered))
        gathered = f"select cast(count(*) as integer) as found{arrays} from {self._source(keyed)}{self.rows.joined}"
        return (f"(select {SqlFragment(page).sql} from ({gathered}) {self.whole})",)

    def _source(self, keyed: tuple[str, str]) -> str:
        """The page's rows, and one more than asked for if somebody wants to know what lies beyond."""
        limit = f"{self.size}{' + 1' if self.looks_beyond else ''}"
        order = self.block.orders[self.window.order]
        columns = ", ".join(sorted(self.used | set(order.columns)))
        found = page_sql(self.block, self.window, limit=limit, mark=self.mark, columns=columns)
        sql = correlated(found, self.block, key=keyed[0], owner=keyed[1], mark=self.mark)
        if self.window.is_backward:
            sql = f"select * from ({sql}) p {order_by(order, is_descending=order.is_descending)}"
        return f"({sql}) {self.alias}"

    def cursor(self) -> str:
        """Of each row."""
        return cursor(self.block, self.window.order, lambda name: f"{self.alias}.{name}")

    def cursor_at(self, place: str) -> str:
        found = cursor(self.block, self.window.order, lambda name: f"{self.gather(f'{self.alias}.{name}')}[{place}]")
        return f"case when {self.whole}.found > 0 then {SqlFragment(in_quotes(found)).sql} else 'null' end"


def page(draft: PlanBuilder, scope: Scope, relation: PageOf, ask: FieldRequest) -> SqlFragment:
    key = scope.column(relation.key) if relation.key else "cast('' as text)"
    return page_of(draft, relation.block, (key, scope.owner), ask)


def page_of(draft: PlanBuilder, block: Block, keyed: tuple[str, str], ask: FieldRequest, own: tuple[str, ...] = ()) -> SqlFragment:
    """The connection of a block's rows. `own` names arguments of the field that are parameters of the block too; null is empty text."""

    def parameters(arguments: Arguments) -> dict[str, Any]:
        window = _window(block, arguments)
        narrowed = _filters(arguments) | {name: arguments[name] or "" for name in own}
        marked = {f"{name}{mark}": value for name, value in narrowed.items()}
        return {**marked, f"size{mark}": window.size, **keyset_arguments(window, mark)}

    mark, shape, constant = draft.take(ask[0], ask[1][0], parameters)
    made = _Page(draft, with_only(block, shape.filters.union(own)), shape.window)
    made.mark = mark
    made.size = str(_window(block, constant).size) if constant is not None else f"cast(:size{mark} as integer)"
    asked = collect(draft.document, object_type(ask), selections_of(ask[1]))
    made.looks_beyond = any(nodes[0].name.value == "pageInfo" for nodes in asked.values())
    built = object_of({key: _member(made, keyed, object_type(ask), nodes) for key, nodes in asked.items()})
    return SqlFragment(made.select(built.parts, keyed), built.fix)


def _member(made: _Page, keyed: tuple[str, str], kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    name = nodes[0].name.value
    if name == "__typename":
        return type_name(kind)
    member = get_named_type(kind.fields[name].type)
    if name == "totalCount":
        counted = correlated(made.block.sql, made.block, key=keyed[0], owner=keyed[1], mark=made.mark)
        return SqlFragment((f"(select count(*) from ({counted}) c)",))
    assert isinstance(member, GraphQLObjectType)
    if name == "nodes":
        return made.listed(build_object(made.draft, made.rows, member, nodes))
    if name == "edges":
        return made.listed(object_of({key: _edge(made, member, asked) for key, asked in collect(made.draft.document, member, selections_of(nodes)).items()}))
    return _page_info(made, member, nodes)


def _edge(made: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    name = nodes[0].name.value
    if name == "cursor":
        return SqlFragment(in_quotes(made.cursor()))
    if name == "__typename":
        return type_name(kind)
    node = get_named_type(kind.fields[name].type)
    if not isinstance(node, GraphQLObjectType) or not is_non_null_type(kind.fields[name].type):
        raise CannotPlan(f"{kind.name}.{name} is not a plain node")
    return build_object(made.draft, made.rows, node, nodes)


def _page_info(made: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    asked = collect(made.draft.document, kind, selections_of(nodes))
    return SqlFragment(objects({key: _about(made, kind, found[0].name.value) for key, found in asked.items()}))


def _about(made: _Page, kind: GraphQLObjectType, name: str) -> Parts:
    window = made.window
    if name == "__typename":
        return type_name(kind).parts
    if name in ("startCursor", "endCursor"):
        return (made.cursor_at(made.first if name == "startCursor" else made.last),)
    if (name == "hasPreviousPage") == window.is_backward:
        return (f"case when {made.whole}.found > {made.size} then 'true' else 'false' end",)
    return ("'true'" if (window.before if window.is_backward else window.after) is not None else "'false'",)


def _window(block: Block, arguments: Arguments) -> Window:
    return window_of(block, arguments["sort"], Paging(arguments["first"], arguments["after"], arguments["last"], arguments["before"]))
