"""Endpoints of outgoing webhooks: save, delete, rotate, ping. A secret is in the answer that made it, and nowhere else."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auth.permissions import EVERYTHING, INCLUDED_IN
from billing.customers.values import checked_email
from billing.ids import prefix_of
from billing.merchant.upserts import SaveOutcome, changed_columns, save_outcome
from billing.refusals import ErrorCode, Refused
from billing.rows.webhooks import WebhookDeliveryRow, WebhookEndpointRow
from billing.states import Actor
from billing.webhooks.endpoints import MAX_ENDPOINTS, check_overlap, checked_columns
from db.outages import AlreadyTaken
from db.unit_of_work import Transaction
from resolvers.audit import fresh_id, note
from resolvers.context import Context, webhooks_of
from resolvers.documents.manifests import normalized
from resolvers.mutating import present_fields
from webhooks.signing import EndpointKeys, new_keys, written_keys
from webhooks.targets import TargetRefused

NO_ENDPOINT = "There is no such endpoint."
# What an endpoint that is not stored yet has.
NEW: dict[str, Any] = {
    "url": "",
    "description": "",
    "contact_email": None,
    "types": [],
    "payload": "THIN",
    "document_id": None,
    "scopes": [],
    "signs_ed25519": False,
    "is_enabled": True,
}


@dataclass(frozen=True, slots=True)
class SavedEndpoint:
    """`secret` is that of a new endpoint, or of a rotation."""

    endpoint: WebhookEndpointRow
    secret: str | None = None
    outcome: SaveOutcome = SaveOutcome.UPDATED


async def save(arguments: Any, context: Context) -> SavedEndpoint:
    """Create an endpoint, or change the one with the id. Raises Refused."""
    sent = present_fields(arguments)
    identifier = sent.pop("id", None)
    if sent.get("document_id"):
        sent["document_id"] = normalized(sent["document_id"])
    if sent.get("url"):
        sent["url"] = _spelled(sent["url"], context)
    async with context.session.write() as transaction:
        stored = _columns(await _locked(transaction, identifier)) if identifier else None
    columns = checked_columns({**(stored or NEW), **sent}, checked_email)
    changes = changed_columns(stored or NEW, columns)
    # Whoever has `webhooks:manage` may disable any endpoint, and change none that reads more than they do: its messages would be theirs.
    if stored and changes and changes != {"is_enabled": False}:
        check_holds(stored["scopes"], context, "id")
    await _check(columns, changes, context)
    try:
        return await _save(str(identifier) if identifier else None, columns, save_outcome(stored, changes), context)
    except AlreadyTaken:
        raise Refused(ErrorCode.INVALID_VALUE, "Another endpoint has this URL.", "url") from None


def _spelled(url: str, context: Context) -> str:
    """Return the URL as it is stored, so that one URL is one endpoint; one that is refused, if it is new, as it is."""
    try:
        return webhooks_of(context).policy.target_of(url).url
    except TargetRefused:
        return url


async def _check(columns: dict[str, Any], changes: dict[str, Any], context: Context) -> None:
    """Check what needs more than the values: where the URL leads, the caller's scopes, the document. No transaction is open. Raises Refused."""
    webhooks = webhooks_of(context)
    if changes.keys() & {"url"}:
        try:
            target = webhooks.policy.target_of(columns["url"])
            await webhooks.policy.addresses_of(target, webhooks.resolve)
        except TargetRefused as error:
            raise Refused(ErrorCode.INVALID_VALUE, str(error), "url") from None
        except OSError:  # the name may be set up later; it is checked again whenever something is sent
            pass
    if changes.keys() & {"scopes"} and (missing := _not_held(columns["scopes"], context)):
        raise Refused(ErrorCode.INVALID_VALUE, f"Your token does not have the scope `{missing[0]}`.", "scopes")
    is_other_document = columns["document_id"] and changes.keys() & {"document_id", "scopes"}
    if is_other_document and (problems := await webhooks.documents.problems(columns["document_id"], columns["scopes"])):
        raise Refused(ErrorCode.DOCUMENT_INVALID, problems[0], "documentId")


def check_holds(scopes: Iterable[str], context: Context, argument: str) -> None:
    """Raises Refused unless the caller has all scopes of an endpoint."""
    if missing := _not_held(scopes, context):
        raise Refused(ErrorCode.INVALID_VALUE, f"The endpoint has the scope `{missing[0]}`, which your token does not have.", argument)


