"""The declared relations by levels: which values of which loaders some rows need, by the same keys as `resolvers/reads/relations.py`."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from billing.ids import prefix_of
from billing.money.money import Money
from db.blocks import blocks
from gateway.levels.run import KeyRequest, LevelRun, Relation, Values
from resolvers.reads.pages import RowPage
from resolvers.reads.relations import BY_ID, key_of, type_name, with_value
from schema.declarations.fields import AnyOf, Guard, Listed, Many, One, PageOf
from schema.declarations.paging import page_filters, window

ReadArguments = Callable[[LevelRun], dict[str, Any]]
# The columns of Money, in the order of its fields.
MONEY = tuple(field.name for field in fields(Money))


def presenter(columns: Mapping[str, str] | None, when: str | None = None) -> Callable[[Sequence[Any]], Values]:
    """Return the function that presents rows as `present_row` presents one, those with a value in the column `when`."""
    if not columns:
        return lambda rows: list(with_value(rows, when))
    values = attrgetter(*(columns[name] for name in MONEY))
    return lambda rows: [Money(*values(row)) for row in with_value(rows, when)]


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object of which only the id and the type are selected, which are known without its row."""

    id: str

    @property
    def type_name(self) -> str:
        return type_name(prefix_of(self.id))


class SingleValue:
    """A relation to the one value of one key."""

    __slots__ = ()

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        return loaded[0]

    def size(self, value: Any) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class OneRelation(SingleValue):
    declared: One
    needed: Set[str]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        block, name = self.declared.block, self.declared.key
        loader = run.context.loaders.one(block)
        keys = (key_of(row, name, block, run.context) for row in rows)
        return [None if key[1] is None else KeyRequest(loader, (key,)) for key in keys]

    def columns(self, request: KeyRequest) -> Set[str]:
        return self.needed


@dataclass(frozen=True, slots=True)
class ManyRelation:
    declared: Many
    needed: Set[str]
    present: Callable[[Sequence[Any]], Values]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        block, name = self.declared.block, self.declared.key
        loader = run.context.loaders.many(block)
        return [KeyRequest(loader, (key_of(row, name, block, run.context),)) for row in rows]

    def columns(self, request: KeyRequest) -> Set[str]:
        return self.needed

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        return self.present(loaded[0])

    def size(self, value: Any) -> int:
        return len(value)


@dataclass(frozen=True, slots=True)
class PageRelation:
    declared: PageOf
    needed: Set[str]
    arguments: ReadArguments

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        declared, arguments = self.declared, self.arguments(run)
        loader = run.context.loaders.page(declared.block, window(declared.block, declared.sort, arguments), page_filters(arguments))
        return [KeyRequest(loader, (key_of(row, declared.key, declared.block, run.context),)) for row in rows]

    def columns(self, request: KeyRequest) -> Set[str]:
        reader = request.loader.reader
        assert reader.window
        return {*self.needed, *reader.block.orders[reader.window.order].columns}

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        reader = request.loader.reader
        assert reader.window
        return RowPage(loaded[0], reader.window, reader.block, request.keys[0], reader.filters)

    def size(self, value: Any) -> int:
        return len(value.slice.rows)


@dataclass(frozen=True, slots=True)
class TotalRelation(SingleValue):
    """The number of rows of all pages, of the page that is the object."""

    def requests(self, run: LevelRun, rows: Sequence[RowPage]) -> list[KeyRequest | None]:
        return [KeyRequest(run.context.loaders.count(page.block, page.filters), (page.key,)) for page in rows]

    def columns(self, request: KeyRequest) -> Set[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class ListedRelation:
    declared: Listed
    needed: Set[str]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        block = self.declared.block
        loader = run.context.loaders.one(block)
        lists = ((row.customer_id if block.is_of_customer else None, getattr(row, self.declared.keys)) for row in rows)
        return [None if ids is None else KeyRequest(loader, tuple((owner, identifier) for identifier in ids)) for owner, ids in lists]

    def columns(self, request: KeyRequest) -> Set[str]:
        return self.needed

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        return [row for row in loaded if row is not None]

    def size(self, value: Any) -> int:
        return len(value) if value else 0


@dataclass(frozen=True, slots=True)
class AnyOfRelation(SingleValue):
    declared: AnyOf
    needed: Mapping[str, Set[str]]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        declared = self.declared
        return [request_by_id(run, row.customer_id, getattr(row, declared.key), declared.prefixes) for row in rows]

    def columns(self, request: KeyRequest) -> Set[str]:
        return columns_by_type(self.needed, request)


@dataclass(frozen=True, slots=True)
class GuardedRelation:
    """A relation with permissions."""

    relation: Relation
    guards: tuple[Guard, ...]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        for guard in self.guards:
            guard.require(run.context)
        return self.relation.requests(run, rows)

    def columns(self, request: KeyRequest) -> Set[str]:
        return self.relation.columns(request)

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        return self.relation.value(request, loaded)

    def size(self, value: Any) -> int:
        return self.relation.size(value)


@dataclass(frozen=True, slots=True)
class RootRelation(SingleValue):
    """The object that a root field of a customer's query finds by its id, as `resolvers/reads/roots.py` does. `find` gives the kinds and the id."""

    find: Callable[[LevelRun], tuple[Collection[str], str | None]]
    needed: Mapping[str, Set[str]]

    def requests(self, run: LevelRun, rows: Sequence[Any]) -> list[KeyRequest | None]:
        prefixes, identifier = self.find(run)
        return [request_by_id(run, run.context.viewer.customer_id, identifier, prefixes)] * len(rows)

    def columns(self, request: KeyRequest) -> Set[str]:
        return columns_by_type(self.needed, request)


def columns_by_type(needed: Mapping[str, Set[str]], request: KeyRequest) -> Set[str]:
    """Return the columns that are needed of the objects of the type that a loader's rows have."""
    return needed[request.loader.reader.block.returns.removesuffix("Row")]


def request_by_id(run: LevelRun, owner: str | None, identifier: str | None, prefixes: Collection[str]) -> KeyRequest | None:
    """Return what finds an object by its id if it is of one of the kinds, as `relations.by_id` does."""
    prefix = prefix_of(identifier or "")
    if prefix not in prefixes:
        return None
    block = blocks()[BY_ID[prefix]]
    return KeyRequest(run.context.loaders.one(block), ((owner if block.is_of_customer else None, identifier),))


def known_objects(declared: AnyOf) -> Callable[[LevelRun, Sequence[Any]], Values]:
    """Return the function that makes the objects of a certain relation from their ids alone."""

    def values(_: LevelRun, rows: Sequence[Any]) -> Values:
        ids = [getattr(row, declared.key) for row in rows]
        return [KnownObject(identifier) if prefix_of(identifier or "") in declared.prefixes else None for identifier in ids]

    return values
