"""Keeps a process's registry up to date: told by the database (LISTEN), and where a pooler in between tells nothing, asked for every few seconds."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.states import Actor
from db.connections import connect
from db.outages import DatabaseUnavailable, ReadOnly, cause_of, describe, outage_of, translate_errors
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import first_party, first_party_actions, of_staff
from gateway.documents.registry import PORTAL, STAFF, Registry
from gateway.documents.revalidation import Revalidation
from resolvers.documents.manifests import Entry, id_of
from resolvers.documents.publishing import store, validate_all
from resolvers.reads.facts import fetch_rows

logger = logging.getLogger("portico.documents")

CHANNEL = "portico_registry"
NAMES = {PORTAL: "The portal", STAFF: "Staff"}
POLL_SECONDS = 15.0
RETRY_SECONDS = 1.0
# How late uses are written down.
USES_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RegistrySync:
    """`url` is for the one connection that listens; everything else goes through the pool."""

    registry: Registry
    database: Database
    url: str
    server_settings: Mapping[str, str]
    clock: Callable[[], datetime]
    review: Revalidation

    def session(self) -> UnitOfWork:
        return UnitOfWork(self.database, Caller(None, Actor.SYSTEM, self.clock()))


async def run_sync(keeper: RegistrySync) -> None:
    """Until it is cancelled. While Postgres is away, what is known stays known."""
    await asyncio.gather(_again(_follow, keeper), _again(_review, keeper))


async def _again(work: Callable[[RegistrySync], Awaitable[None]], keeper: RegistrySync) -> None:
    """Whatever happens: a process that no longer heard of documents would be worse than a log that says why."""
    while True:
        try:
            await work(keeper)
        except Exception as error:  # an outage, or a bug, which may end one round and not all that come after
            is_outage = isinstance(error, DatabaseUnavailable) or outage_of(error)
            level = logging.WARNING if is_outage else logging.ERROR
            what = "LISTEN connection lost" if is_outage else "update failed"
            message = "document registry: %s (%s); retrying every %d s"
            logger.log(level, message, what, cause_of(error), RETRY_SECONDS, extra={"cause": cause_of(error)}, exc_info=not is_outage)
        await asyncio.sleep(RETRY_SECONDS)


async def _review(keeper: RegistrySync) -> None:
    async for fitting in keeper.review.slices():
        clients, ids = zip(*fitting, strict=True)
        # On a standby nothing is noted, and the next process judges them again.
        with contextlib.suppress(ReadOnly):
            async with keeper.session().write() as transaction:
                await transaction.run("trusted.fit", client_ids=list(clients), ids=list(ids), fits=keeper.review.schema_digest)


async def publish_own(keeper: RegistrySync) -> None:
    """The shipped documents. Nothing is written where they are published already."""
    for client, texts in own_texts().items():
        entries = [Entry(id_of(text), None, text) for text in texts]
        judged = await asyncio.to_thread(validate_all, texts, keeper.review.validate)
        async with keeper.session().write() as transaction:
            await transaction.run("clients.begin", id=client, name=NAMES[client])
            await store(transaction, client, entries, judged)


def own_texts() -> dict[str, list[str]]:
    """The shipped documents by their client."""
    return {PORTAL: [*first_party().values(), *first_party_actions().values()], STAFF: list(of_staff().values())}


async def reload(keeper: RegistrySync) -> str:
    """Read clients and documents, all of one snapshot; gives back what they are the state of."""
    session = keeper.session()
    try:
        stamp = await _stamp(session)
        texts, clients = await fetch_rows(session, "trusted.texts"), await fetch_rows(session, "clients.all")
    finally:
        await session.close()
    keeper.registry.replace(clients, texts)
    keeper.review.wait_for(texts)
    return stamp


async def write_uses(keeper: RegistrySync) -> None:
    """Raises DatabaseUnavailable, and then they are kept."""
    uses = keeper.registry.take_uses()
    if not uses:
        return
    try:
        async with keeper.session().write() as transaction:
            clients, ids = zip(*uses, strict=True)
            await transaction.run("trusted.used", client_ids=list(clients), ids=list(ids), uses=list(uses.values()))
    except BaseException:  # whatever keeps them from being written, cancellation included, they are not lost
        keeper.registry.give_back(uses)
        raise


async def write_last_uses(keeper: RegistrySync) -> None:
    """At the end of the process. What cannot be written now is lost, and the log says how much that is."""
    try:
        await write_uses(keeper)
    except Exception as error:  # whatever it is, the process ends
        logger.error("%d uses of documents were not counted: %s", sum(keeper.registry.take_uses().values()), describe(error))


async def _follow(keeper: RegistrySync) -> None:
    """Listen; as long as the database takes no writes, which includes LISTEN on a standby, ask it every few seconds instead."""
    stamp = ""
    while True:
        try:
            await _listen(keeper)
            return
        except ReadOnly as error:
            if not stamp:
                logger.warning("the database takes no writes, so documents are read and not published", extra={"cause": error.cause})
            stamp = await _reload_if_changed(keeper, stamp)
        await asyncio.sleep(POLL_SECONDS)


async def _listen(keeper: RegistrySync) -> None:
    """Until the connection is lost. Raises ReadOnly."""
    changed = asyncio.Event()
    connection = await connect(keeper.url, seconds=5, command_seconds=5, server_settings=keeper.server_settings)
    try:
        with translate_errors():
            await connection.add_listener(CHANNEL, lambda *_: changed.set())
        connection.add_termination_listener(lambda *_: changed.set())
        await publish_own(keeper)
        stamp, asked_at = await reload(keeper), asyncio.get_running_loop().time()
        while not connection.is_closed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), USES_SECONDS)
            await write_uses(keeper)
            if changed.is_set() or asyncio.get_running_loop().time() - asked_at > POLL_SECONDS:
                changed.clear()
                asked_at = asyncio.get_running_loop().time()
                stamp = await _reload_if_changed(keeper, stamp)
    finally:
        connection.terminate()


async def _reload_if_changed(keeper: RegistrySync, stamp: str) -> str:
    session = keeper.session()
    try:
        found = await _stamp(session)
    finally:
        await session.close()
    return stamp if found == stamp else await reload(keeper)


async def _stamp(session: UnitOfWork) -> str:
    """What changes whenever a document or a client does."""
    (row,) = await fetch_rows(session, "trusted.stamp")
    return str(row.stamp)
