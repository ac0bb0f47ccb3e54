"""Plans: made once per document, role and shape of variables, kept, and run."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableValues,
    get_variable_values,
    separate_operations,
)

from auth.permissions import Permission, check
from auth.urls.links import Links
from auth.viewer import Viewer
from billing.files.attachments import DEFAULT_LIMITS, FileLimits
from billing.refusals import RequestError
from billing.rows.partners import CostBudget
from db.blocks import PARAMETER, blocks, numbered
from planner import build, derived, pages, roots
from planner.cache import PlanCache
from planner.cache_key import RequestShape, Rule, ShapeReader, no_shape
from planner.draft import CALLER, AnswerContext, ArgumentSource, CannotPlan, PlanBuilder, PostProcess, Scope, correlated
from planner.fields import DocumentContext
from planner.formats import enum_literal
from planner.json_sql import MARK, objects, text_of
from schema.declarations import roots as declared_roots
from schema.declarations.fields import AnyOf, ColumnGroup, Derived, Many, One, PageOf

logger = logging.getLogger("portico.planner")

BUILDERS: dict[type, Callable[..., Any]] = {
    ColumnGroup: build.part,
    One: build.one,
    Many: build.many,
    PageOf: pages.page,
    AnyOf: roots.any_of,
    Derived: derived.derived,
    declared_roots.Root: roots.root,
}

# What a field's SQL depends on in its arguments, where it may take any.
RULES: dict[type, Callable[[Any], Rule]] = {
    PageOf: lambda _: pages.page_shape,
    Derived: lambda _: no_shape,
    declared_roots.Root: lambda root: roots.RULES[root.name],
}

# Characters of a statement. Postgres takes about 1,600 bytes for each while it plans, and up to 310 for as long as the statement stays prepared.
# The longest of the portal's own pages has 10,300; `docs/decisions/0033-plans-are-bounded.md` has the figures.
MAX_SQL = 16_384
# From which use on a plan's statement stays prepared on a connection: documents that are sent once do not evict those that are sent again.
REPEATED = 3

ARGUMENTS = "its arguments are refused"


class NullFound(Exception):
    """Postgres met a null where the schema says that there is none; the executor will say where."""


@dataclass(frozen=True, slots=True)
class SqlPlan:
    """One statement that answers a whole query, and what is left to do in Python (`fix`; None is nothing).

    What the document itself says is read once (`constants`, `arguments`); `sources` are the fields whose arguments have variables.
    """

    sql: str
    parameters: tuple[str, ...]
    constants: dict[str, Any]
    arguments: Mapping[str, Any]
    sources: tuple[ArgumentSource, ...]
    fix: PostProcess | None
    derived: tuple[str, ...]
    permissions: tuple[Permission, ...]

    def bind(self, viewer: Viewer, reading: RequestShape, *, is_repeated: bool) -> "BoundPlan":
        """The plan with a request's values. Raises RequestError and GraphQLError as the executor would."""
        for permission in self.permissions:
            check(viewer, permission)
        arguments = dict(self.arguments)
        values = self.constants | {
            "customer_id": viewer.customer_id,
            "viewer_kind": viewer.kind,
            "viewer_customer_id": viewer.customer_id,
            "viewer_scopes": list(viewer.scopes),
            "viewer_client": viewer.client,
            "viewer_needs_sign_in": viewer.needs_sign_in,
        }
        for source in self.sources:
            arguments[source.mark] = source.read(reading)
            values |= source.parameters(arguments[source.mark])
        return BoundPlan(self, tuple(values[name] for name in self.parameters), AnswerContext(viewer, arguments), is_repeated)


@dataclass(frozen=True, slots=True)
class BoundPlan:
    """`is_repeated` says that the statement is worth its memory on a connection."""

    plan: SqlPlan
    values: tuple[Any, ...]
    run: AnswerContext
    is_repeated: bool

    def answer(self, row: Sequence[Any], links: Links | None = None, budget: CostBudget | None = None, file_limits: FileLimits = DEFAULT_LIMITS) -> bytes:
        """The response's body from the statement's one row: its text, and where the plan needs it the customer's locale.

        Without derived fields, Postgres' bytes as they are. Raises NullFound.
        """
        text, *locale = row
        if MARK in text:
            raise NullFound
        if self.plan.fix is None:
            return str(text).encode()
        found = orjson.loads(text)
        run = replace(self.run, links=links, budget=budget, customer_locale=next(iter(locale), None), file_limits=file_limits)
        found["data"] = self.plan.fix(found["data"], run)
        return orjson.dumps(found)


@dataclass(slots=True)
class CachedPlan:
    """A plan, or why there is none, and how often it was asked for."""

    plan: SqlPlan | CannotPlan
    uses: int = 0


class Planner:
    """What makes plans: one for a process. `fallbacks` counts, by reason, the queries that went to the executor."""

    def __init__(self, schema: GraphQLSchema, *, max_sql: int = MAX_SQL) -> None:
        self.schema = schema
        self.max_sql = max_sql
        self.fallbacks: Counter[str] = Counter()
        self._numbers = count()

    def prepare(self, ast: DocumentNode, cache: PlanCache[CachedPlan]) -> "DocumentPlans":
        """The plans of a document, which are kept in the cache."""
        return DocumentPlans(self, ast, cache, next(self._numbers))


