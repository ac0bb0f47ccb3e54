"""Pages: edges, nodes, page information, and total counts."""

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
from schema.declarations.fields import PageOf
from schema.declarations.paging import TYPES, filters, order_of


class PageShape(NamedTuple):
    """The part of a page's arguments on which its SQL depends: the order, the direction, which bounds are present, and which filters are present."""

    order: str
    is_backward: bool
    is_after: bool
    is_before: bool
    filters: frozenset[str]

    def window(self, block: Block) -> Window:
        """Return a window of which only the set of present values matters, not the values. Without an argument for the order it is the first one of the block."""
        return Window(self.order or next(iter(block.orders)), 0, self.is_backward, () if self.is_after else None, () if self.is_before else None)


def page_shape(arguments: Arguments) -> PageShape:
    is_backward, is_after, is_before = (arguments[name] is not None for name in ("last", "after", "before"))
    return PageShape(arguments.get("sort") or "", is_backward, is_after, is_before, frozenset(_filters(arguments)))


def _filters(arguments: Arguments) -> dict[str, Any]:
    return dict(filters({**(arguments.get("filter") or {}), TYPES: arguments.get(TYPES)}))


class _Page:
    """One page under construction: an inner select collects the values of its rows in arrays, from which an outer select takes the page."""

    def __init__(self, draft: PlanBuilder, block: Block, window: Window) -> None:
        self.draft = draft
        self.block = block
        self.window = window
        self.alias = draft.alias()
        self.whole = draft.alias()
        rows = row_scope(draft, self.alias, block)
        self.used = {"customer_id"} if rows.owner == f"{self.alias}.customer_id" else set()
        self.rows = rows.noting(self.used)
        self.mark = ""
        self.size = ""
        self.looks_beyond = False
        self._gathered: list[str] = []

    def gather(self, sql: str) -> str:
        """Return an array of an expression's value for every row, in the order of the page."""
        if sql not in self._gathered:
            self._gathered.append(sql)
        return f"{self.whole}.f{self._gathered.index(sql)}"

    def listed(self, item: SqlFragment) -> SqlFragment:
        """Return the rows of the page as a list, without the additional row that shows whether there is a next page."""
        bounds = f"[{self.first} : {self.last}]" if self.looks_beyond else ""
        return SqlFragment((Constant("["), f"array_to_string({self.gather(item.sql)}{bounds}, ',')", Constant("]")), fix_items(item.fix))

    @property
    def first(self) -> str:
        """Return the index of the page's first row in the arrays. The additional row comes last, or first in a backward page."""
        return f"greatest({self.whole}.row_count - {self.size}, 0) + 1" if self.window.is_backward else "1"

    @property
    def last(self) -> str:
        return f"{self.whole}.row_count" if self.window.is_backward else f"least({self.whole}.row_count, {self.size})"

    def select(self, page: Parts, keyed: tuple[str, str]) -> Parts:
        """Return the page with the select of its rows. Without a field that needs rows, no rows are read."""
        if not self._gathered and not self.looks_beyond:
            return page
        arrays = "".join(f", array_agg({sql}) as f{number}" for number, sql in enumerate(self._gathered))
        gathered = f"select cast(count(*) as integer) as row_count{arrays} from {self._source(keyed)}{self.rows.joined}"
        return (f"(select {SqlFragment(page).sql} from ({gathered}) {self.whole})",)

    def _source(self, keyed: tuple[str, str]) -> str:
        """Return the select of the page's rows, with an additional row if `pageInfo` is selected."""
        limit = f"{self.size}{' + 1' if self.looks_beyond else ''}"
        order = self.block.orders[self.window.order]
        columns = ", ".join(sorted(self.used | set(order.columns)))
        sql = page_sql(self.block, self.window, limit=limit, mark=self.mark, columns=columns)
        sql = correlated(sql, self.block, key=keyed[0], owner=keyed[1], mark=self.mark)
        if self.window.is_backward:
            sql = f"select * from ({sql}) p {order_by(order, is_descending=order.is_descending)}"
        return f"({sql}) {self.alias}"

    def cursor(self) -> str:
        """Return the cursor of each row."""
        return cursor(self.block, self.window.order, lambda name: f"{self.alias}.{name}")

    def cursor_at(self, index: str) -> str:
        text = cursor(self.block, self.window.order, lambda name: f"{self.gather(f'{self.alias}.{name}')}[{index}]")
        return f"case when {self.whole}.row_count > 0 then {SqlFragment(in_quotes(text)).sql} else 'null' end"


