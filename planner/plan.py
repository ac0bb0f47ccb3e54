"""Plans: made once per document, role and shape of variables, cached, and bound to the values of a request."""

import logging
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableValues,
    get_variable_values,
    separate_operations,
)

from auth.viewer import Viewer
from billing.refusals import RequestError
from planner import build, derived, pages, roots
from planner.cache import PlanCache
from planner.cache_key import RequestShape, Rule, ShapeReader, no_shape
from planner.draft import CannotPlan, HasFunction, PlanBuilder
from planner.fields import DocumentContext
from planner.members import ARGUMENTS, ROOT, TOO_LONG, BoundMembers, MembersPlan, ObjectPosition, object_positions, plan_members, viewer_scope
from planner.sql_plan import BoundPlan, SqlPlan, statement
from schema.declarations import roots as declared_roots
from schema.declarations.fields import AnyOf, ColumnGroup, Derived, Listed, Many, One, PageOf

logger = logging.getLogger("portico.planner")

BUILDERS: dict[type, Callable[..., Any]] = {
    ColumnGroup: build.part,
    One: build.one,
    Listed: build.listed,
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


@dataclass(slots=True)
class CachedPlan:
    """A plan, or the reason why there is none, and the number of its uses."""

    plan: SqlPlan | MembersPlan | CannotPlan
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
        reading = self._reading(operation, variables)
        entry = self._entry(reading, _place(operation, viewer), lambda: self._make(operation, reading, viewer))
        if not isinstance(entry.plan, SqlPlan):
            self._planner.fallbacks.update([] if isinstance(entry.plan, HasFunction) else [str(entry.plan)])
            return None
        try:
            return entry.plan.bind(viewer, reading, is_repeated=entry.uses >= REPEATED)
        except (RequestError, GraphQLError):
            self._planner.fallbacks[ARGUMENTS] += 1
            return None

    def bind_members(
        self, operation: OperationDefinitionNode, variables: VariableValues, viewer: Viewer, position: ObjectPosition, source: object
    ) -> BoundMembers | None:
        """Return the members of an object of the executor that one statement reads, or None if the executor has to run all of them."""
        reading = self._reading(operation, variables)
        place = _place(operation, viewer)
        entry = self._entry(reading, (*place, position.key, position.rows), lambda: self._make_members(position, reading, viewer))
        members = entry.plan
        assert isinstance(members, MembersPlan)
        if position.key != ROOT or self._has_function(reading, place):  # any other query that has no plan as a whole is counted already
            self._planner.fallbacks.update(members.reasons)
        if not members.plans:
            return None
        if members.is_null(source):
            return BoundMembers(members.keys, ())
        try:
            is_repeated = entry.uses >= REPEATED
            return BoundMembers(members.keys, tuple(plan.bind(viewer, reading, is_repeated=is_repeated, source=source) for plan in members.plans))
        except (RequestError, GraphQLError):
            self._planner.fallbacks[ARGUMENTS] += position.key != ROOT
            return None

    def parts(self, operation: OperationDefinitionNode, inputs: dict[str, Any], viewer: Viewer) -> list[tuple[ObjectPosition, MembersPlan, RequestShape]]:
        """Return the plans of the objects of the executor: of the root of a query, and of what its root fields with a function of their own return.

        They are those of an object that has an id in each column. Inputs without a value are left out, as only those of the root fields may be.
        """
        definitions = [
            item for item in operation.variable_definitions or () if item.variable.name.value in inputs or not isinstance(item.type, NonNullTypeNode)
        ]
        variables = get_variable_values(self._planner.schema, definitions, inputs, max_errors=1, hide_suggestions=True)
        if not isinstance(variables, VariableValues):
            raise variables[0]
        reading = self._reading(operation, variables)
        positions = object_positions(self._draft(reading, viewer).document, operation)
        return [(position, self._make_members(position, reading, viewer), reading) for position in positions]

    def refused(self) -> None:
        """Count a derived field that refused an argument when it was computed. The executor reports the error beside the data of the other fields."""
        self._planner.fallbacks["an argument was refused"] += 1

    def failed(self) -> None:
        """Count a statement of these plans that failed, so that the executor had to answer."""
        self._planner.fallbacks["its statement failed"] += 1

    def _has_function(self, reading: RequestShape, place: tuple[Hashable, ...]) -> bool:
        """Return whether a query has no plan as a whole because a field has a function of its own."""
        whole = self._cache.get(self._number, (*place, reading.shape))
        return whole is not None and isinstance(whole.plan, HasFunction)

    def _reading(self, operation: OperationDefinitionNode, variables: VariableValues) -> RequestShape:
        return self._readers[_name(operation) or ""].read(variables)

    def _entry(self, reading: RequestShape, position: tuple[Hashable, ...], make: Callable[[], SqlPlan | MembersPlan | CannotPlan]) -> CachedPlan:
        """Return the plan of a shape and a position, from the cache if it is there."""
        key = (*position, reading.shape)
        entry = self._cache.get(self._number, key)
        if entry is None:
            entry = CachedPlan(make())
            self._cache.put(self._number, key, entry)
        entry.uses += 1
        return entry

    def _make(self, operation: OperationDefinitionNode, reading: RequestShape, viewer: Viewer) -> SqlPlan | CannotPlan:
        """Return the plan of a shape, or the reason why there is none. Arguments that are refused are refused in every request of the shape."""
        draft = self._draft(reading, viewer)
        try:
            plan = make(draft, operation)
            if len(plan.sql) > self._planner.max_sql:
                raise CannotPlan(TOO_LONG)
            return plan
        except CannotPlan as reason:
            if not isinstance(reason, HasFunction):
                logger.info("planner fallback: the query is run by the executor: %s", reason)
            return reason
        except (RequestError, GraphQLError):
            return CannotPlan(ARGUMENTS)

    def _make_members(self, position: ObjectPosition, reading: RequestShape, viewer: Viewer) -> MembersPlan:
        members = plan_members(lambda: self._draft(reading, viewer), position, max_sql=self._planner.max_sql)
        for obstacle in (reason for reason in members.reasons if reason != ARGUMENTS):
            logger.info("planner fallback: members of %s are read by the executor: %s", position.kind, obstacle)
        return members

    def _draft(self, reading: RequestShape, viewer: Viewer) -> PlanBuilder:
        document = DocumentContext(self._planner.schema, self._fragments, reading.variables)
        return PlanBuilder(document, reading, viewer.customer_id is None, BUILDERS)


def make(draft: PlanBuilder, operation: OperationDefinitionNode) -> SqlPlan:
    """Return the plan of an operation. Raises CannotPlan for a query that SQL cannot express, and the errors of arguments."""
    root_type = draft.document.schema.query_type
    assert root_type is not None
    scope = viewer_scope(draft)
    built = build.build_object(draft, scope, root_type, [operation])  # type: ignore[list-item]  # it has a selection set, and only that is read
    return statement(draft, scope, built)


def _place(operation: OperationDefinitionNode, viewer: Viewer) -> tuple[Hashable, ...]:
    """Return the part of a plan's key beside the shape of the request: the operation, and whether staff ask."""
    return _name(operation), viewer.customer_id is None


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None
