"""Derived fields: the statement returns the columns that they need in place of the value, and Python computes the value.

A function of at most four booleans, which depends on nothing else, has at most 16 values. They are computed when the plan is made, and the statement selects the text of the value:
without other derived fields the answer is Postgres' text unchanged, which Python neither reads nor writes.
"""

import re
from collections.abc import Callable, Sequence
from itertools import product
from operator import attrgetter
from typing import Any, get_type_hints

import orjson
from graphql import FieldNode, GraphQLObjectType, GraphQLScalarType, get_named_type
from strawberry.utils.str_converters import to_camel_case

from billing.rows import row_types
from planner.build import FieldRequest
from planner.draft import AnswerContext, PlanBuilder, PostProcess, Scope, SqlFragment
from planner.fields import DocumentContext, collect, selections_of
from planner.json_sql import MISSING, Constant, Parts, in_quotes
from schema.declarations.fields import CUSTOMER_LOCALE, DEFINITION, CallFacts, Derived, about

# Scalars whose Python value differs from their JSON value.
FORMATTED = ("DateTime", "Date", "BigInt", "Decimal")

MAX_FLAGS = 4
# Of all texts of a field together, because a statement has at most MAX_SQL.
MAX_CHARACTERS = 3_000
# A colon before a word would begin a parameter.
COLON = re.compile(r":(?=\w)")


def derived(draft: PlanBuilder, scope: Scope, declared: Derived, request: FieldRequest) -> SqlFragment:
    columns = [scope.column(name) for name in declared.needs]
    draft.facts |= _facts(draft.document, declared, request)
    if declared.sql_twin:
        return SqlFragment(in_quotes(f"coalesce({declared.sql_twin}({', '.join(columns)}), {MISSING})"))
    present = _presented(draft.document, request)
    if _is_of_flags(scope, declared, request) and (parts := selected(columns, lambda *flags: present(declared.function(*flags)))):
        return SqlFragment(parts)
    mark = draft.take(request[0], request[1][0], lambda _: {}).mark
    draft.needs_locale |= CUSTOMER_LOCALE in declared.about_call
    draft.derived.append(request[1][0].name.value)
    names = {to_camel_case(argument.python_name): argument.python_name for argument in request[0].extensions[DEFINITION].arguments}
    return SqlFragment((f"json_build_array({', '.join(columns)})",), _compute(declared, mark, names, present))


def _is_of_flags(scope: Scope, declared: Derived, request: FieldRequest) -> bool:
    """Return whether the value depends on a few booleans of the scope's row, and on nothing else."""
    row = row_types().get(scope.returns)
    hints = get_type_hints(row) if row else {}
    return not declared.about_call and not request[0].args and 0 < len(declared.needs) <= MAX_FLAGS and all(hints.get(name) is bool for name in declared.needs)


def selected(columns: list[str], value_of: Callable[..., Any]) -> Parts | None:
    """Return the JSON of a function of boolean columns; None if its texts are too long. A flag that is null leaves the answer to the executor.

    The items of lists of one length are selected one by one, because each has fewer texts than the list.
    """
    values = [value_of(*flags) for flags in product((False, True), repeat=len(columns))]
    lengths = {len(value) if isinstance(value, list) else 0 for value in values}
    if len(lengths) > 1 or lengths == {0}:
        parts: list[str] = [_choice(columns, values)]
    else:
        parts = [Constant("[")]
        for items in zip(*values, strict=True):
            parts += [_choice(columns, items), Constant(",")]
        parts[-1] = Constant("]")
    return tuple(parts) if sum(map(len, parts)) <= MAX_CHARACTERS else None


def _choice(columns: list[str], values: Sequence[Any]) -> str:
    """Return SQL for the text of one of some values: one for each combination of flags, of which the first is the highest digit of the combination's number."""
    texts = [orjson.dumps(value).decode() for value in values]
    for place in reversed(range(len(columns))):
        step = 2 ** (len(columns) - 1 - place)
        without, with_flag = ([text for number, text in enumerate(texts) if bool(number & step) is is_set] for is_set in (False, True))
        if without == with_flag:  # the flag changes nothing
            columns, texts = [*columns[:place], *columns[place + 1 :]], without
    distinct = list(dict.fromkeys(texts))
    numbers = ",".join(str(distinct.index(text) + 1) for text in texts)
    number = "".join(f"+{2 ** (len(columns) - place)}*({column})::int" for place, column in enumerate(columns, start=1))
    return f"coalesce((array[{','.join(map(_literal, distinct))}])[('{{{numbers}}}'::int[])[1{number}]], {MISSING})"


def _literal(text: str) -> str:
    escaped = COLON.sub(r"\\x3a", text.replace("\\", r"\\").replace("'", "''"))
    return f"E'{escaped}'"


def _facts(document: DocumentContext, declared: Derived, request: FieldRequest) -> set[str]:
    """Return the facts of the call on which the selected members of the value depend."""
    kind = get_named_type(request[0].type)
    members = collect(document, kind, selections_of(request[1])).values() if isinstance(kind, GraphQLObjectType) else ()
    selected = {nodes[0].name.value for nodes in members}
    return {fact for fact in declared.about_call if declared.only_in.get(fact) in (None, *selected)}


def _compute(declared: Derived, mark: str, names: dict[str, str], present: Any) -> PostProcess:
    function, wanted = declared.function, declared.about_call

    def fix(values: list[Any], run: AnswerContext) -> Any:
        arguments = {names[name]: value for name, value in run.arguments[mark].items()}
        return present(function(*values, **arguments, **about(wanted, CallFacts(run.viewer, run.links, run.budget, run.customer_locale, run.file_limits))))

    return fix


def _presented(document: DocumentContext, request: FieldRequest) -> Any:
    """Return a function from the computed value to the selected members of it."""
    kind = get_named_type(request[0].type)
    if not isinstance(kind, GraphQLObjectType):
        return lambda value: value
    members = [(key, _member(document, kind, nodes)) for key, nodes in collect(document, kind, selections_of(request[1])).items()]

    def one(value: Any) -> Any:
        return {key: member(value) for key, member in members}

    return lambda value: None if value is None else [one(item) for item in value] if isinstance(value, list) else one(value)


def _member(document: DocumentContext, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Callable[[Any], Any]:
    """Return a function that reads a member from the computed value, in the executor's exact format."""
    name = nodes[0].name.value
    if name == "__typename":
        return lambda _: kind.name
    field = kind.fields[name]
    attribute, inner = field.extensions[DEFINITION].python_name, get_named_type(field.type)
    if isinstance(inner, GraphQLObjectType):
        below = _presented(document, (field, nodes))
        return lambda value: below(getattr(value, attribute))
    if name_of_scalar(inner) not in FORMATTED:
        return attrgetter(attribute)
    serialize = inner.serialize
    return lambda value: None if getattr(value, attribute) is None else serialize(getattr(value, attribute))


def name_of_scalar(kind: Any) -> str | None:
    return kind.name if isinstance(kind, GraphQLScalarType) else None
