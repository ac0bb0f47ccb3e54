"""The result of the planner for a document: its statement, Postgres' plan, and what is computed in Python or by the executor."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

import schema as portal_schema
from auth.viewer import Viewer
from billing.refusals import RequestError
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import DocumentCache, first_party
from gateway.operator_errors import OperatorError
from planner import BoundPlan, Planner


class CannotExplain(OperatorError):
    """The document cannot be read or is not valid; the message says which."""


@dataclass(frozen=True, slots=True)
class Question:
    """A document (the name of a first-party one, or a file), its variables as JSON, and the viewer."""

    document: str
    variables: str
    viewer: Viewer


async def explain(question: Question, database: Database, console: Console) -> None:
    """Print the explanation. Raises CannotExplain."""
    bound, reason = _bound(question)
    if bound is None:
        console.print(f"The executor answers this: {reason}.")
        return
    console.print(Syntax(bound.plan.sql, "postgresql", word_wrap=True, background_color="default"))
    session = UnitOfWork(database, Caller(question.viewer.customer_id, question.viewer.kind, datetime.now(UTC)))
    console.print("\nPostgres' plan:\n")
    try:
        for record in await session.fetch(f"explain {bound.plan.sql}", bound.values):
            console.print(record[0])
    finally:
        await session.close()
    console.print(f"\nParameters: {', '.join(bound.plan.parameters)}")
    console.print(f"Computed in Python after it: {', '.join(bound.plan.derived) or 'nothing, the bytes from Postgres are sent unchanged'}")


def _bound(question: Question) -> tuple[BoundPlan | None, str]:
    schema = portal_schema.build()
    planner = Planner(schema)
    document = DocumentCache(schema, planner).prepare(_text(question.document))
    if document.errors or document.plans is None:
        raise CannotExplain(f"The document is not valid: {document.errors[0].message}")
    operation = document.operation(None)
    if operation is None:
        raise CannotExplain("The document must have exactly one operation.")
    try:
        bound = document.plans.bind(operation, json.loads(question.variables), question.viewer)
    except (json.JSONDecodeError, RequestError) as error:
        raise CannotExplain(f"The variables cannot be used: {error}") from error
    return bound, next(iter(planner.fallbacks), "it is not a query, or its variables do not fit")


def _text(document: str) -> str:
    known = first_party()
    if document in known:
        return known[document]
    try:
        return Path(document).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotExplain(f"{document} is neither a file nor one of {', '.join(known)}.") from error
