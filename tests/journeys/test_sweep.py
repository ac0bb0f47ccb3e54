"""The sweep: what was announced and never came, and what no row owns."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from billing.states import Actor
from db.pool import Database
from db.session import Caller, Session
from jobs.attachments import sweep
from storage import keys
from storage.bucket import BucketUnavailable
from storage.local import Local
from tests.conftest import ADA, Portal
from tests.journeys.test_direct_uploads import Fleet
from tests.posting import attach
from tests.samples import pdf

LATER = timedelta(hours=26)


def system(database: Database) -> Session:
    return Session(database, Caller(None, Actor.SYSTEM, datetime.now(UTC)))


async def names(data_dir: Path) -> set[str]:
    return {str(path.relative_to(data_dir / "bucket")) for path in (data_dir / "bucket").rglob("*") if path.is_file()}


async def test_what_was_announced_and_never_completed_is_gone_after_a_day(
    http: httpx.AsyncClient, invoice: str, portal: Portal, data_dir: Path, admin: asyncpg.Connection
) -> None:
    kept = (await attach(http, invoice, ("kept.pdf", pdf())))["attachments"][0]["id"]
    fleet = Fleet(http, invoice)
    sent, unsent = (await fleet.announce(("a.pdf", pdf()), ("b.pdf", pdf(2000)), key="for the sweep"))["uploads"]
    await fleet.send(sent, pdf())
    waiting = {sent["attachment"]["id"], unsent["attachment"]["id"]}
    now = datetime.now(UTC)
    await sweep(system(portal.database), portal.files.bucket, now=now + timedelta(hours=23))
    assert await admin.fetchval("select count(*) from attachment where id = any($1)", list(waiting)) == 2
    swept = await sweep(system(portal.database), portal.files.bucket, now=now + LATER)
    assert swept.announced >= 2
    assert await admin.fetchval("select count(*) from attachment where id = any($1)", list(waiting)) == 0
    assert not any(identifier in name for name in await names(data_dir) for identifier in waiting)
    assert await admin.fetchval("select status from attachment where id = $1", kept) == "STORED"
    assert any(kept in name for name in await names(data_dir))
    again = await sweep(system(portal.database), portal.files.bucket, now=now + LATER)
    assert (again.announced, again.objects) == (0, 0)


async def test_objects_that_no_row_owns_are_deleted_when_nobody_writes_them_any_more(portal: Portal, data_dir: Path, admin: asyncpg.Connection) -> None:
    key = keys.stored(ADA.customer_id, "att_00000000000000000000000000", "f" * 16)
    path = data_dir / "bucket" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"whole")
    path.with_name(f"{path.name}.{'0' * 16}.part").write_bytes(b"half")
    now = datetime.now(UTC)
    await admin.execute("insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", ADA.customer_id, key, now + timedelta(hours=1))
    await sweep(system(portal.database), portal.files.bucket, now=now)
    assert path.exists()
    await asyncio.gather(*(sweep(system(portal.database), portal.files.bucket, now=now + LATER) for _ in range(4)))
    assert not list(path.parent.glob(f"{path.name}*"))
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 0


async def test_a_bucket_that_is_away_is_tried_again_by_the_next_sweep(portal: Portal, tmp_path: Path, admin: asyncpg.Connection) -> None:
    key = keys.stored(ADA.customer_id, "att_00000000000000000000000001", "f" * 16)
    now = datetime.now(UTC)
    await admin.execute("insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", ADA.customer_id, key, now)

    class Away(Local):
        async def delete(self, key: str) -> Any:
            raise BucketUnavailable(key)

    await sweep(system(portal.database), Away(tmp_path, "", b""), now=now + LATER)
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 1
    await sweep(system(portal.database), portal.files.bucket, now=now + LATER)
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 0