def _not_held(scopes: Iterable[str], context: Context) -> list[str]:
    """Return the scopes that the caller does not have: an endpoint may not read more than its maker."""
    held = set(context.viewer.scopes)
    return [] if EVERYTHING[Actor.STAFF] in held else [scope for scope in scopes if not held & {scope, INCLUDED_IN.get(scope, scope)}]


async def _save(identifier: str | None, columns: dict[str, Any], outcome: SaveOutcome, context: Context) -> SavedEndpoint:
    keys = new_keys() if identifier is None else None
    endpoint_id = identifier or fresh_id("whe", context)
    async with context.session.write() as transaction:
        if keys is not None:
            if (await transaction.first("endpoints.count")).rows >= MAX_ENDPOINTS:
                raise Refused(ErrorCode.INVALID_VALUE, f"There are {MAX_ENDPOINTS} endpoints already.", "url")
            added = {name: value for name, value in columns.items() if name != "is_enabled"}
            await transaction.run("endpoints.add", key=endpoint_id, public_key=keys.public_key, sealed=_sealed(keys, endpoint_id, context), **added)
        elif outcome is SaveOutcome.UPDATED:
            await transaction.run("endpoints.change", key=endpoint_id, **columns)
        if outcome is not SaveOutcome.UNCHANGED:
            await note(transaction, context, "saveWebhookEndpoint", detail=endpoint_id)
        return SavedEndpoint(await _locked(transaction, endpoint_id), keys.secret if keys else None, outcome)


async def delete(arguments: Any, context: Context) -> str:
    """Delete an endpoint with its deliveries. Raises Refused."""
    async with context.session.write() as transaction:
        endpoint_id = (await _locked(transaction, arguments.endpoint_id)).id
        await transaction.run("endpoints.delete", key=endpoint_id)
        await note(transaction, context, "deleteWebhookEndpoint", detail=endpoint_id)
    return endpoint_id


async def rotate(arguments: Any, context: Context) -> SavedEndpoint:
    """Replace the keys of an endpoint. Those of before sign too for so many hours. Raises Refused."""
    check_overlap(arguments.overlap_hours)
    keys = new_keys()
    async with context.session.write() as transaction:
        endpoint = await _locked(transaction, arguments.endpoint_id)
        check_holds(endpoint.scopes, context, "endpointId")
        endpoint_id = endpoint.id
        previous_until = context.now + timedelta(hours=arguments.overlap_hours)
        sealed = _sealed(keys, endpoint_id, context)
        await transaction.run("endpoints.rotate", key=endpoint_id, sealed=sealed, public_key=keys.public_key, previous_until=previous_until)
        await note(transaction, context, "rotateWebhookSecret", detail=endpoint_id)
        return SavedEndpoint(await _locked(transaction, endpoint_id), keys.secret)


async def ping(arguments: Any, context: Context) -> WebhookDeliveryRow:
    """Send an event of its own to an endpoint. Raises Refused."""
    async with context.session.write() as transaction:
        endpoint_id = (await _locked(transaction, arguments.endpoint_id)).id
        added = await transaction.first("deliveries.ping", key=endpoint_id, nonce=secrets.token_hex(8))
        delivery: WebhookDeliveryRow = await transaction.first("deliveries.by_ids", ids=[added.id])
        await note(transaction, context, "pingWebhookEndpoint", detail=endpoint_id)
    return delivery


async def _locked(transaction: Transaction, identifier: Any) -> WebhookEndpointRow:
    """Return the endpoint, locked for the rest of the transaction. Raises Refused."""
    if prefix_of(str(identifier)) != "whe" or await transaction.first("endpoints.sealed", key=str(identifier)) is None:
        raise Refused(ErrorCode.NOT_FOUND, NO_ENDPOINT, "id")
    endpoint: WebhookEndpointRow = await transaction.first("endpoints.by_id", key=str(identifier))
    return endpoint


def _columns(endpoint: WebhookEndpointRow) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in NEW.keys() - {"is_enabled"}} | {"is_enabled": endpoint.status == "ENABLED"}


def _sealed(keys: EndpointKeys, endpoint_id: str, context: Context) -> bytes:
    return webhooks_of(context).seal.close(written_keys(keys), endpoint_id)
