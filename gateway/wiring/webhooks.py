"""Outgoing webhooks, from the settings: where messages may go, what signs them, and the trusted documents whose answers are sent."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from graphql import ExecutionResult, FieldNode, GraphQLSchema, OperationDefinitionNode, TypeInfo, TypeInfoVisitor, Visitor, visit

import schema as portal_schema
from auth.permissions import Permission, is_allowed
from auth.viewer import Viewer
from billing.refusals import Forbidden
from billing.states import Actor
from db.outages import DatabaseUnavailable
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import DocumentCache, PreparedDocument
from gateway.documents.limits import LimitExceeded
from gateway.documents.sync import shipped_texts
from gateway.http.graphql.execution import run_operation
from gateway.http.requests import GraphQLRequest
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import seal_of_portal
from jobs.delivering import Delivering
from planner import Planner
from resolvers.context import Context, PayloadFailed, Webhooks
from resolvers.documents.manifests import id_of
from resolvers.reads.facts import fetch_rows
from schema.declarations.fields import permission_of
from webhooks.client import WebhookClient
from webhooks.targets import Resolve, TargetPolicy, resolve_name

PURPOSE = "webhooks"
VARIABLES = {"eventId", "objectId", "customerId"}
CLIENT = "webhooks"
# The documents of a message are run one after the other in its time: less than the lease of a delivery.
DOCUMENT_SECONDS = 10.0


class TrustedPayloads:
    """The answers of trusted documents, run in the name of staff with the scopes of an endpoint. The schema is made with the first one, because most workers need none."""

    def __init__(self, database: Database, schema: Callable[[], GraphQLSchema], settings: Settings) -> None:
        self._database = database
        self._schema = cache(schema)
        self._documents = cache(lambda: DocumentCache(self._schema(), Planner(self._schema()) if settings.planner else None, settings.limits))

    async def problems(self, document_id: str, scopes: Sequence[str]) -> list[str]:
        """Return why the document cannot be sent with these scopes."""
        text = await self._text(document_id, datetime.now(UTC))
        if text is None:
            return ["There is no such trusted document of staff or of the merchant's programs."]
        document = await self._prepared(text)
        if document.errors:
            return [document.errors[0].message]
        return list(_problems(self._schema(), document, _viewer(scopes)))

    async def answer(self, document_id: str, scopes: Sequence[str], variables: Mapping[str, Any], now: datetime) -> Any:
        """Return the data of the answer. Raises PayloadFailed, DatabaseUnavailable."""
        text = await self._text(document_id, now)
        if text is None:
            raise PayloadFailed("the document is not trusted any more")
        document = await self._prepared(text)
        operation = document.operation(None)
        if document.errors or operation is None or operation.operation.value != "query":
            raise PayloadFailed(f"the document cannot be run: {document.errors[0].message if document.errors else 'it is not one query'}")
        viewer, declared = _viewer(scopes), {node.variable.name.value for node in operation.variable_definitions or ()}
        call = GraphQLRequest(text, {name: value for name, value in variables.items() if name in declared}, None, False, is_stored=True)
        session = UnitOfWork(self._database, Caller(None, Actor.STAFF, now, scopes=tuple(scopes) or ("-",), client=CLIENT), acquire_seconds=DOCUMENT_SECONDS)
        try:
            async with asyncio.timeout(DOCUMENT_SECONDS):
                self._documents().check(document, operation, call.variables, viewer)
                return await self._run(document, operation, call, Context(viewer, session))
        except LimitExceeded as error:
            raise PayloadFailed(f"the document costs too much: {error.message}") from None
        except Forbidden as error:
            raise PayloadFailed(f"the document was refused: {error.code}: {error}") from None
        except TimeoutError:
            raise PayloadFailed(f"the document was not answered within {DOCUMENT_SECONDS:g} seconds") from None
        finally:
            await session.close()

    async def _run(self, document: PreparedDocument, operation: OperationDefinitionNode, call: GraphQLRequest, context: Context) -> Any:
        planned, result = await run_operation(self._schema(), document, operation, call, context)
        return _data(result) if result else orjson.loads(planned or b"")["data"]

    async def _text(self, document_id: str, now: datetime) -> str | None:
        if text := _shipped().get(document_id):
            return text
        session = UnitOfWork(self._database, Caller(None, Actor.SYSTEM, now), acquire_seconds=DOCUMENT_SECONDS)
        try:
            rows = await fetch_rows(session, "trusted.text", key=document_id)
        finally:
            await session.close()
        return rows[0].body if rows else None

    async def _prepared(self, text: str) -> PreparedDocument:
        """Return the document. The first one is prepared in a thread, because making the schema takes a second."""
        documents = await asyncio.to_thread(self._documents)
        return documents.prepare(text)


def webhooks_of_settings(settings: Settings, database: Database, schema: Callable[[], GraphQLSchema] = portal_schema.build) -> Webhooks:
    """Return what mutations and the worker need."""
    policy = TargetPolicy(is_development=not settings.is_production, networks=settings.webhook_networks)
    return Webhooks(seal_of_portal(settings, PURPOSE), policy, resolve_name, TrustedPayloads(database, schema, settings))


def delivering(settings: Settings, database: Database, letterhead: Any, *, resolve: Resolve = resolve_name) -> Delivering:
    """Return what the worker delivers with."""
    webhooks = webhooks_of_settings(settings, database)
    return Delivering(database, webhooks, WebhookClient(webhooks.policy, resolve), letterhead)


@cache
def _shipped() -> Mapping[str, str]:
    return {id_of(text): text for texts in shipped_texts().values() for text in texts}


def _viewer(scopes: Sequence[str]) -> Viewer:
    return Viewer(Actor.STAFF, None, tuple(scopes), CLIENT)


def _data(result: ExecutionResult) -> Any:
    """Return the data of a result without errors: what a merchant's program would take for the whole is never sent in part."""
    for error in result.errors or ():
        if isinstance(error.original_error, DatabaseUnavailable):
            raise error.original_error
        code = getattr(error.original_error, "code", None)
        raise PayloadFailed(f"the document was refused: {code}: {error.message}" if code else "the document was not answered: an error of the gateway")
    return result.data


def _problems(schema: GraphQLSchema, document: PreparedDocument, viewer: Viewer) -> Iterator[str]:
    """Yield why a valid document cannot be sent to an endpoint."""
    operation = document.operation(None)
    if operation is None or operation.operation.value != "query":
        yield "The document is not one query."
        return
    for definition in operation.variable_definitions or ():
        if definition.variable.name.value not in VARIABLES:
            yield f"The variables of an event are ${', $'.join(sorted(VARIABLES))}; the document has ${definition.variable.name.value}."
    for name, permission in _permissions(schema, document):
        if not is_allowed(viewer, permission):
            yield f"The scopes of the endpoint do not allow {name}. {permission.words}"
    assert document.reach is not None
    try:
        document.reach.check(operation, dict.fromkeys(VARIABLES, "id"), viewer)
    except Forbidden as refusal:
        yield str(refusal)


def _permissions(schema: GraphQLSchema, document: PreparedDocument) -> list[tuple[str, Permission]]:
    """Return the permission of each guarded field of a document, with the name of the field."""
    types, guarded = TypeInfo(schema), []

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = types.get_parent_type()
            fields = getattr(parent, "fields", {})
            if parent is not None and node.name.value in fields and (permission := permission_of(parent, node.name.value)):  # type: ignore[arg-type]
                guarded.append((f"{parent.name}.{node.name.value}", permission))

    assert document.ast is not None
    visit(document.ast, TypeInfoVisitor(types, Fields()))
    return guarded
