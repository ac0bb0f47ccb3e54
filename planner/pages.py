"""Pages: edges, nodes, what lies around them, and how many there are."""

from typing import Any

from graphql import FieldNode, GraphQLObjectType, get_named_type, is_non_null_type

from db.blocks import Block, with_only
from db.pages import Window, keyset_arguments, page_sql
from planner.build import Ask, build_object, object_of, object_type
from planner.draft import Arguments, CannotPlan, Draft, Piece, Scope, correlated, row_scope
from planner.fields import collect, selections_of
from planner.fixes import fix_items
from planner.formats import cursor, quoted
from planner.values import has_variables
from resolvers.pages import Paging, window_of
from schema.fields import PageOf, filters


class _Page:
    """One page under construction: where its rows come from, and the alias under which they stand."""

    def __init__(self, draft: Draft, block: Block, window: Window) -> None:
        self.draft = draft
        self.block = block
        self.window = window
        self.alias = draft.alias()
        self.rows = row_scope(draft, self.alias, block.returns)
        self.mark = ""
        self.size = ""
        self.looks_beyond = False

    def listed(self, sql: str) -> str:
        """The rows that belong to the page: not the one that only tells that there is more."""
        order = f" order by {self.alias}.nth desc" if self.window.is_backward else ""
        kept = f" filter (where {self.alias}.nth <= {self.size})" if self.looks_beyond else ""
        return f"coalesce(json_agg({sql}{order}){kept}, '[]')"

    def source(self, keyed: tuple[str, str]) -> str:
        """The page's rows: numbered, and one more than asked for, only if somebody wants to know what lies beyond."""
        limit = f"{self.size}{' + 1' if self.looks_beyond else ''}"
        sql = correlated(page_sql(self.block, self.window, limit=limit, mark=self.mark), self.block, key=keyed[0], owner=keyed[1], mark=self.mark)
        if self.looks_beyond:
            return f"(select p.*, row_number() over () as nth, count(*) over () as found from ({sql}) p) {self.alias}"
        return f"(select p.*, row_number() over () as nth from ({sql}) p) {self.alias}" if self.window.is_backward else f"({sql}) {self.alias}"

    def cursor_at(self, *, end: bool) -> str:
        """Backwards, the rows come from the end, so the first to come is the page's last."""
        place = f"least({self.alias}.found, {self.size})" if end != self.window.is_backward else "1"
        return f"max({cursor(self.block, self.window.order, self.alias)}) filter (where {self.alias}.nth = {place})"


def page(draft: Draft, scope: Scope, relation: PageOf, ask: Ask) -> Piece:
    key = scope.column(relation.key) if relation.key else "cast('' as text)"
    return page_of(draft, relation.block, (key, scope.owner), ask)


def page_of(draft: Draft, block: Block, keyed: tuple[str, str], ask: Ask, own: tuple[str, ...] = ()) -> Piece:
    """The connection of a block's rows. `own` names arguments of the field that are parameters of the block too; null is empty text."""

    def narrowed(given: Arguments) -> dict[str, Any]:
        return dict(filters(given.get("filter") or {})) | {name: given[name] or "" for name in own}

    def parameters(given: Arguments) -> dict[str, Any]:
        window = _window(block, given)
        marked = {f"{name}{mark}": value for name, value in narrowed(given).items()}
        return {**marked, f"size{mark}": window.size, **keyset_arguments(window, mark)}

    mark, given = draft.take(ask[0], ask[1][0], parameters)
    made = _Page(draft, with_only(block, frozenset(narrowed(given))), _window(block, given))
    made.mark = mark
    made.size = f":size{mark}" if has_variables(ask[1][0]) else str(made.window.size)
    asked = collect(draft.document, object_type(ask), selections_of(ask[1]))
    made.looks_beyond = any(nodes[0].name.value == "pageInfo" for nodes in asked.values())
    built = object_of({key: _member(made, keyed, object_type(ask), nodes) for key, nodes in asked.items()})
    # `having` makes it one group, so one row, even where nothing of the page but its total is asked for.
    return Piece(f"(select {built.sql} from {made.source(keyed)}{made.rows.joined} having true)", built.fix)


def _member(made: _Page, keyed: tuple[str, str], kind: GraphQLObjectType, nodes: list[FieldNode]) -> Piece:
    name = nodes[0].name.value
    if name == "__typename":
        return Piece(f"cast({quoted(kind.name)} as text)")
    member = get_named_type(kind.fields[name].type)
    if name == "totalCount":
        counted = correlated(made.block.sql, made.block, key=keyed[0], owner=keyed[1], mark=made.mark)
        return Piece(f"(select count(*)::integer from ({counted}) c)")
    assert isinstance(member, GraphQLObjectType)
    if name == "nodes":
        built = build_object(made.draft, made.rows, member, nodes)
        return Piece(made.listed(built.sql), fix_items(built.fix))
    if name == "edges":
        edge = object_of({key: _edge(made, member, asked) for key, asked in collect(made.draft.document, member, selections_of(nodes)).items()})
        return Piece(made.listed(edge.sql), fix_items(edge.fix))
    return _page_info(made, member, nodes)


def _edge(made: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Piece:
    name = nodes[0].name.value
    if name == "cursor":
        return Piece(cursor(made.block, made.window.order, made.alias))
    if name == "__typename":
        return Piece(f"cast({quoted(kind.name)} as text)")
    node = get_named_type(kind.fields[name].type)
    if not isinstance(node, GraphQLObjectType) or not is_non_null_type(kind.fields[name].type):
        raise CannotPlan(f"{kind.name}.{name} is not a plain node")
    return build_object(made.draft, made.rows, node, nodes)


def _page_info(made: _Page, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Piece:
    window = made.window
    more = f"coalesce(max({made.alias}.found), 0) > {made.size}"
    members = {
        "hasNextPage": ("true" if window.before is not None else "false") if window.is_backward else more,
        "hasPreviousPage": more if window.is_backward else ("true" if window.after is not None else "false"),
        "startCursor": made.cursor_at(end=False),
        "endCursor": made.cursor_at(end=True),
        "__typename": f"cast({quoted(kind.name)} as text)",
    }
    asked = collect(made.draft.document, kind, selections_of(nodes))
    arguments = ", ".join(f"{quoted(key)}, {members[found[0].name.value]}" for key, found in asked.items())
    return Piece(f"json_build_object({arguments})")


def _window(block: Block, given: Arguments) -> Window:
    return window_of(block, given["sort"], Paging(given["first"], given["after"], given["last"], given["before"]))