class DocumentPlans:
    """The plans of one document."""

    def __init__(self, planner: Planner, ast: DocumentNode, cache: PlanCache[CachedPlan], number: int) -> None:
        self._planner = planner
        self._cache = cache
        self._number = number
        self._fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
        self._ast = ast

    @cached_property
    def _readers(self) -> dict[str, ShapeReader]:
        """By the name of the operation. A variable of one may have the name, and not the type, of another's."""
        return {name: ShapeReader(self._planner.schema, operation, RULES) for name, operation in separate_operations(self._ast).items()}

    def bind(self, operation: OperationDefinitionNode, inputs: dict[str, Any], viewer: Viewer) -> BoundPlan | None:
        """The request as one statement, or None where the executor has to answer: with data, or with what is wrong."""
        if operation.operation.value != "query":
            return None
        variables = get_variable_values(self._planner.schema, operation.variable_definitions or (), inputs, max_errors=1, hide_suggestions=True)
        if not isinstance(variables, VariableValues):
            return None
        reading = self._readers[operation.name.value if operation.name else ""].read(variables)
        entry = self._entry(operation, reading, viewer)
        if isinstance(entry.plan, CannotPlan):
            self._planner.fallbacks[str(entry.plan)] += 1
            return None
        try:
            return entry.plan.bind(viewer, reading, is_repeated=entry.uses >= REPEATED)
        except (RequestError, GraphQLError):
            self._planner.fallbacks[ARGUMENTS] += 1
            return None

    def refused(self) -> None:
        """A derived field refused an argument that only it could judge. The executor says so beside what the other fields answer."""
        self._planner.fallbacks["an argument was refused"] += 1

    def failed(self) -> None:
        """Note that a statement of these plans failed, so that the executor had to answer after all."""
        self._planner.fallbacks["its statement failed"] += 1

    def _entry(self, operation: OperationDefinitionNode, reading: RequestShape, viewer: Viewer) -> CachedPlan:
        key = (operation.name and operation.name.value, viewer.customer_id is None, reading.shape)
        entry = self._cache.get(self._number, key)
        if entry is None:
            entry = CachedPlan(self._made(operation, reading, viewer))
            self._cache.put(self._number, key, entry)
        entry.uses += 1
        return entry

    def _made(self, operation: OperationDefinitionNode, reading: RequestShape, viewer: Viewer) -> SqlPlan | CannotPlan:
        """What is wrong with the arguments of a shape is wrong with those of every request that has it."""
        document = DocumentContext(self._planner.schema, self._fragments, reading.variables)
        try:
            plan = make(PlanBuilder(document, reading, viewer.customer_id is None, BUILDERS), operation)
            if len(plan.sql) > self._planner.max_sql:
                raise CannotPlan("its statement would be too long")
            return plan
        except CannotPlan as reason:
            logger.info("planner fallback: the query is run by the executor: %s", reason)
            return reason
        except (RequestError, GraphQLError):
            return CannotPlan(ARGUMENTS)


def make(draft: PlanBuilder, operation: OperationDefinitionNode) -> SqlPlan:
    """Raises CannotPlan for what SQL cannot say, and what arguments raise."""
    root_type = draft.document.schema.query_type
    assert root_type is not None
    scope = Scope(_viewer_column, "Viewer", "cast(null as text)" if draft.is_staff else ":customer_id")
    built = build.build_object(draft, scope, root_type, [operation])  # type: ignore[list-item]  # it has a selection set, and that is all that is read
    text = f"select {text_of(objects({'data': built.parts}))}{_locale(draft)} from (select 1) root{scope.joined}"
    for join in draft.joins:  # an outer one comes before those inside it, whose marks its text brings along
        text = join.settle(text)
    arguments = {source.mark: source.read(draft.reading) for source in draft.sources if source.is_constant}
    constants = {name: value for source in draft.sources if source.is_constant for name, value in source.parameters(arguments[source.mark]).items()}
    literals = {name: found for name, value in constants.items() if (found := enum_literal(value))}
    sql, parameters = numbered(PARAMETER.sub(lambda match: literals.get(match[1], match[0]), text))
    varying = tuple(source for source in draft.sources if not source.is_constant)
    return SqlPlan(sql, parameters, constants, arguments, varying, built.fix, tuple(draft.derived), tuple(draft.permissions))


def _locale(draft: PlanBuilder) -> str:
    """One column more: the locale of the caller's customer, which staff do not have."""
    if draft.is_staff or not draft.needs_locale:
        return ""
    block = blocks()["customers.by_id"]
    return f", (select c.locale from ({correlated(block.sql, block, key=CALLER, owner=CALLER)}) c)"


# Of what a token says, all but texts.
VIEWER_TYPES = {"scopes": "text[]", "needs_sign_in": "boolean"}


def _viewer_column(name: str) -> str:
    return f"cast(:viewer_{name} as {VIEWER_TYPES.get(name, 'text')})"
