"""A finished statement, its values for one request, and the answer that is made of its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from auth.permissions import Permission, check
from auth.urls.links import Links
from auth.viewer import Viewer
from billing.files.attachments import DEFAULT_LIMITS, FileLimits
from billing.rows.partners import CostBudget
from db.blocks import PARAMETER, blocks, numbered
from db.revisions.coverage import statement_for
from planner.cache_key import RequestShape
from planner.draft import CALLER, COLUMN, AnswerContext, ArgumentSource, PlanBuilder, PostProcess, Scope, SqlFragment, correlated
from planner.formats import enum_literal
from planner.json_sql import MARK, objects, text_of

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
    """One statement that answers a query, or some members of an object, and the function that Python applies to its result (`fix`; None if there is none).

    Constant arguments of the document are read once (`constants`, `arguments`); `sources` are the fields whose arguments contain variables, and `columns` the names
    of the columns of the object that has the members.
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
    columns: tuple[str, ...] = ()
    revised: RevisedStatement | None = None

    def bind(self, viewer: Viewer, reading: RequestShape, *, is_repeated: bool, source: object = None) -> "BoundPlan":
        """Return the plan with a request's values; `source` is the object that has the members. Raises RequestError and GraphQLError as the executor does."""
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
        values |= {COLUMN + name: getattr(source, name) for name in self.columns}
        for field in self.sources:
            arguments[field.mark] = field.read(reading)
            values |= field.parameters(arguments[field.mark])
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
        if self.plan.fix is None and MARK not in row[0]:
            return str(row[0]).encode()
        return orjson.dumps({"data": self.data(row, links, budget, file_limits)})

    def data(
        self, row: Sequence[Any], links: Links | None = None, budget: CostBudget | None = None, file_limits: FileLimits = DEFAULT_LIMITS
    ) -> dict[str, Any]:
        """Return the members of the answer by response key, from the statement's one row. Raises UnexpectedNull."""
        text, *locale = row
        if MARK in text:
            raise UnexpectedNull
        data: dict[str, Any] = orjson.loads(text)["data"]
        if self.plan.fix is None:
            return data
        run = replace(self.run, links=links, budget=budget, customer_locale=next(iter(locale), None), file_limits=file_limits)
        members: dict[str, Any] = self.plan.fix(data, run)
        return members


def statement(draft: PlanBuilder, scope: Scope, built: SqlFragment) -> SqlPlan:
    """Return the plan of an object of the scope."""
    text = f"select {text_of(objects({'data': built.parts}))}{_locale(draft)} from (select 1) root{scope.joined}"
    for join in draft.joins:  # an outer join comes before those inside it, because its text contains their marks
        text = join.settle(text)
    arguments = {source.mark: source.read(draft.reading) for source in draft.sources if source.is_constant}
    constants = {name: value for source in draft.sources if source.is_constant for name, value in source.parameters(arguments[source.mark]).items()}
    literals = {name: literal for name, value in constants.items() if (literal := enum_literal(value))}
    text = PARAMETER.sub(lambda match: literals.get(match[1], match[0]), text)
    sql, parameters = numbered(text)
    varying = tuple(source for source in draft.sources if not source.is_constant)
    facts = tuple(draft.derived), tuple(draft.permissions), tuple(draft.columns)
    return SqlPlan(sql, parameters, constants, arguments, varying, built.fix, *facts, _revised(draft, text))


def _revised(draft: PlanBuilder, text: str) -> RevisedStatement | None:
    """Return the statement with its revision; None for staff, where revisions do not cover the rows, for members of an object, and where the answer has addresses with an
    end or the budget."""
    if draft.is_staff or draft.columns or not draft.selection.is_covered or not FACTS_OF_CALL.isdisjoint(draft.facts):
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
