"""Derived fields: Postgres hands over the columns they need, in place of the value, and Python computes it."""

from typing import Any

from graphql import GraphQLObjectType, get_named_type

from planner.build import Ask
from planner.draft import Draft, Fix, Piece, Run, Scope
from planner.fields import Document, collect, selections_of
from schema.fields import DEFINITION, Derived, about


def derived(draft: Draft, scope: Scope, declared: Derived, ask: Ask) -> Piece:
    columns = [scope.column(name) for name in declared.needs]
    if declared.sql_twin:
        return Piece(f"{declared.sql_twin}({', '.join(columns)})")
    mark, _ = draft.take(ask[0], ask[1][0], lambda _: {})
    draft.derived.append(ask[1][0].name.value)
    return Piece(f"json_build_array({', '.join(columns)})", _compute(declared, mark, _shown(draft.document, ask)))


def _compute(declared: Derived, mark: str, shown: Any) -> Fix:
    function, asked = declared.function, declared.about_call

    def fix(values: list[Any], run: Run) -> Any:
        given = run.arguments[mark]
        return shown(function(*values, **given, **about(asked, run.viewer, run.links)))

    return fix


def _shown(document: Document, ask: Ask) -> Any:
    """A function from the computed value to what the selection shows of it."""
    kind = get_named_type(ask[0].type)
    if not isinstance(kind, GraphQLObjectType):
        return lambda value: value
    members = [
        (key, kind.fields[nodes[0].name.value].extensions[DEFINITION].python_name if nodes[0].name.value != "__typename" else None)
        for key, nodes in collect(document, kind, selections_of(ask[1])).items()
    ]

    def one(value: Any) -> Any:
        return {key: getattr(value, name) if name else kind.name for key, name in members}

    return lambda value: None if value is None else [one(item) for item in value] if isinstance(value, list) else one(value)
