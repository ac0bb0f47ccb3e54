"""What journeys with files share."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import ADA

ROWS = "select id from attachment union all select object_key from loose_object union all select key from idempotency_key"


@pytest.fixture
async def invoice(admin: asyncpg.Connection) -> str:
    """One of Ada's."""
    return await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", ADA.customer_id)


@pytest.fixture
async def left(admin: asyncpg.Connection, data_dir: Path) -> AsyncIterator[None]:
    """Whatever the test does: afterwards there are no rows, objects or temporary files that were not there before."""
    before = await everything(admin, data_dir)
    yield
    for _ in range(100):
        after = await everything(admin, data_dir)
        if all(now <= then for now, then in zip(after, before, strict=True)):
            return
        await asyncio.sleep(0.05)
    assert [now - then for now, then in zip(after, before, strict=True)] == [set(), set()]


async def everything(admin: asyncpg.Connection, data_dir: Path) -> tuple[set[str], set[str]]:
    return {record[0] for record in await admin.fetch(ROWS)}, {str(path) for path in (data_dir / "bucket").rglob("*") if path.is_file()}
