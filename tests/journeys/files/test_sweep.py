"""The sweep: what was announced and never came, and what no row owns."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import httpx
import pytest

from billing.states import Actor
from db.builtin.embedded import Urls
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from jobs.attachments import sweep
from storage import keys
from storage.bucket import BucketUnavailable, NoSuchObject
from storage.local import Local
from tests.callers.posting import attach
from tests.conftest import ADA, BIG, Portal
from tests.journeys.files.test_direct_uploads import Fleet
from tests.lifecycle.conftest import new_id
from tests.samples import pdf

LATER = timedelta(hours=26)


def system(database: Database) -> UnitOfWork:
    return UnitOfWork(database, Caller(None, Actor.SYSTEM, datetime.now(UTC)))


async def names(data_dir: Path) -> set[str]:
    return {str(path.relative_to(data_dir / "bucket")) for path in (data_dir / "bucket").rglob("*") if path.is_file()}


async def test_what_was_announced_and_never_completed_is_gone_after_a_day(
    http: httpx.AsyncClient, invoice: str, portal: Portal, data_dir: Path, admin: asyncpg.Connection
) -> None:
    stored = (await attach(http, invoice, ("kept.pdf", pdf())))["attachments"][0]["id"]
    fleet = Fleet(http, invoice)
    sent, unsent = (await fleet.announce(("a.pdf", pdf()), ("b.pdf", pdf(2000)), key="for the sweep"))["uploads"]
    await fleet.send(sent, pdf())
    waiting = {sent["attachment"]["id"], unsent["attachment"]["id"]}
    now = datetime.now(UTC)
    await sweep(system(portal.database), portal.files.bucket, now=now + timedelta(hours=23))
    assert await admin.fetchval("select count(*) from attachment where id = any($1)", list(waiting)) == 2
    swept = await sweep(system(portal.database), portal.files.bucket, now=now + LATER)
    assert swept.expired_uploads >= 2
    assert await admin.fetchval("select count(*) from attachment where id = any($1)", list(waiting)) == 0
    assert not any(identifier in name for name in await names(data_dir) for identifier in waiting)
    assert await admin.fetchval("select status from attachment where id = $1", stored) == "STORED"
    assert any(stored in name for name in await names(data_dir))
    again = await sweep(system(portal.database), portal.files.bucket, now=now + LATER)
    assert (again.expired_uploads, again.objects) == (0, 0)


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


class Poisoned(Local):
    """Deletes all but what `errors` is for."""

    errors: ClassVar[dict[str, Exception]] = {}

    async def delete(self, key: str) -> None:
        if error := self.errors.get(key):
            raise error
        await super().delete(key)


@pytest.mark.parametrize("descending", [False, True], ids=["first by key", "last by key"])
@pytest.mark.parametrize("error", [ValueError("not a key"), NoSuchObject("gone"), BucketUnavailable("AccessDenied"), PermissionError("immutable")], ids=repr)
async def test_an_object_that_cannot_be_deleted_is_logged_and_keeps_no_other(
    portal: Portal, tmp_path: Path, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, error: Exception, descending: bool
) -> None:
    """More of them than make a bucket look as if it were away, and all of them older than the others: still the others go, at the latest with the next sweep.

    Also where Postgres returns those that fail before the others each time: by key, or by their place in the table.
    """
    now = datetime.now(UTC) + LATER
    await sweep(system(portal.database), Local(tmp_path, "", b""), now=now)  # what earlier tests have left
    identifiers = sorted((new_id("att") for _ in range(8)), reverse=descending)
    owners = (ADA, ADA, ADA, BIG)
    poisoned, healthy = (
        [keys.stored(owner.customer_id, identifier, "f" * 16) for owner, identifier in zip(owners, part, strict=True)]
        for part in (identifiers[:4], identifiers[4:])
    )
    for number, key in enumerate([*poisoned, *healthy]):
        insert = "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)"
        await admin.execute(insert, key.split("/")[1], key, now - timedelta(hours=1) + timedelta(seconds=number))
    bucket = Poisoned(tmp_path, "", b"")
    bucket.errors.update(dict.fromkeys(poisoned, error))
    try:
        swept = [await sweep(system(portal.database), bucket, now=now + timedelta(seconds=number)) for number in range(6)]
    finally:
        bucket.errors.clear()
    left = {record["object_key"] for record in await admin.fetch("select object_key from loose_object where object_key = any($1)", [*poisoned, *healthy])}
    assert left == set(poisoned)
    assert sum(one.objects for one in swept) >= len(healthy)
    assert all(one.failures for one in swept)
    # Each is tried, and named, again; a sweep that stops at one customer leaves the other to the next, so six sweeps are at least two tries of each.
    assert all(caplog.text.count(f"the object {key} could not be deleted") >= 2 for key in poisoned)
    await sweep(system(portal.database), bucket, now=now + timedelta(minutes=1))
    assert await admin.fetchval("select count(*) from loose_object where object_key = any($1)", poisoned) == 0


async def test_a_customer_whose_rows_are_locked_keeps_no_other_from_being_swept(
    portal: Portal, tmp_path: Path, admin: asyncpg.Connection, urls: Urls, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC) + LATER
    ada, big = (keys.stored(owner.customer_id, new_id("att"), "f" * 16) for owner in (ADA, BIG))
    for key in (ada, big):
        await admin.execute(
            "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", key.split("/")[1], key, now - timedelta(hours=1)
        )
    holder = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    try:
        async with holder.transaction():
            await holder.execute("select from loose_object where customer_id = $1 and object_key = $2 for update", ADA.customer_id, ada)
            swept = await sweep(system(portal.database), Local(tmp_path, "", b""), now=now)
    finally:
        await holder.close()
    assert (await admin.fetchval("select count(*) from loose_object where object_key = $1", big), swept.failures) == (0, 1)
    assert f"objects of {ADA.customer_id} are left to the next sweep: LockNotAvailableError 55P03" in caplog.text
    await sweep(system(portal.database), Local(tmp_path, "", b""), now=now)
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", ada) == 0


async def test_a_bucket_that_is_away_is_tried_again_by_the_next_sweep(portal: Portal, tmp_path: Path, admin: asyncpg.Connection) -> None:
    key = keys.stored(ADA.customer_id, "att_00000000000000000000000001", "f" * 16)
    now = datetime.now(UTC)
    await admin.execute("insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", ADA.customer_id, key, now)

    class Away(Local):
        async def delete(self, key: str) -> Any:
            raise BucketUnavailable(key)

    await sweep(system(portal.database), Away(tmp_path, "", b""), now=now + LATER)
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 1
    await sweep(system(portal.database), portal.files.bucket, now=now + LATER + timedelta(seconds=1))
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 0


async def test_an_object_that_a_stored_file_has_is_not_swept_whatever_is_said_to_be_loose(
    http: httpx.AsyncClient, invoice: str, portal: Portal, data_dir: Path, admin: asyncpg.Connection
) -> None:
    """A row that the database would not let in, as if an earlier version or an operator had made it."""
    identifier = (await attach(http, invoice, ("kept.pdf", pdf())))["attachments"][0]["id"]
    key = await admin.fetchval("select object_key from attachment where id = $1", identifier)
    await admin.execute("set session_replication_role = replica")
    await admin.execute("insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, now() - interval '1 hour')", ADA.customer_id, key)
    await admin.execute("set session_replication_role = origin")
    now = datetime.now(UTC)
    for number in range(2):
        await asyncio.wait_for(sweep(system(portal.database), portal.files.bucket, now=now + number * LATER), 10)
    assert (data_dir / "bucket" / key).read_bytes() == pdf()
    async with admin.transaction():
        await admin.execute(f"set local app.actor = 'CUSTOMER'; set local app.customer_id = '{ADA.customer_id}'")
        await admin.execute("delete from attachment where id = $1", identifier)
    await sweep(system(portal.database), portal.files.bucket, now=now + 3 * LATER)
    assert not (data_dir / "bucket" / key).exists(), "the control"
    assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 0
