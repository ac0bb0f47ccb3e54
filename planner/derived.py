"""Derived fields: the statement returns the columns that they need in place of the value, and Python computes the value."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from graphql import FieldNode, GraphQLObjectType, GraphQLScalarType, get_named_type
from strawberry.utils.str_converters import to_camel_case

from planner.build import FieldRequest
from planner.draft import AnswerContext, PlanBuilder, PostProcess, Scope, SqlFragment
from planner.fields import DocumentContext, collect, selections_of
from planner.json_sql import MISSING, in_quotes
from schema.declarations.fields import CUSTOMER_LOCALE, DEFINITION, CallFacts, Derived, about

# Scalars whose Python value differs from their JSON value.
FORMATTED = ("DateTime", "Date", "BigInt", "Decimal")


def derived(draft: PlanBuilder, scope: Scope, declared: Derived, request: FieldRequest) -> SqlFragment:
    columns = [scope.column(name) for name in declared.needs]
    draft.facts |= _facts(draft.document, declared, request)
    if declared.sql_twin:
        return SqlFragment(in_quotes(f"coalesce({declared.sql_twin}({', '.join(columns)}), {MISSING})"))
    mark = draft.take(request[0], request[1][0], lambda _: {}).mark
    draft.needs_locale |= CUSTOMER_LOCALE in declared.about_call
    draft.derived.append(request[1][0].name.value)
    names = {to_camel_case(argument.python_name): argument.python_name for argument in request[0].extensions[DEFINITION].arguments}
    return SqlFragment((f"json_build_array({', '.join(columns)})",), _compute(declared, mark, names, _presented(draft.document, request)))


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
