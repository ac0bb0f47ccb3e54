"""A database of an earlier version, with rows of that time, that was migrated then."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

import db.migrate as migrating
from db import embedded
from db.migrate import migrate


@asynccontextmanager
async def migrated_from_before(
    revision: str, urls: embedded.Urls, name: str, fill: Callable[[asyncpg.Connection], Awaitable[None]]
) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection to a database that had every migration before `revision`, was filled, and has had all others since."""

    def to_the_revision_before(config: Any, _: str, *, upgrade: Any = command.upgrade) -> None:
        upgrade(config, ScriptDirectory.from_config(config).get_revision(revision).down_revision)

    connection = await asyncpg.connect(urls.admin)
    await connection.execute(f"create database {name}")
    url = str(make_url(urls.admin).set(database=name).render_as_string(hide_password=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating.command, "upgrade", to_the_revision_before)
        await migrate(url)
    old = await asyncpg.connect(url, server_settings={"search_path": "portico"})
    await fill(old)
    await migrate(url)
    yield old
    await old.close()
    await connection.execute(f"drop database {name}")
    await connection.close()
