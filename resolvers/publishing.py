"""The registry of trusted documents: publish a manifest, all of it or nothing, and retire documents."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from billing.refusals import ErrorCode, Refused
from db.session import Transaction
from resolvers import manifests
from resolvers.audit import note
from resolvers.context import Context
from resolvers.manifests import Entry

MAX_TOLD = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A text by the schema: its operations, what the dearest of them costs at most, or what is wrong with it."""

    names: tuple[str, ...]
    cost: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """How many documents the manifest has, and how many of them were new."""

    total: int
    added: int


Judge = Callable[[str], Judged]


def refuse_broken(entries: Sequence[Entry], judged: Sequence[Judged]) -> None:
    """Raises Refused that names the documents that the schema does not take."""
    broken = [f"{', '.join(found.names) or entry.id}: {found.errors[0]}" for entry, found in zip(entries, judged, strict=True) if found.errors]
    if broken:
        more = f" And {len(broken) - MAX_TOLD} more." if len(broken) > MAX_TOLD else ""
        raise Refused(ErrorCode.DOCUMENT_INVALID, f"{' '.join(broken[:MAX_TOLD])}{more} Nothing was published.", "manifest")


async def store(transaction: Transaction, client_id: str, entries: Sequence[Entry], judged: Sequence[Judged]) -> Published:
    """Raises Refused for an unknown client."""
    if await transaction.first("clients.by_id", key=client_id) is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such client.", "clientId")
    added = await transaction.run(
        "trusted.publish",
        client_id=client_id,
        ids=[entry.id for entry in entries],
        aliases=[entry.alias for entry in entries],
        bodies=[entry.body for entry in entries],
        names=[" ".join(found.names) for found in judged],
        costs=[found.cost for found in judged],
    )
    return Published(len(entries), len(added))


async def publish(given: Any, context: Context) -> Published:
    """Reading and validating many documents takes a while, and others are served meanwhile."""
    assert context.judge is not None, "the process judges no documents"
    entries = await asyncio.to_thread(manifests.read, given.manifest)
    judged = await asyncio.to_thread(lambda judge: [judge(entry.body) for entry in entries], context.judge)
    refuse_broken(entries, judged)
    async with context.session.write() as transaction:
        published = await store(transaction, given.client_id, entries, judged)
        await note(transaction, context, "publishDocuments", detail=f"{given.client_id} {published.added}")
    return published


async def retire(given: Any, context: Context) -> int:
    ids = [manifests.normalized(identifier) for identifier in given.document_ids]
    async with context.session.write() as transaction:
        retired = await transaction.run("trusted.retire", client_id=given.client_id, ids=ids)
        if not retired:
            raise Refused(ErrorCode.NOT_FOUND, "The client has no such document.", "documentIds")
        await note(transaction, context, "retireDocuments", detail=f"{given.client_id} {len(retired)}")
    return len(retired)
