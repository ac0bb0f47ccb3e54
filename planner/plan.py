"""Plans: made once per document, role and shape of variables, cached, and run."""

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
from db.revisions.coverage import statement_for
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

# The rules for fields with arguments: the part of the arguments on which the SQL depends.
RULES: dict[type, Callable[[Any], Rule]] = {
    PageOf: lambda _: pages.page_shape,
    Derived: lambda _: no_shape,
    declared_roots.Root: lambda root: roots.RULES[root.name],
}

# Characters of a statement. Postgres needs about 1,600 bytes for each during planning, and up to 310 as long as the statement stays prepared.
# The longest of the portal's own pages has 10,300; `docs/decisions/0033-plans-are-bounded.md` has the figures.
MAX_SQL = 16_384
# The use of a plan from which on its statement stays prepared on a connection: documents that are sent once do not evict those that are sent again.
REPEATED = 3

ARGUMENTS = "its arguments are refused"
# The facts that differ from call to call, also of the same caller.
FACTS_OF_CALL = frozenset({"links", "budget"})


class UnexpectedNull(Exception):
    """The answer has a null in a field that the schema declares as non-null. The executor reports the field."""


@dataclass(frozen=True, slots=True)
class RevisedStatement:
    """The statement of a plan with the columns of an AnswerRevision at the end of its row. `is_of_catalog`: the answer depends on the catalog, too."""

    sql: str
    parameters: tuple[str, ...]
    is_of_catalog: bool


@dataclass(frozen=True, slots=True)
class SqlPlan:
    """One statement that answers a whole query, and the function that Python applies to its result (`fix`; None if there is none).

    Constant arguments of the document are read once (`constants`, `arguments`); `sources` are the fields whose arguments contain variables.
    `revised` is there if the answer stays the same as long as the revision and the interval of time of its AnswerRevision do (`db/revisions`).
    """

    sql: str
    parameters: tuple[str, ...]
    constants: dict[str, Any]
    arguments: Mapping[str, Any]
    sources: tuple[ArgumentSource, ...]
    fix: PostProcess | None
    derived: tuple[str, ...]
    permissions: tuple[Permission, ...]
    revised: RevisedStatement | None = None

    def bind(self, viewer: Viewer, reading: RequestShape, *, is_repeated: bool) -> "BoundPlan":
        """Return the plan with a request's values. Raises RequestError and GraphQLError as the executor does."""
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
        revised_values = tuple(values[name] for name in self.revised.parameters) if self.revised else ()
        return BoundPlan(self, tuple(values[name] for name in self.parameters), AnswerContext(viewer, arguments), is_repeated, revised_values)


@dataclass(frozen=True, slots=True)
class BoundPlan:
    """A plan with the values of a request. `is_repeated`: the statement is used often enough to stay prepared on a connection."""

    plan: SqlPlan
    values: tuple[Any, ...]
    run: AnswerContext
    is_repeated: bool
    # The values of the statement with the revision.
    revised_values: tuple[Any, ...] = ()

    def answer(self, row: Sequence[Any], links: Links | None = None, budget: CostBudget | None = None, file_limits: FileLimits = DEFAULT_LIMITS) -> bytes:
        """Return the response's body from the statement's one row: its text and, if the plan needs it, the customer's locale.

        Without derived fields, the body is Postgres' text unchanged. Raises UnexpectedNull.
        """
        text, *locale = row
        if MARK in text:
            raise UnexpectedNull
        if self.plan.fix is None:
            return str(text).encode()
        payload = orjson.loads(text)
        run = replace(self.run, links=links, budget=budget, customer_locale=next(iter(locale), None), file_limits=file_limits)
        payload["data"] = self.plan.fix(payload["data"], run)
        return orjson.dumps(payload)


@dataclass(slots=True)
class CachedPlan:
    """A plan, or the reason why there is none, and the number of its uses."""

    plan: SqlPlan | CannotPlan
    uses: int = 0


