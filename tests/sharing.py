"""What is made once per process of tests, and not once per test or server, because nothing that a test does changes it."""

import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Any

import asyncpg

import schema
from gateway.wiring import app

create_default_context = ssl.create_default_context


@cache
def context_of(cafile: str) -> ssl.SSLContext:
    return create_default_context(cafile=cafile)


def shared_context(*arguments: Any, **options: Any) -> ssl.SSLContext:
    """Return a TLS context, the same one for the same file of certificates: httpx reads more than a hundred of them for each client, which takes 30 ms."""
    if not arguments and options.keys() == {"cafile"}:
        return context_of(**options)
    return create_default_context(*arguments, **options)


def share() -> None:
    """Share the schema, the TLS context of HTTP clients, and the validation of the shipped documents, which each server publishes at its start."""
    schema.build = cache(schema.build)
    app.validate_document = lru_cache(1000)(app.validate_document)
    ssl.create_default_context = shared_context


def freeze() -> None:
    """Exclude what exists after the collection from garbage collection, and collect the rest less often, as a server does.

    Modules and 12,000 tests live until the end of the process; looking at them again and again took a fifth of the time of tests without a database. Nor is garbage
    collected while pytest collects them.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 10, 5)  # garbage of cycles would else take 1.4 GB of a process


class SharedConnections:
    """Connections to Postgres by URL, each for one test at a time. A new connection reads the catalog again, which takes 10 to 30 ms of processor time."""

    def __init__(self) -> None:
        self._idle: dict[str, asyncpg.Connection] = {}

    @asynccontextmanager
    async def use(self, url: str) -> AsyncIterator[asyncpg.Connection]:
        """Yield a connection without a transaction, settings or locks of earlier tests."""
        connection = self._idle.pop(url, None)
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
        try:
            yield connection
        finally:
            await self._take_back(url, connection)

    async def _take_back(self, url: str, connection: asyncpg.Connection) -> None:
        try:
            await connection.reset()
            await connection.execute("set session authorization default; discard temp")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # the test has ended the connection or the server
            connection.terminate()
        else:
            self._idle[url] = connection

    def close(self) -> None:
        for connection in self._idle.values():
            connection.terminate()
        self._idle.clear()
