"""The registry of persisted documents: publish a manifest as a whole; check, deprecate and retire documents."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.audit import note
from resolvers.context import Context
from resolvers.documents import manifests
from resolvers.documents.manifests import Entry

MAX_PROBLEMS = 5
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """A document validated against the schema: its operation names, the highest cost of an operation, or its errors. `fits` is the digest of that schema and its limits.

    `not_for_partners` are its root fields that no partner's app may call, whatever a customer grants.
    """

    names: tuple[str, ...]
    cost: int
    errors: tuple[str, ...] = ()
    fits: str = ""
    not_for_partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """How many documents the manifest has, and how many of them were new."""

    total: int
    added: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a document."""

    document_id: str
    names: list[str]
    message: str


DocumentValidator = Callable[[str], ValidationResult]


def validate_all(texts: Sequence[str], judge: DocumentValidator) -> list[ValidationResult]:
    return [judge(text) for text in texts]


def refuse_broken(entries: Sequence[Entry], judged: Sequence[ValidationResult]) -> None:
    """Raise Refused with the names of the documents that are not valid by the schema."""
    broken = [f"{', '.join(result.names) or entry.id}: {result.errors[0]}" for entry, result in zip(entries, judged, strict=True) if result.errors]
    if broken:
        more = f" And {len(broken) - MAX_PROBLEMS} more." if len(broken) > MAX_PROBLEMS else ""
        raise Refused(ErrorCode.DOCUMENT_INVALID, f"{' '.join(broken[:MAX_PROBLEMS])}{more} Nothing was published.", "manifest")


async def store(transaction: Transaction, client_id: str, entries: Sequence[Entry], judged: Sequence[ValidationResult]) -> Published:
    """Store the documents of a client. Raises Refused for an unknown client, and for a partner's app with a root field that it may never call."""
    client = await transaction.first("clients.by_id", key=client_id)
    if client is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such client.", "clientId")
    if client.kind == "PARTNER":
        refuse_broken(entries, [replace(one, errors=problems(one, is_partner=True)) for one in judged])
    added = await transaction.run(
        "trusted.publish",
        client_id=client_id,
        ids=[entry.id for entry in entries],
        aliases=[entry.alias for entry in entries],
        bodies=[entry.body for entry in entries],
        names=[" ".join(result.names) for result in judged],
        costs=[result.cost for result in judged],
        fits=judged[0].fits,
    )
    return Published(len(entries), len(added))


async def publish(arguments: Any, context: Context) -> Published:
    """Publish a manifest. It is read and validated in a thread, because many documents would block the event loop. Raises Refused."""
    entries = await asyncio.to_thread(manifests.read, arguments.manifest)
    judged = await _validated([entry.body for entry in entries], context)
    refuse_broken(entries, judged)
    async with context.session.write() as transaction:
        published = await store(transaction, arguments.client_id, entries, judged)
        await note(transaction, context, "publishDocuments", detail=f"{arguments.client_id} {published.added}")
    return published


async def check(arguments: Any, context: Context) -> list[Problem]:
    """Return the problems that `publish` would find in a manifest; without one, those of the client's documents by the current schema."""
    async with context.session.write() as transaction:
        client = await transaction.first("clients.by_id", key=arguments.client_id)
        listed = await transaction.run("trusted.listed", of_client=arguments.client_id, is_deprecated=None, is_retired=False) if not arguments.manifest else []
    texts = {document.id: document.body for document in listed}
    if arguments.manifest:
        texts = {entry.id: entry.body for entry in await asyncio.to_thread(manifests.read, arguments.manifest)}
    judged = await _validated(list(texts.values()), context)
    return [
        Problem(identifier, list(result.names), error)
        for identifier, result in zip(texts, judged, strict=True)
        for error in problems(result, is_partner=client is not None and client.kind == "PARTNER")
    ]


def problems(judged: ValidationResult, *, is_partner: bool) -> tuple[str, ...]:
    """Return all errors of a document of a client."""
    closed = judged.not_for_partners if is_partner else ()
    return (*judged.errors, f"Partners' apps may not call {', '.join(closed)}.") if closed else judged.errors


async def retire(arguments: Any, context: Context) -> int:
    return await _changed("trusted.retire", "retireDocuments", arguments, context)


async def deprecate(arguments: Any, context: Context) -> int:
    """Deprecate documents, or take the deprecation back; return how many. Raises Refused."""
    values = deprecation_of(arguments.reason or "", arguments.sunset_at, now=context.now)
    return await _changed("trusted.deprecate", "deprecateDocuments", arguments, context, is_deprecated=arguments.is_deprecated, **values)


def deprecation_of(reason: str, sunset_at: datetime | None, *, now: datetime) -> dict[str, Any]:
    """Return what `trusted.deprecate` stores. A sunset is never before the deprecation (RFC 9745 §4). Raises Refused."""
    if len(reason.strip()) > MAX_REASON:
        raise Refused(ErrorCode.INVALID_VALUE, f"A reason has at most {MAX_REASON} characters.", "reason")
    if sunset_at is not None and sunset_at <= now:
        raise Refused(ErrorCode.INVALID_VALUE, "A sunset lies in the future.", "sunsetAt")
    return {"deprecation": reason.strip(), "sunset_at": sunset_at}


async def _changed(block: str, event: str, arguments: Any, context: Context, **values: Any) -> int:
    """Return how many documents the block changed. Raises Refused where there is none."""
    ids = [manifests.normalized(identifier) for identifier in arguments.document_ids]
    async with context.session.write() as transaction:
        changed = await transaction.run(block, client_id=arguments.client_id, ids=ids, **values)
        if not changed:
            raise Refused(ErrorCode.NOT_FOUND, "The client has no such document.", "documentIds")
        await note(transaction, context, event, detail=f"{arguments.client_id} {len(changed)}")
    return len(changed)


async def _validated(texts: Sequence[str], context: Context) -> list[ValidationResult]:
    assert context.validate is not None, "the process validates no documents"
    return await asyncio.to_thread(validate_all, texts, context.validate)
