"""A database of an earlier revision that was filled with rows and then migrated."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

from db.builtin import embedded
from db.deployment.migrate import migrate


@asynccontextmanager
async def new_database(urls: embedded.Urls, name: str) -> AsyncIterator[embedded.Urls]:
    """Create an empty database and drop it at the end."""
    connection = await asyncpg.connect(urls.admin)
    try:
        await connection.execute(f"create database {name}")
        try:
            yield embedded.Urls(*(make_url(url).set(database=name).render_as_string(hide_password=False) for url in (urls.admin, urls.app)))
        finally:
            await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico"})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def migrated_from_before(
    revision: str, urls: embedded.Urls, name: str, fill: Callable[[asyncpg.Connection], Awaitable[None]]
) -> AsyncIterator[asyncpg.Connection]:
    """Yield the administrator's connection to a database that was migrated to the revision before `revision`, filled, and migrated to the newest."""
    async with new_database(urls, name) as new:
        await migrate(new.admin, to=f"{revision}-1")
        async with connected(new.admin) as old:
            await fill(old)
            await migrate(new.admin)
            yield old