class Planner:
    """The maker of plans, one for a process. `fallbacks` counts, by reason, the queries that the executor ran."""

    def __init__(self, schema: GraphQLSchema, *, max_sql: int = MAX_SQL) -> None:
        self.schema = schema
        self.max_sql = max_sql
        self.fallbacks: Counter[str] = Counter()
        self._numbers = count()

    def prepare(self, ast: DocumentNode, cache: PlanCache[CachedPlan]) -> "DocumentPlans":
        """Return the plans of a document, which are stored in the cache."""
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
        """Return the readers by the name of the operation. Variables of two operations may have one name and different types."""
        return {name: ShapeReader(self._planner.schema, operation, RULES) for name, operation in separate_operations(self._ast).items()}

    def bind(self, operation: OperationDefinitionNode, inputs: dict[str, Any], viewer: Viewer) -> BoundPlan | None:
        """Return the request as one statement, or None if the executor has to answer it with data or errors."""
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
        """Count a derived field that refused an argument when it was computed. The executor reports the error beside the data of the other fields."""
        self._planner.fallbacks["an argument was refused"] += 1

    def failed(self) -> None:
        """Count a statement of these plans that failed, so that the executor had to answer."""
        self._planner.fallbacks["its statement failed"] += 1

    def _entry(self, operation: OperationDefinitionNode, reading: RequestShape, viewer: Viewer) -> CachedPlan:
        key = (operation.name and operation.name.value, viewer.customer_id is None, reading.shape)
        entry = self._cache.get(self._number, key)
        if entry is None:
            entry = CachedPlan(self._make(operation, reading, viewer))
            self._cache.put(self._number, key, entry)
        entry.uses += 1
        return entry

    def _make(self, operation: OperationDefinitionNode, reading: RequestShape, viewer: Viewer) -> SqlPlan | CannotPlan:
        """Return the plan of a shape, or the reason why there is none. Arguments that are refused are refused in every request of the shape."""
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
    """Return the plan of an operation. Raises CannotPlan for a query that SQL cannot express, and the errors of arguments."""
    root_type = draft.document.schema.query_type
    assert root_type is not None
    scope = Scope(_viewer_column, "Viewer", "cast(null as text)" if draft.is_staff else ":customer_id")
    built = build.build_object(draft, scope, root_type, [operation])  # type: ignore[list-item]  # it has a selection set, and only that is read
    text = f"select {text_of(objects({'data': built.parts}))}{_locale(draft)} from (select 1) root{scope.joined}"
    for join in draft.joins:  # an outer join comes before those inside it, because its text contains their marks
        text = join.settle(text)
    arguments = {source.mark: source.read(draft.reading) for source in draft.sources if source.is_constant}
    constants = {name: value for source in draft.sources if source.is_constant for name, value in source.parameters(arguments[source.mark]).items()}
    literals = {name: literal for name, value in constants.items() if (literal := enum_literal(value))}
    text = PARAMETER.sub(lambda match: literals.get(match[1], match[0]), text)
    sql, parameters = numbered(text)
    varying = tuple(source for source in draft.sources if not source.is_constant)
    return SqlPlan(sql, parameters, constants, arguments, varying, built.fix, tuple(draft.derived), tuple(draft.permissions), _revised(draft, text))


def _revised(draft: PlanBuilder, text: str) -> RevisedStatement | None:
    """Return the statement with its revision; None for staff, where revisions do not cover the rows, and where the answer has addresses with an end or the budget."""
    if draft.is_staff or not draft.selection.is_covered or not FACTS_OF_CALL.isdisjoint(draft.facts):
        return None
    sql, parameters = numbered(f"select page.*, revised.* from ({text}) page cross join ({statement_for(draft.selection)}) revised")
    return RevisedStatement(sql, parameters, draft.selection.is_of_catalog)


def _locale(draft: PlanBuilder) -> str:
    """Return the column with the locale of the caller's customer, which staff do not have."""
    if draft.is_staff or not draft.needs_locale:
        return ""
    block = blocks()["customers.by_id"]
    draft.selection.add(block)
    return f", (select c.locale from ({correlated(block.sql, block, key=CALLER, owner=CALLER)}) c)"


# The types of the viewer's values that are not texts.
VIEWER_TYPES = {"scopes": "text[]", "needs_sign_in": "boolean"}


def _viewer_column(name: str) -> str:
    return f"cast(:viewer_{name} as {VIEWER_TYPES.get(name, 'text')})"
