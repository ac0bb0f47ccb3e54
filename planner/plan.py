"""Plans: made once per document, role and shape of variables, kept, and run."""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, get_variable_values
from graphql.execution.values import VariableValues

from auth.links import Links
from auth.permissions import Permission, check
from auth.viewer import Viewer
from billing.refusals import RequestError
from billing.rows import Budget
from db.blocks import PARAMETER, positional
from planner import build, derived, pages, roots
from planner.draft import ArgumentSource, CannotPlan, Draft, Fix, Run, Scope
from planner.fields import Document
from planner.formats import enum_literal
from planner.shape import shape_of
from planner.texts import MARK, objects, text_of
from schema import roots as declared_roots
from schema.fields import AnyOf, Derived, Many, One, PageOf, Part

logger = logging.getLogger("portico.planner")

BUILDERS: dict[type, Callable[..., Any]] = {
    Part: build.part,
    One: build.one,
    Many: build.many,
    PageOf: pages.page,
    AnyOf: roots.any_of,
    Derived: derived.derived,
    declared_roots.Root: roots.root,
}

MAX_SHAPES = 64


class NullFound(Exception):
    """Postgres met a null where the schema says that there is none; the executor will say where."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement that answers a whole query, and what is left to do in Python (`fix`; None is nothing).

    What the document itself says is read once (`constants`, `arguments`); `sources` are the fields whose arguments have variables.
    """

    sql: str
    parameters: tuple[str, ...]
    constants: dict[str, Any]
    arguments: Mapping[str, Any]
    sources: tuple[ArgumentSource, ...]
    fix: Fix | None
    derived: tuple[str, ...]
    permissions: tuple[Permission, ...]

    def bind(self, viewer: Viewer, variables: VariableValues) -> "Bound":
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
        }
        for source in self.sources:
            given = arguments[source.mark] = source.read(variables)
            values |= source.parameters(given)
        return Bound(self, tuple(values[name] for name in self.parameters), Run(viewer, arguments))


@dataclass(frozen=True, slots=True)
class Bound:
    plan: Plan
    values: tuple[Any, ...]
    run: Run

    def answer(self, text: str, links: Links | None = None, budget: Budget | None = None) -> bytes:
        """The response's body from the statement's one value; without derived fields, Postgres' bytes as they are. Raises NullFound."""
        if MARK in text:
            raise NullFound
        if self.plan.fix is None:
            return text.encode()
        found = orjson.loads(text)
        found["data"] = self.plan.fix(found["data"], replace(self.run, links=links, budget=budget))
        return orjson.dumps(found)


class Planner:
    """What makes plans: one for a process. `fallbacks` counts, by reason, the queries that went to the executor."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.fallbacks: Counter[str] = Counter()

    def prepare(self, ast: DocumentNode) -> "Plans":
        return Plans(self, ast)


class Plans:
    """The plans of one document, kept with it. Bounded, because callers choose the shapes of variables."""

    def __init__(self, planner: Planner, ast: DocumentNode) -> None:
        self._planner = planner
        self._fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
        self._shape = shape_of(list(ast.definitions))
        self._known: OrderedDict[Hashable, Plan | CannotPlan] = OrderedDict()

    def bind(self, operation: OperationDefinitionNode, inputs: dict[str, Any], viewer: Viewer) -> Bound | None:
        """The request as one statement, or None where the executor has to answer: with data, or with what is wrong."""
        if operation.operation.value != "query":
            return None
        variables = get_variable_values(self._planner.schema, operation.variable_definitions or (), inputs)
        if not isinstance(variables, VariableValues):
            return None
        try:
            plan = self._plan(operation, variables, viewer)
            if isinstance(plan, Plan):
                return plan.bind(viewer, variables)
            self._planner.fallbacks[str(plan)] += 1
        except (RequestError, GraphQLError):
            self._planner.fallbacks["its arguments are refused"] += 1
        return None

    def refused(self) -> None:
        """A derived field refused an argument that only it could judge. The executor says so beside what the other fields answer."""
        self._planner.fallbacks["an argument was refused"] += 1

    def failed(self) -> None:
        """Note that a statement of these plans failed, so that the executor had to answer after all."""
        self._planner.fallbacks["its statement failed"] += 1

    def _plan(self, operation: OperationDefinitionNode, variables: VariableValues, viewer: Viewer) -> Plan | CannotPlan:
        key = (operation.name and operation.name.value, viewer.customer_id is None, self._shape(variables.coerced))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._made(operation, variables, viewer)
            if len(self._known) > MAX_SHAPES:
                self._known.popitem(last=False)
        return found

    def _made(self, operation: OperationDefinitionNode, variables: VariableValues, viewer: Viewer) -> Plan | CannotPlan:
        try:
            return make(Draft(Document(self._planner.schema, self._fragments, variables), viewer.customer_id is None, BUILDERS), operation)
        except CannotPlan as reason:
            logger.info("a query goes to the executor: %s", reason)
            return reason


def make(draft: Draft, operation: OperationDefinitionNode) -> Plan:
    """Raises CannotPlan for what SQL cannot say, and what arguments raise."""
    root_type = draft.document.schema.query_type
    assert root_type is not None
    scope = Scope(_viewer_column, "Viewer", "cast(null as text)" if draft.is_staff else ":customer_id")
    built = build.build_object(draft, scope, root_type, [operation])  # type: ignore[list-item]  # it has a selection set, and that is all that is read
    text = f"select {text_of(objects({'data': built.parts}))} from (select 1) root{scope.joined}"
    for join in draft.joins:  # an outer one comes before those inside it, whose marks its text brings along
        text = join.settle(text)
    arguments = {source.mark: source.read(draft.document.variables) for source in draft.sources if source.is_constant}
    constants = {name: value for source in draft.sources if source.is_constant for name, value in source.parameters(arguments[source.mark]).items()}
    literals = {name: found for name, value in constants.items() if (found := enum_literal(value))}
    sql, parameters = positional(PARAMETER.sub(lambda match: literals.get(match[1], match[0]), text))
    varying = tuple(source for source in draft.sources if not source.is_constant)
    return Plan(sql, parameters, constants, arguments, varying, built.fix, tuple(draft.derived), tuple(draft.permissions))


def _viewer_column(name: str) -> str:
    return f"cast(:viewer_{name} as {'text[]' if name == 'scopes' else 'text'})"
