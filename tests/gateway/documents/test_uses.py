"""How often documents were used: no count is lost when it cannot be written, or without a line of the log."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.pool import Database, Pool
from gateway.documents.document_cache import digest
from gateway.documents.limits import DocumentLimits
from gateway.documents.registry import Registry
from gateway.documents.revalidation import Revalidation
from gateway.documents.sync import RegistrySync, write_last_uses, write_uses
from tests.waiting import count_lock_waits, until

USES = Counter({("portal", "sha256:" + "0" * 64): 3, ("portal", "sha256:" + "1" * 64): 4})


def keeper(database: Database, graphql_schema: Any) -> RegistrySync:
    registry = Registry({}, "open")
    registry.restore_uses(USES)
    review = Revalidation(lambda _: None, lambda: digest(graphql_schema, DocumentLimits()))
    return RegistrySync(registry, database, "", {}, lambda: datetime.now(UTC), review)


async def test_uses_whose_writing_is_cancelled_are_counted_later(urls: Urls, admin: asyncpg.Connection, graphql_schema: Any) -> None:
    async with Database(urls.app, Pool(1), server_settings={}) as database:
        sync = keeper(database, graphql_schema)
        lock = await asyncpg.connect(urls.admin)
        try:
            async with lock.transaction():
                await lock.execute("lock table portico.document_use in access exclusive mode")
                writing = asyncio.create_task(write_uses(sync))

                async def is_held_up() -> bool:
                    return await count_lock_waits(admin) > 0

                await until(is_held_up)
                writing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await writing
        finally:
            await lock.close()
        assert sync.registry.take_uses() == USES


async def test_uses_that_cannot_be_written_at_the_end_are_counted_in_the_log(graphql_schema: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", Pool(1), server_settings={}) as away:
        await write_last_uses(keeper(away, graphql_schema))
    assert "7 uses of documents were not counted: ConnectionRefusedError" in caplog.text


async def test_uses_are_written_in_one_order_so_that_no_two_processes_wait_for_each_other(urls: Urls, admin: asyncpg.Connection, graphql_schema: Any) -> None:
    """While the first row is locked by another process, none of the others is."""
    client, ids = "uses-in-order", ["sha256:" + digit * 64 for digit in "0123456789"]
    await admin.execute(
        "insert into api_client (id, kind, name, mode, units_per_minute, created_at) values ($1, 'PARTNER', 'Uses', 'REQUIRED', 1, now())", client
    )
    await admin.execute(
        "insert into stored_document (client_id, id, body, names, cost, version, published_at) select $1, id, '{ __typename }', '{}', 1, 1, now() from unnest($2::text[]) id",
        client,
        ids[::-1],
    )
    async with Database(urls.app, Pool(1), server_settings={}) as database:
        sync = keeper(database, graphql_schema)
        sync.registry.take_uses()
        uses = Counter({(client, each): 1 for each in reversed(ids)})
        sync.registry.restore_uses(uses)
        await write_uses(sync)
        sync.registry.restore_uses(uses)
        other = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
        try:
            async with other.transaction():
                await other.execute("select from document_use where client_id = $1 and document_id = $2 for update", client, ids[0])
                writing = asyncio.create_task(write_uses(sync))

                async def is_held_up() -> bool:
                    return await count_lock_waits(admin) > 0

                await until(is_held_up)
                free = await other.fetch("select document_id from document_use where client_id = $1 order by document_id for update skip locked", client)
                assert [row["document_id"] for row in free] == ids
            await writing
        finally:
            await other.close()
    assert await admin.fetchval("select sum(uses) from document_use where client_id = $1", client) == 2 * len(ids)
