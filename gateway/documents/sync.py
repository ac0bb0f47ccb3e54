"""Keeps the registry of a process up to date: by LISTEN, and every few seconds by polling, because a connection pooler may not pass notifications on."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.rows.partners import PersistedTextRow
from billing.states import Actor
from db.connections import connect
from db.outages import DatabaseUnavailable, ReadOnly, cause_of, describe, outage_of, translate_errors
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import first_party, first_party_actions, first_party_streams, of_staff
from gateway.documents.registry import PORTAL, STAFF, Registry
from gateway.documents.revalidation import BATCH_SIZE, PAUSE_SECONDS, Key, Revalidation
from resolvers.documents.manifests import Entry, id_of
from resolvers.documents.publishing import store, validate_all
from resolvers.reads.facts import fetch_rows

logger = logging.getLogger("portico.documents")

CHANNEL = "portico_registry"
NAMES = {PORTAL: "The portal", STAFF: "Staff"}
POLL_SECONDS = 15.0
RETRY_SECONDS = 1.0
# The interval at which uses are stored.
USES_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RegistrySync:
    """`url` is for the one connection that listens; all other statements use the connection pool."""

    registry: Registry
    database: Database
    url: str
    server_settings: Mapping[str, str]
    clock: Callable[[], datetime]
    revalidation: Revalidation

    def session(self) -> UnitOfWork:
        return UnitOfWork(self.database, Caller(None, Actor.SYSTEM, self.clock()))


async def run_sync(sync: RegistrySync) -> None:
    """Synchronise until cancelled. While Postgres is unavailable, the registry keeps its state."""
    await asyncio.gather(_repeat(_listen_or_poll, sync), _repeat(_revalidate, sync))


async def _repeat(work: Callable[[RegistrySync], Awaitable[None]], sync: RegistrySync) -> None:
    """Repeat `work` after any failure, with a line in the log, because the registry must not stop following the database."""
    while True:
        try:
            await work(sync)
        except Exception as error:  # an outage or a bug ends this round only
            is_outage = isinstance(error, DatabaseUnavailable) or outage_of(error)
            level = logging.WARNING if is_outage else logging.ERROR
            what = "LISTEN connection lost" if is_outage else "update failed"
            message = "document registry: %s (%s); retrying every %d s"
            logger.log(level, message, what, cause_of(error), RETRY_SECONDS, extra={"cause": cause_of(error)}, exc_info=not is_outage)
        await asyncio.sleep(RETRY_SECONDS)


async def _revalidate(sync: RegistrySync) -> None:
    async for keys in sync.revalidation.valid_batches():
        clients, ids = zip(*sorted(keys), strict=True)  # in one order everywhere, so that no two processes wait for each other
        # On a standby nothing is stored, and the next process validates them again.
        with contextlib.suppress(ReadOnly):
            async with sync.session().write() as transaction:
                await transaction.run("trusted.fit", client_ids=list(clients), ids=list(ids), fits=sync.revalidation.schema_digest())


async def publish_shipped(sync: RegistrySync, stored: Mapping[Key, PersistedTextRow]) -> None:
    """Publish the shipped documents that are not stored. Most starts find all of them."""
    for client, texts in shipped_texts().items():
        if missing := [text for text in texts if (client, id_of(text)) not in stored]:
            await _publish(sync, client, missing)


async def republish_shipped(sync: RegistrySync, stored: Mapping[Key, PersistedTextRow]) -> None:
    """Store the costs of shipped documents that were published with another schema, a few at a time: after a deploy, while requests are answered."""
    schema_digest = sync.revalidation.schema_digest()
    for client, texts in shipped_texts().items():
        outdated = [text for text in texts if (row := stored.get((client, id_of(text)))) and row.fits != schema_digest]
        for start in range(0, len(outdated), BATCH_SIZE):
            await _publish(sync, client, outdated[start : start + BATCH_SIZE])
            await asyncio.sleep(PAUSE_SECONDS)


async def _publish(sync: RegistrySync, client: str, texts: list[str]) -> None:
    texts = sorted(texts, key=id_of)
    entries = [Entry(id_of(text), None, text) for text in texts]
    results = await asyncio.to_thread(validate_all, texts, sync.revalidation.validate)
    async with sync.session().write() as transaction:
        await transaction.run("clients.begin", id=client, name=NAMES[client])
        await store(transaction, client, entries, results)


def shipped_texts() -> dict[str, list[str]]:
    """Return the texts of the shipped documents by their client."""
    return {PORTAL: [*first_party().values(), *first_party_actions().values(), *first_party_streams().values()], STAFF: list(of_staff().values())}


async def stored_texts(sync: RegistrySync) -> dict[Key, PersistedTextRow]:
    """Return the documents of the database by client and id."""
    session = sync.session()
    try:
        return {(row.client_id, row.id): row for row in await fetch_rows(session, "trusted.texts")}
    finally:
        await session.close()


async def reload(sync: RegistrySync) -> str:
    """Read clients and documents in one snapshot into the registry. Return the stamp of that state."""
    session = sync.session()
    try:
        stamp = await _stamp(session)
        texts, clients = await fetch_rows(session, "trusted.texts"), await fetch_rows(session, "clients.all")
    finally:
        await session.close()
    sync.registry.replace(clients, texts)
    # The first digest takes about 50 ms, and requests are answered from here on.
    await asyncio.to_thread(sync.revalidation.schema_digest)
    sync.revalidation.schedule(texts)
    return stamp


async def write_uses(sync: RegistrySync) -> None:
    """Store the uses of documents. Raises DatabaseUnavailable; the registry then keeps them."""
    uses = sync.registry.take_uses()
    if not uses:
        return
    try:
        async with sync.session().write() as transaction:
            clients, ids = zip(*uses, strict=True)
            await transaction.run("trusted.used", client_ids=list(clients), ids=list(ids), uses=list(uses.values()))
    except BaseException:  # after any failure, cancellation included, the uses are not lost
        sync.registry.restore_uses(uses)
        raise


async def write_last_uses(sync: RegistrySync) -> None:
    """Store the uses at the end of the process. Those that cannot be stored are lost, and their number is logged."""
    try:
        await write_uses(sync)
    except Exception as error:  # after any failure, the process ends
        logger.error("%d uses of documents were not counted: %s", sum(sync.registry.take_uses().values()), describe(error))


async def _listen_or_poll(sync: RegistrySync) -> None:
    """Listen. While the database is read-only, which rules out LISTEN on a standby, poll every POLL_SECONDS instead."""
    stamp = ""
    while True:
        try:
            await _listen(sync)
            return
        except ReadOnly as error:
            if not stamp:
                logger.warning("the database takes no writes, so documents are read and not published", extra={"cause": error.cause})
            stamp = await _reload_if_changed(sync, stamp)
        await asyncio.sleep(POLL_SECONDS)


async def _listen(sync: RegistrySync) -> None:
    """Listen and reload until the connection is lost. Raises ReadOnly."""
    changed = asyncio.Event()
    connection = await connect(sync.url, seconds=5, command_seconds=5, server_settings=sync.server_settings)
    try:
        with translate_errors():
            await connection.add_listener(CHANNEL, lambda *_: changed.set())
        connection.add_termination_listener(lambda *_: changed.set())
        stored = await stored_texts(sync)
        await publish_shipped(sync, stored)
        stamp, polled_at = await reload(sync), asyncio.get_running_loop().time()
        await republish_shipped(sync, stored)
        while not connection.is_closed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), USES_SECONDS)
            await write_uses(sync)
            if changed.is_set() or asyncio.get_running_loop().time() - polled_at > POLL_SECONDS:
                changed.clear()
                polled_at = asyncio.get_running_loop().time()
                stamp = await _reload_if_changed(sync, stamp)
    finally:
        connection.terminate()


async def _reload_if_changed(sync: RegistrySync, stamp: str) -> str:
    session = sync.session()
    try:
        current = await _stamp(session)
    finally:
        await session.close()
    return stamp if current == stamp else await reload(sync)


async def _stamp(session: UnitOfWork) -> str:
    """Return a value that changes with every change of a document or a client."""
    (row,) = await fetch_rows(session, "trusted.stamp")
    return str(row.stamp)
