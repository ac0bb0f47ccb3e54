"""The registry of trusted documents: publish a manifest, all of it or nothing; check, deprecate and retire documents."""

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
    """A text by the schema: its operations, what the dearest of them costs at most, or what is wrong with it. `fits` is the digest of that schema and its limits.

    `not_for_partners` are its root fields that no partner's app may call, whatever a customer lets it do.
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
    """What is wrong with a document, one thing of perhaps several."""

    document_id: str
    names: list[str]
    message: str


DocumentValidator = Callable[[str], ValidationResult]


def validate_all(texts: Sequence[str], judge: DocumentValidator) -> list[ValidationResult]:
    return [judge(text) for text in texts]


def refuse_broken(entries: Sequence[Entry], judged: Sequence[ValidationResult]) -> None:
    """Raises Refused that names the documents that the schema does not take."""
    broken = [f"{', '.join(found.names) or entry.id}: {found.errors[0]}" for entry, found in zip(entries, judged, strict=True) if found.errors]
    if broken:
        more = f" And {len(broken) - MAX_PROBLEMS} more." if len(broken) > MAX_PROBLEMS else ""
        raise Refused(ErrorCode.DOCUMENT_INVALID, f"{' '.join(broken[:MAX_PROBLEMS])}{more} Nothing was published.", "manifest")


async def store(transaction: Transaction, client_id: str, entries: Sequence[Entry], judged: Sequence[ValidationResult]) -> Published:
    """Raises Refused for an unknown client, and for a partner's app that publishes what it may never call."""
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
        names=[" ".join(found.names) for found in judged],
        costs=[found.cost for found in judged],
        fits=judged[0].fits,
    )
    return Published(len(entries), len(added))


async def publish(given: Any, context: Context) -> Published:
    """Reading and validating many documents takes a while, and others are served meanwhile."""
    entries = await asyncio.to_thread(manifests.read, given.manifest)
    judged = await _validated([entry.body for entry in entries], context)
    refuse_broken(entries, judged)
    async with context.session.write() as transaction:
        published = await store(transaction, given.client_id, entries, judged)
        await note(transaction, context, "publishDocuments", detail=f"{given.client_id} {published.added}")
    return published


async def check(given: Any, context: Context) -> list[Problem]:
    """What `publish` would say of a manifest; without one, what is wrong with the client's documents by the schema as it is now."""
    async with context.session.write() as transaction:
        client = await transaction.first("clients.by_id", key=given.client_id)
        listed = await transaction.run("trusted.listed", of_client=given.client_id, is_deprecated=None, is_retired=False) if not given.manifest else []
    texts = {found.id: found.body for found in listed}
    if given.manifest:
        texts = {entry.id: entry.body for entry in await asyncio.to_thread(manifests.read, given.manifest)}
    judged = await _validated(list(texts.values()), context)
    return [
        Problem(identifier, list(found.names), error)
        for identifier, found in zip(texts, judged, strict=True)
        for error in problems(found, is_partner=client is not None and client.kind == "PARTNER")
    ]


def problems(judged: ValidationResult, *, is_partner: bool) -> tuple[str, ...]:
    """All that is wrong with a document of a client."""
    closed = judged.not_for_partners if is_partner else ()
    return (*judged.errors, f"Partners' apps may not call {', '.join(closed)}.") if closed else judged.errors


async def retire(given: Any, context: Context) -> int:
    return await _changed("trusted.retire", "retireDocuments", given, context)


async def deprecate(given: Any, context: Context) -> int:
    """Raises Refused."""
    values = deprecation_of(given.reason or "", given.sunset_at, now=context.now)
    return await _changed("trusted.deprecate", "deprecateDocuments", given, context, is_deprecated=given.is_deprecated, **values)


def deprecation_of(reason: str, sunset_at: datetime | None, *, now: datetime) -> dict[str, Any]:
    """What `trusted.deprecate` stores. A sunset is never before the deprecation (RFC 9745 §4). Raises Refused."""
    if len(reason.strip()) > MAX_REASON:
        raise Refused(ErrorCode.INVALID_VALUE, f"A reason has at most {MAX_REASON} characters.", "reason")
    if sunset_at is not None and sunset_at <= now:
        raise Refused(ErrorCode.INVALID_VALUE, "A sunset lies in the future.", "sunsetAt")
    return {"deprecation": reason.strip(), "sunset_at": sunset_at}


async def _changed(block: str, event: str, given: Any, context: Context, **values: Any) -> int:
    """How many documents the block found. Raises Refused where there is none."""
    ids = [manifests.normalized(identifier) for identifier in given.document_ids]
    async with context.session.write() as transaction:
        changed = await transaction.run(block, client_id=given.client_id, ids=ids, **values)
        if not changed:
            raise Refused(ErrorCode.NOT_FOUND, "The client has no such document.", "documentIds")
        await note(transaction, context, event, detail=f"{given.client_id} {len(changed)}")
    return len(changed)


async def _validated(texts: Sequence[str], context: Context) -> list[ValidationResult]:
    assert context.validate is not None, "the process judges no documents"
    return await asyncio.to_thread(validate_all, texts, context.validate)
