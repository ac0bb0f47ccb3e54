"""The result of the planner for a document: its statement, or those of what its root fields return, Postgres' plan, and what is computed in Python or by the executor."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode
from rich.console import Console
from rich.syntax import Syntax

import schema as portal_schema
from auth.viewer import Viewer
from billing.refusals import RequestError
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import DocumentCache, PreparedDocument, first_party, first_party_actions, of_staff
from gateway.operator_errors import OperatorError
from planner import LISTS, BoundPlan, MembersPlan, ObjectPosition, Planner

# In the place of ids that a mutation would answer.
ANY_ID = "inv_01m829w97ne1msh76cygrhecz9"


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
    document, operation, planner = _prepared(question)
    assert document.plans is not None
    session = UnitOfWork(database, Caller(question.viewer.customer_id, question.viewer.kind, datetime.now(UTC)))
    try:
        await _check_customer(session)
        inputs = json.loads(question.variables)
        bound = document.plans.bind(operation, inputs, question.viewer)
        if bound:
            await _print(bound, session, console)
            return
        reason = next(iter(planner.fallbacks), None)
        if reason or operation.operation.value == "subscription":
            console.print(f"The executor answers this: {reason or 'it is a live operation'}.")
            return
        for part in document.plans.parts(operation, inputs, question.viewer):
            await _print_part(part, question.viewer, session, console)
    except (json.JSONDecodeError, RequestError, GraphQLError) as error:
        raise CannotExplain(f"The variables cannot be used: {error}") from error
    finally:
        await session.close()


async def _check_customer(session: UnitOfWork) -> None:
    """Check that the calling customer exists. Raises CannotExplain."""
    customer_id = session.caller.customer_id
    if customer_id and not await session.fetch("select 1 from customer where id = $1", (customer_id,)):
        raise CannotExplain(f"No customer has the id {customer_id}. Choose another one with --customer.")


async def _print(bound: BoundPlan, session: UnitOfWork, console: Console) -> None:
    console.print(Syntax(bound.plan.sql, "postgresql", word_wrap=True, background_color="default"))
    console.print("\nPostgres' plan:\n")
    for record in await session.fetch(f"explain {bound.plan.sql}", bound.values):
        console.print(record[0])
    console.print(f"\nParameters: {', '.join(bound.plan.parameters)}")
    console.print(f"Computed in Python after it: {', '.join(bound.plan.derived) or 'nothing, the bytes from Postgres are sent unchanged'}")


async def _print_part(part: tuple[ObjectPosition, MembersPlan, Any], viewer: Viewer, session: UnitOfWork, console: Console) -> None:
    """Print how the members of an object are read: of a payload after the commit of its mutation."""
    position, members, reading = part
    console.rule(position.key or "the root of the query")
    for number, plan in enumerate(members.plans, start=1):
        console.print(f"Statement {number} of {len(members.plans)}, for {', '.join(members.keys)}:\n")
        await _print(plan.bind(viewer, reading, is_repeated=False, source=_AnyObject()), session, console)
    others = [key for key in position.fields if key not in members.keys]
    console.print(f"\nThe executor runs: {', '.join(others) or 'nothing'}")
    for reason in dict.fromkeys(members.reasons):
        if reason:
            console.print(f"The executor reads, level by level: {reason}")


class _AnyObject:
    """An object with a value in each column, of which only the shape of the statement is of interest."""

    def __getattr__(self, name: str) -> Any:
        return [ANY_ID] if name.endswith(LISTS) else ANY_ID


def _prepared(question: Question) -> tuple[PreparedDocument, OperationDefinitionNode, Planner]:
    schema = portal_schema.build()
    planner = Planner(schema)
    document = DocumentCache(schema, planner).prepare(_text(question.document))
    if document.errors or document.plans is None:
        raise CannotExplain(f"The document is not valid: {document.errors[0].message}")
    operation = document.operation(None)
    if operation is None:
        raise CannotExplain("The document must have exactly one operation.")
    return document, operation, planner


def _text(document: str) -> str:
    known = first_party() | first_party_actions() | of_staff()
    if document in known:
        return known[document]
    try:
        return Path(document).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        close = get_close_matches(document, known, n=1)
        raise CannotExplain(f"{document} is neither a file nor one of {', '.join(known)}.{f' Did you mean {close[0]}?' if close else ''}") from error
