"""A plan under construction: its parameters, its aliases, and the rows that it selects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLField

from auth.permissions import Permission
from auth.urls.links import Links
from auth.viewer import Viewer
from billing.files.attachments import DEFAULT_LIMITS, FileLimits
from billing.rows import row_type
from billing.rows.partners import CostBudget
from db.blocks import PARAMETER, Block
from db.revisions.coverage import ReadBlocks
from planner.cache_key import RequestShape
from planner.fields import DocumentContext
from planner.json_sql import Parts, text_of
from planner.values import Arguments, has_variables

# A function from a value of Postgres to the value of the answer; `AnswerContext` is the request.
PostProcess = Callable[[Any, "AnswerContext"], Any]
CALLER = "cast(:customer_id as text)"
# The beginning of the names of parameters that are columns of an object of the executor.
COLUMN = "column_"


class CannotPlan(Exception):
    """The planner cannot express the query in SQL. The message says why. The executor runs the query."""


class HasFunction(CannotPlan):
    """A field has a function of its own. The other fields beside it, and what it returns, are planned apart."""


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """One request: its caller, the arguments of fields by the field's mark, the maker of signed URLs of files, the budget, the locale of its customer, and
    the operator's limits of files."""

    viewer: Viewer
    arguments: Mapping[str, Arguments]
    links: Links | None = None
    budget: CostBudget | None = None
    customer_locale: str | None = None
    file_limits: FileLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class SqlFragment:
    """JSON in SQL, as the parts of its text, and the function that Python applies to its value."""

    parts: Parts
    fix: PostProcess | None = None

    @property
    def sql(self) -> str:
        return text_of(self.parts)


@dataclass(frozen=True, slots=True)
class ArgumentSource:
    """A field with arguments, and the SQL parameters for them. Constant arguments are the same in every request."""

    mark: str
    definition: GraphQLField
    node: FieldNode
    parameters: Callable[[Arguments], dict[str, Any]]
    is_constant: bool

    def read(self, reading: RequestShape) -> Arguments:
        """Return the arguments in a request. Raises GraphQLError and RequestError."""
        return reading.arguments(self.definition, self.node)


class FieldArguments(NamedTuple):
    """The data of a field's arguments for a builder: the mark of their parameters, their shape, and, if they contain no variable, their values."""

    mark: str
    shape: Any
    constant: Arguments | None


@dataclass(slots=True)
class PlanBuilder:
    """The state of a plan under construction. It has the caller's role and not the caller: a plan is for all callers of one role."""

    document: DocumentContext
    reading: RequestShape
    is_staff: bool
    builders: Mapping[type, Callable[..., SqlFragment]]
    sources: list[ArgumentSource] = field(default_factory=list)
    derived: list[str] = field(default_factory=list)
    permissions: set[Permission] = field(default_factory=set)
    joins: list["Join"] = field(default_factory=list)
    # The columns that are used of an object of the executor.
    columns: set[str] = field(default_factory=set)
    aliases: int = 0
    needs_locale: bool = False
    selection: ReadBlocks = field(default_factory=ReadBlocks)
    # The facts of the call that derived fields use (`schema.declarations.fields.ABOUT_CALL`).
    facts: set[str] = field(default_factory=set)

    def alias(self) -> str:
        self.aliases += 1
        return f"_{self.aliases}"

    def take(self, definition: GraphQLField, node: FieldNode, parameters: Callable[[Arguments], dict[str, Any]]) -> FieldArguments:
        """Record a field's arguments. Raises CannotPlan for variables that are not in the plan's key, and the errors of the arguments."""
        shape = self.shape_of(definition, node)
        source = ArgumentSource(f"_{len(self.sources)}", definition, node, parameters, not has_variables(node))
        self.sources.append(source)
        return FieldArguments(source.mark, shape, source.read(self.reading) if source.is_constant else None)

    def shape_of(self, definition: GraphQLField, node: FieldNode) -> Any:
        """Return the shape of a field's arguments. Raises CannotPlan for variables that are not in the plan's key, and the errors of the arguments."""
        if has_variables(node) and not self.reading.knows(node):
            raise CannotPlan(f"the variables of {node.name.value} are not in its shape")
        return self.reading.shape_of(definition, node)


@dataclass(slots=True)
class Scope:
    """The row under an alias: its columns as SQL, and the joins that it needs."""

    column: Callable[[str], str]
    returns: str
    owner: str
    joins: list["Join"] = field(default_factory=list)
    shared: dict[tuple[str, str], "Join"] = field(default_factory=dict)

    @property
    def joined(self) -> str:
        """Return the joins that follow the row's own FROM. They are known only when every field of the row is built."""
        return "".join(f" cross join lateral ({join.source}) {join.alias}" for join in self.joins if join.is_shared)

    def noting(self, used: set[str]) -> "Scope":
        """Return the same row, which adds each column that is used to `used`."""

        def column(name: str) -> str:
            used.add(name)
            return self.column(name)

        return Scope(column, self.returns, self.owner, self.joins, self.shared)

    def under(self, names: Mapping[str, str]) -> "Scope":
        """Return the same row with other names for its columns, for a group of columns."""
        return Scope(lambda name: self.column(names[name]), "Money", self.owner, self.joins, self.shared)


class Join:
    """Rows that belong to a scope's row, for one or several fields that are lists of them.

    For several fields they are joined once. For one field they are a subquery in its place, which Postgres runs only for the selected rows.
    The choice is known when all fields are built, so a field's SQL contains a mark until then.
    """

    def __init__(self, alias: str, rows: Scope, table: str) -> None:
        self.alias = alias
        self.rows = rows
        self._table = table
        self._outputs: list[str] = []

    def take(self, output: str) -> str:
        self._outputs.append(output)
        return f"\x00{self.alias}.{len(self._outputs) - 1}\x00"

    @property
    def is_shared(self) -> bool:
        return len(self._outputs) > 1

    @property
    def source(self) -> str:
        columns = ", ".join(f"{output} as f{number}" for number, output in enumerate(self._outputs))
        return f"select {columns} from {self._table}{self.rows.joined}"

    def settle(self, sql: str) -> str:
        """Replace the marks of this join by its columns, or by the subquery."""
        for number in range(len(self._outputs)):
            sql = sql.replace(f"\x00{self.alias}.{number}\x00", f"{self.alias}.f{number}" if self.is_shared else f"({self.source})")
        return sql


def row_scope(draft: PlanBuilder, alias: str, block: Block) -> Scope:
    """Return the rows of a block. Rows of customers carry their owner, which for staff differs from row to row; a customer's is always the caller."""
    returns = block.returns
    has_owner = any(item.name == "customer_id" for item in fields(row_type(returns)))
    if draft.is_staff:
        return Scope(lambda name: f"{alias}.{name}", returns, f"{alias}.customer_id" if has_owner else "cast(null as text)")
    # Columns that must equal the caller's id are written as that id: a block that compares its customer with both key and owner then compares once.
    own = {"CustomerRow": ("id", "customer_id")}.get(returns, ("customer_id",) if has_owner else ())
    scope = Scope(lambda name: CALLER if name in own else f"{alias}.{name}", returns, ":customer_id")
    return scope.noting(draft.selection.add(block))


def correlated(sql: str, block: Block, *, key: str, owner: str, mark: str = "") -> str:
    """Return a block's SQL with its key and owner inserted, and with the field's mark added to the names of its own parameters."""
    known = {"key": key, "customer_id": owner, **{name: f":{name}{mark}" for name in block.parameters if name not in ("key", "customer_id")}}
    return PARAMETER.sub(lambda match: known.get(match[1], match[0]), sql)