def page(draft: PlanBuilder, scope: Scope, relation: PageOf, request: FieldRequest) -> SqlFragment:
    key = scope.column(relation.key) if relation.key else "cast('' as text)"
    return page_of(draft, relation.block, (key, scope.owner), request)


def page_of(draft: PlanBuilder, block: Block, keyed: tuple[str, str], request: FieldRequest, own: tuple[str, ...] = ()) -> SqlFragment:
    """Return the connection of a block's rows. `own` names arguments of the field that are also parameters of the block; null becomes empty text."""

    def parameters(arguments: Arguments) -> dict[str, Any]:
        window = _window(block, arguments)
        narrowed = _filters(arguments) | {name: arguments[name] or "" for name in own}
        marked = {f"{name}{mark}": value for name, value in narrowed.items()}
        return {**marked, f"size{mark}": window.size, **keyset_arguments(window, mark)}

    mark, shape, constant = draft.take(request[0], request[1][0], parameters)
    page = _Page(draft, with_only(block, shape.filters.union(own)), shape.window(block))
    page.mark = mark
    page.size = str(_window(block, constant).size) if constant is not None else f"cast(:size{mark} as integer)"
    members = collect(draft.document, object_type(request), selections_of(request[1]))
    page.looks_beyond = any(nodes[0].name.value == "pageInfo" for nodes in members.values())
    built = object_of({key: _member(page, keyed, object_type(request), nodes) for key, nodes in members.items()})
    return SqlFragment(page.select(built.parts, keyed), built.fix)


def _member(page: _Page, keyed: tuple[str, str], kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    name = nodes[0].name.value
    if name == "__typename":
        return type_name(kind)
    member = get_named_type(kind.fields[name].type)
    if name == "totalCount":
        counted = correlated(page.block.sql, page.block, key=keyed[0], owner=keyed[1], mark=page.mark)
        return SqlFragment((f"(select count(*) from ({counted}) c)",))
    assert isinstance(member, GraphQLObjectType)
    if name == "nodes":
        return page.listed(build_object(page.draft, page.rows, member, nodes))
    if name == "edges":
        return page.listed(object_of({key: _edge(page, member, merged) for key, merged in collect(page.draft.document, member, selections_of(nodes)).items()}))
    return _page_info(page, member, nodes)


def _edge(page: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    name = nodes[0].name.value
    if name == "cursor":
        return SqlFragment(in_quotes(page.cursor()))
    if name == "__typename":
        return type_name(kind)
    node = get_named_type(kind.fields[name].type)
    if not isinstance(node, GraphQLObjectType) or not is_non_null_type(kind.fields[name].type):
        raise CannotPlan(f"{kind.name}.{name} is not a plain node")
    return build_object(page.draft, page.rows, node, nodes)


def _page_info(page: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> SqlFragment:
    members = collect(page.draft.document, kind, selections_of(nodes))
    return SqlFragment(objects({key: _about(page, kind, merged[0].name.value) for key, merged in members.items()}))


def _about(page: _Page, kind: GraphQLObjectType, name: str) -> Parts:
    window = page.window
    if name == "__typename":
        return type_name(kind).parts
    if name in ("startCursor", "endCursor"):
        return (page.cursor_at(page.first if name == "startCursor" else page.last),)
    if (name == "hasPreviousPage") == window.is_backward:
        return (f"case when {page.whole}.row_count > {page.size} then 'true' else 'false' end",)
    return ("'true'" if (window.before if window.is_backward else window.after) is not None else "'false'",)


def _window(block: Block, arguments: Arguments) -> Window:
    return window_of(block, order_of(arguments, block.orders), Paging(arguments["first"], arguments["after"], arguments["last"], arguments["before"]))
