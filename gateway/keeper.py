"""Keeps a process's registry up to date: told by the database (LISTEN), and where a pooler in between tells nothing, asked for every few seconds."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from databases import Database

from billing.states import Actor
from db.session import Caller, DatabaseUnavailable, Session
from gateway.documents import first_party, first_party_actions
from gateway.registry import PORTAL, Registry
from resolvers.manifests import Entry, id_of
from resolvers.publishing import Judge, store

logger = logging.getLogger("portico.documents")

CHANNEL = "portico_registry"
ASK_SECONDS = 15.0
AGAIN_SECONDS = 1.0
# How late uses are written down.
USES_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Keeper:
    """`url` is for the one connection that listens; everything else goes through the pool."""

    registry: Registry
    database: Database
    url: str
    server_settings: Mapping[str, str]
    judge: Judge
    clock: Callable[[], datetime]

    def session(self) -> Session:
        return Session(self.database, Caller(None, Actor.SYSTEM, self.clock()))


async def keep(keeper: Keeper) -> None:
    """Until it is cancelled. While Postgres is away, what is known stays known."""
    is_published = False
    while True:
        try:
            if not is_published:
                await publish_own(keeper)
                is_published = True
            await _listen(keeper)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnavailable) as error:
            logger.warning("the registry is not being kept up to date: %s", type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def publish_own(keeper: Keeper) -> None:
    """The portal's own documents. Nothing is written where they are published already."""
    texts = own_texts()
    entries = [Entry(id_of(text), None, text) for text in texts]
    judged = await asyncio.to_thread(lambda: [keeper.judge(text) for text in texts])
    async with keeper.session().write() as transaction:
        await transaction.run("clients.begin", id=PORTAL)
        await store(transaction, PORTAL, entries, judged)


def own_texts() -> list[str]:
    return [*first_party().values(), *first_party_actions().values()]


async def reload(keeper: Keeper) -> str:
    """Read clients and documents; gives back what they are the state of."""
    async with keeper.session().write() as transaction:
        stamp: str = (await transaction.first("trusted.stamp")).stamp
        clients, texts = await transaction.run("clients.all"), await transaction.run("trusted.texts")
    keeper.registry.replace(clients, texts)
    return stamp


async def write_uses(keeper: Keeper) -> None:
    """Raises DatabaseUnavailable, and then they are kept."""
    uses = keeper.registry.take_uses()
    if not uses:
        return
    try:
        async with keeper.session().write() as transaction:
            clients, ids = zip(*uses, strict=True)
            await transaction.run("trusted.used", client_ids=list(clients), ids=list(ids), uses=list(uses.values()))
    except Exception:
        keeper.registry.give_back(uses)
        raise


async def _listen(keeper: Keeper) -> None:
    changed = asyncio.Event()
    connection = await asyncpg.connect(keeper.url, timeout=5, command_timeout=5, server_settings=dict(keeper.server_settings))
    try:
        await connection.add_listener(CHANNEL, lambda *_: changed.set())
        connection.add_termination_listener(lambda *_: changed.set())
        stamp, asked_at = await reload(keeper), asyncio.get_running_loop().time()
        while not connection.is_closed():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), USES_SECONDS)
            await write_uses(keeper)
            if changed.is_set() or asyncio.get_running_loop().time() - asked_at > ASK_SECONDS:
                changed.clear()
                asked_at = asyncio.get_running_loop().time()
                stamp = await _reload_if_changed(keeper, stamp)
    finally:
        connection.terminate()


async def _reload_if_changed(keeper: Keeper, stamp: str) -> str:
    async with keeper.session().write() as transaction:
        found: Any = await transaction.first("trusted.stamp")
    return stamp if found.stamp == stamp else await reload(keeper)
