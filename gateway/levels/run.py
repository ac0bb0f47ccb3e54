"""One run of the executor by levels: the objects of a level are completed field by field, and what they relate to is read together as the next level.

Nothing here reports an error. Where a value has one, or is null where the schema allows none, the run ends, and the executor reads the same fields one by one, object by
object, from what the loaders have read already; it then reports the error at its path.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import repeat
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol, Self

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from db.blocks import blocks
from loaders import Shared
from loaders.batch import Key, fetch_one
from loaders.levels import Needed, Wanted, load_level
from resolvers.context import Context
from resolvers.pace import ROWS_AT_ONCE
from resolvers.reads.relations import BY_ID
from schema.declarations.fields import CUSTOMER_LOCALE, CallFacts, about

Values = list[Any]
# So many rows by levels take as long as one field by field.
ROWS_OF_PACE = 3
# The column by which rows that belong to a customer are compared with the caller.
OWNER = "customer_id"


class NeedsFields(Exception):
    """The executor has to read the fields one by one, because one of them has an error."""


class KeyRequest(NamedTuple):
    """What a relation of one object needs: the values of a loader's keys."""

    loader: Shared
    keys: tuple[Key, ...]


class Relation(Protocol):
    """A declared relation."""

    def requests(self, run: "LevelRun", rows: Sequence[Any]) -> list[KeyRequest | None]:
        """Return what each object needs; None for one whose relation is null."""

    def columns(self, request: KeyRequest) -> Set[str]:
        """Return the columns of the loader's rows that are needed."""

    def value(self, request: KeyRequest, loaded: Values) -> Any:
        """Return the value of the field from the loader's values."""

    def size(self, value: Any) -> int:
        """Return the number of rows of a value."""


class LookUp(NamedTuple):
    """A root field with a resolver that finds one object or a page."""

    kind: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    key: str


