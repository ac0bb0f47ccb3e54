"""The restore drill of docs/backup.md: a base backup while writes go on, a mistake, and a recovery to the instant before it, beside a bucket that is newer."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

import demo
from auth.passwords import Passwords
from auth.urls.links import secret_of
from db.deployment.migrate import migrate
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import bucket_of, put_all
from storage.keys import stored
from tests.callers.posting import attach
from tests.conftest import ADA, ISSUER, NOW, servers, token
from tests.db.migrations.old_database import connected
from tests.db.migrations.previous_revision import counts
from tests.samples import pdf
from tests.servers import preloaded
from tests.servers.debian_postgres import DebianPostgres, created, recovering

DELETE = "mutation ($id: ID!) { deleteAttachment(input: { attachmentId: $id }) { deletedAttachmentId userErrors { code message } } }"
RENAME = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { customer { version } userErrors { code message } } }"
VERSION = "{ customer { version } }"
LINK = "query ($id: ID!) { node(id: $id) { ... on Attachment { status downloadUrl } } }"
MONEY = "select currency, sum(total_minor), sum(paid_minor), sum(remaining_minor), count(*) from invoice group by currency order by currency"
LOOSE = "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, now())"


@dataclass
class Client:
    http: httpx.AsyncClient

    async def ask(self, text: str, **variables: Any) -> Any:
        answer = await self.http.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {token(ADA)}"})
        assert "errors" not in answer.json(), answer.text
        (payload,) = answer.json()["data"].values()
        assert payload.get("userErrors", []) == [], payload
        return payload

    async def rename(self, name: str) -> None:
        version = (await self.ask(VERSION))["version"]
        await self.ask(RENAME, input={"name": name, "expectedVersion": version})


@asynccontextmanager
async def serving(url: str, folder: Path) -> AsyncIterator[Client]:
    with servers(folder) as start:
        async with httpx.AsyncClient(base_url=start(url), timeout=20) as http:
            yield Client(http)


@pytest.fixture
def folder() -> Any:
    """A folder that the user of Postgres can enter."""
    path = Path(tempfile.mkdtemp(prefix="portico-restore-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@dataclass
class Point:
    """What the database has at the instant to which it is restored."""

    at: datetime
    rows: dict[str, int]
    money: list[asyncpg.Record]
    name: str


async def point(admin: asyncpg.Connection) -> Point:
    name = await admin.fetchval("select name from customer where id = $1", ADA.customer_id)
    rows, money = await counts(admin), await admin.fetch(MONEY)
    return Point(await admin.fetchval("select clock_timestamp()"), rows, money, name)


async def filled(primary: DebianPostgres, data_dir: Path) -> None:
    await migrate(primary.urls.admin)
    put = partial(put_all, bucket_of(Settings(data_dir=data_dir), "", secret_of(ISSUER.keys[0])))
    await demo.load_demo(primary.urls.admin, password_hash=await Passwords().hash("a password of the drill"), now=NOW, put=put)


async def test_a_database_is_restored_to_the_instant_before_a_mistake_beside_a_newer_bucket(root: Path, folder: Path) -> None:
    primary, files = created(folder), folder / "files"
    with primary.running() as urls:
        maintenance = await asyncpg.connect(urls.admin.replace("/portico?", "/postgres?"))
        await maintenance.execute("create database portico")
        await maintenance.close()
        await filled(primary, files)
        async with serving(urls.app, files) as client, connected(urls.admin) as admin:
            parent = await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", ADA.customer_id)
            stays, deleted = [(await attach(client.http, parent, (f"{name}.pdf", pdf())))["attachments"][0]["id"] for name in ("stays", "deleted")]
            await _while_writing(client, lambda: primary.base_backup(folder / "backup"))
            await _leave_an_upload_unfinished(admin, files)
            before = await point(admin)
            await client.rename("After the instant")
            late = (await attach(client.http, parent, ("late.pdf", pdf())))["attachments"][0]["id"]
            await client.ask(DELETE, id=deleted)
            late_key = await admin.fetchval("select object_key from attachment where id = $1", late)
            await admin.execute(
                "set session_replication_role = replica; delete from payment; update invoice_line set total_minor = total_minor + 1, subtotal_minor = subtotal_minor + 1"
            )
            await admin.execute("select pg_switch_wal()")
            await _archived(admin)
        assert audit(root, urls.admin, files)[0] == 1, "the mistake is one"

    restored = recovering(folder / "backup", primary, before.at)
    with restored.running() as urls:
        async with connected(urls.admin) as admin:
            await _promoted(admin)
            after = await point(admin)
            assert (after.rows, after.money, after.name) == (before.rows, before.money, before.name)
            assert audit(root, urls.admin, files) == (0, "")
            objects = {path.name for path in (files / "bucket").rglob("*") if path.is_file()}
            assert tick(root, urls.admin, files) == (0, "")
            left = {path.name for path in (files / "bucket").rglob("*") if path.is_file()}
            assert objects - left == {f"att_unfinished-{0:016}"}, "the sweep deletes the upload that was under way, and nothing else"
            assert late_key.rpartition("/")[2] in left, "an object that the database does not know any more stays"
            assert audit(root, urls.admin, files) == (0, "")
            async with serving(urls.app, files) as client:
                for identifier, status in ((stays, 200), (deleted, 404)):
                    node = await client.ask(LINK, id=identifier)
                    assert node["status"] == "STORED"
                    assert (await client.http.get(node["downloadUrl"])).status_code == status
                await client.rename("After the restore")
            missing = await _missing(admin, files)
            assert missing == [deleted], "only what was deleted from the bucket after the instant"


async def _while_writing(client: Client, work: Callable[[], None]) -> None:
    """Run the work in a thread while the customer is changed, and afterwards change once more."""
    running = asyncio.create_task(asyncio.to_thread(work))
    number = 0
    while not running.done() or number < 5:
        number += 1
        await client.rename(f"Ada {number}")
    await running


async def _leave_an_upload_unfinished(admin: asyncpg.Connection, files: Path) -> None:
    key = stored(str(ADA.customer_id), "att_unfinished", "0" * 16)
    (files / "bucket" / key).write_bytes(b"a part of a file")
    await admin.execute(LOOSE, ADA.customer_id, key)


async def _archived(admin: asyncpg.Connection) -> None:
    wanted = await admin.fetchval("select pg_walfile_name(pg_current_wal_lsn() - 1)")
    for _ in range(300):
        if (await admin.fetchval("select last_archived_wal from pg_stat_archiver") or "") >= wanted:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{wanted} is not in the archive")


async def _promoted(admin: asyncpg.Connection) -> None:
    for _ in range(300):
        if not await admin.fetchval("select pg_is_in_recovery()"):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the recovery has not ended")


async def _missing(admin: asyncpg.Connection, files: Path) -> list[str]:
    """Return the stored attachments whose objects the bucket lacks."""
    rows = await admin.fetch("select id, object_key from attachment where status = 'STORED'")
    return [row["id"] for row in rows if not (files / "bucket" / row["object_key"]).is_file()]


def audit(root: Path, url: str, files: Path) -> tuple[int, str]:
    return _command(root, url, files, "audit")


def tick(root: Path, url: str, files: Path) -> tuple[int, str]:
    return _command(root, url, files, "tick")


def _command(root: Path, url: str, files: Path, name: str) -> tuple[int, str]:
    """Return the exit code, and what was printed if it is neither 0 nor a finding."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}
    ended = preloaded.run([name], cwd=root, env=inherited | {"PORTICO_DATABASE_URL": url, "PORTICO_DATA_DIR": str(files)}, timeout=120)
    return ended.returncode, ended.stderr if ended.returncode else ""