@dataclass(frozen=True, slots=True)
class LevelStep:
    """One selected field, by its response key and its name. `values` computes its JSON for some rows; where rows have to be read, `complete` makes JSON of the values
    that are loaded by `relation`, or looked up by the resolver of a root field.

    `reads`: it, or a field below it, reads rows. `needs_locale`: it, or a field below it, is computed with the locale of the customer.
    """

    key: str
    name: str
    complete: Callable[["LevelRun", Values], Values]
    values: Callable[["LevelRun", Sequence[Any]], Values] | None = None
    relation: Relation | None = None
    look_up: LookUp | None = None
    reads: bool = False
    needs_locale: bool = False
    # The columns of its object that it needs.
    columns: Set[str] = frozenset()
    # Whether the relation needs only what is known of an object before its row is read.
    is_ahead: bool = False
    # The selections of the objects below it, by their types.
    below: Mapping[str, "LevelSelection"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LevelSelection:
    """The selected fields of an object type."""

    keys: tuple[str, ...]
    steps: tuple[LevelStep, ...]
    relations: tuple[LevelStep, ...]
    reads: bool
    needs_locale: bool
    # The columns of a row that they need together.
    columns: Set[str]
    # The relations that can be read together with their object.
    ahead: tuple[LevelStep, ...]

    @classmethod
    def of(cls, steps: Sequence[LevelStep]) -> Self:
        keys, relations = tuple(step.key for step in steps), tuple(step for step in steps if not step.values)
        columns = frozenset(column for step in steps for column in step.columns)
        return cls(
            keys,
            tuple(steps),
            relations,
            any(step.reads for step in steps),
            any(step.needs_locale for step in steps),
            columns,
            tuple(step for step in relations if step.is_ahead),
        )


class Pending(NamedTuple):
    """A relation of some objects, whose values are missing in their JSON."""

    step: LevelStep
    rows: Sequence[Any]
    objects: list[dict[str, Any]]


class Calls(Protocol):
    """What a run needs of graphql-core's executor."""

    def arguments(self, definition: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Return the coerced arguments of a field. Raises GraphQLError."""

    async def look_up(self, field: LookUp, source: Any) -> Any:
        """Return what the resolver of a root field returns."""


class LevelRun:
    def __init__(self, context: Context, calls: Calls) -> None:
        self.context, self.calls = context, calls
        self._pending: list[Pending] = []
        self._lookups: list[Pending] = []
        self._needs_locale = False

    async def read(self, selection: LevelSelection, source: Any) -> dict[str, Any]:
        """Return the JSON of an object. Raises NeedsFields, and the errors of fields and of statements."""
        (values,) = self.objects(selection, [source])
        self._needs_locale = selection.needs_locale and self.context.needs_locale
        await self._look_up()
        while self._pending:
            level, self._pending = self._pending, []
            wanted: Wanted = {}
            needs = [self._request(pending.step, pending.rows, wanted) for pending in level]
            await self._load(wanted)
            for pending, requests in zip(level, needs, strict=True):
                await self._fill(pending, requests, wanted)
        return values

    def objects(self, selection: LevelSelection, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the JSON of the objects of some rows. Relations are null in it until they are read."""
        if not selection.keys:
            return [{} for _ in rows]
        columns = [step.values(self, rows) if step.values else repeat(None) for step in selection.steps]
        keys = selection.keys
        objects = [dict(zip(keys, values)) for _, values in zip(rows, zip(*columns))]  # noqa: B905  # columns of relations have no end
        for step in selection.relations if rows else ():
            (self._lookups if self._is_looked_up(step) else self._pending).append(Pending(step, rows, objects))
        return objects

    def _is_looked_up(self, step: LevelStep) -> bool:
        """Return whether a root field is resolved first: all of staff, who read what other customers own, and those without a relation."""
        return step.look_up is not None and (step.relation is None or self.context.viewer.is_staff)

    def about(self, wanted: tuple[str, ...]) -> dict[str, Any]:
        """Return the facts of the call that a derived field uses."""
        context = self.context
        if CUSTOMER_LOCALE in wanted and context.needs_locale:
            raise NeedsFields
        return about(wanted, CallFacts(context.viewer, context.links, context.budget, context.customer_locale, context.file_limits)) if wanted else {}

    async def _look_up(self) -> None:
        lookups, self._lookups = self._lookups, []
        values = await _all([self.calls.look_up(pending.step.look_up, pending.rows[0]) for pending in lookups if pending.step.look_up])
        if lookups and self._needs_locale:
            await self._load({})
        for (step, _, (json,)), value in zip(lookups, values, strict=True):
            (json[step.key],) = step.complete(self, [value])

    async def _load(self, wanted: Wanted) -> None:
        """Load what a level needs, the first with the locale of the customer where a field needs it."""
        context = self.context
        if not self._needs_locale:
            return await load_level(context.session, wanted)
        self._needs_locale, own = False, context.loaders.one(blocks()["customers.by_id"])
        key = context.viewer.customer_id, context.viewer.customer_id
        needed = wanted.setdefault(own, Needed())
        needed.columns.add("locale")
        needed.missing.add(key)
        await load_level(context.session, wanted)
        context.customer_locale = needed.values[key].locale if needed.values[key] else ""

    def _request(self, step: LevelStep, rows: Sequence[Any], wanted: Wanted) -> list[KeyRequest | None]:
        """Return what a relation of some objects needs, and note it."""
        relation = step.relation
        assert relation
        requests = relation.requests(self, rows)
        for request in requests:
            if request:
                needed = wanted.get(request.loader)
                if needed is None:
                    needed = wanted[request.loader] = Needed()
                needed.columns |= relation.columns(request)
                needed.missing.update(request.keys)
                self._note_ahead(step, request, wanted)
        return requests

    def _note_ahead(self, step: LevelStep, request: KeyRequest, wanted: Wanted) -> None:
        """Note what the relations of an object need of which only the id and the owner have to be known. Without such an object it is not used.

        Batches of staff are statements of their own, of which none would be saved.
        """
        for selection in step.below.values() if self.context.session.caller.customer_id else ():
            for related in selection.ahead:
                rows = [known for key in request.keys if related.columns <= vars(known := known_columns(request.loader, key)).keys()]
                if rows:
                    self._request(related, rows, wanted)

    async def _fill(self, pending: Pending, requests: Sequence[KeyRequest | None], wanted: Wanted) -> None:
        """Put the values of a relation into the JSON of its objects. Objects that relate to the same rows share their JSON."""
        step, relation = pending.step, pending.step.relation
        assert relation
        values = {request: relation.value(request, [wanted[request.loader].values[key] for key in request.keys]) if request else None for request in requests}
        done: dict[KeyRequest | None, Any] = {}
        for part, rows in _parts(values, relation):
            await self.context.pace.take(-(-rows // ROWS_OF_PACE))
            done.update(zip(part, step.complete(self, [*part.values()]), strict=True))
        key = step.key
        for values_of_object, request in zip(pending.objects, requests, strict=True):
            values_of_object[key] = done[request]


def known_columns(loader: Shared, key: Key) -> SimpleNamespace:
    """Return what is known of the row of a key before it is read: its owner and, where the key is its id, the id."""
    if loader.fetch is not fetch_one:
        return SimpleNamespace()
    owner = {OWNER: key[0]} if key[0] is not None else {}
    return SimpleNamespace(**owner, **({"id": key[1]} if loader.reader.block.name in BY_ID.values() else {}))


async def _all(awaitables: list[Any]) -> Values:
    """Return the results of awaitables, of one without a task of its own."""
    return [await awaitables[0]] if len(awaitables) == 1 else await asyncio.gather(*awaitables)


def _parts(values: dict[Any, Any], relation: Relation) -> Iterator[tuple[dict[Any, Any], int]]:
    """Divide the values of a relation into parts of about as many rows as are completed at once, with their numbers of rows."""
    sizes = [relation.size(value) for value in values.values()]
    if sum(sizes) <= ROWS_AT_ONCE * ROWS_OF_PACE:
        yield values, sum(sizes)
        return
    part: dict[Any, Any] = {}
    rows = 0
    for (request, value), size in zip(values.items(), sizes, strict=True):
        part[request] = value
        rows += size
        if rows >= ROWS_AT_ONCE * ROWS_OF_PACE:
            yield part, rows
            part, rows = {}, 0
    if part:
        yield part, rows
