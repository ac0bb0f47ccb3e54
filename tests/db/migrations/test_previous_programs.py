"""Earlier programs, as the history of the repository has them, serve while the migrations of today run on their database, which is full of demo data."""

import asyncio
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import cycle
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest
from graphql import NonNullTypeNode, OperationDefinitionNode, parse

import demo
from db.builtin import embedded
from db.deployment.migrate import UnknownRevision, migrate
from db.deployment.revisions import revisions
from tests.conftest import ONE_CALLER, SECRET, demo_customer, token
from tests.db.migrations.old_database import connected, new_database
from tests.servers import preloaded

pytestmark = pytest.mark.in_turns(3)

ROOT = Path(__file__).parents[3]
# How many revisions before the newest.
BACK = (1, 2, 8)
GENERATED = 40
REVISION = re.compile(r"^db/migrations/versions/(\d{4})_", re.MULTILINE)
VIEWERS = [demo_customer(person.email) for person in demo.PERSONAS]
# A write that each of the programs has, and that leaves no trace in the money.
RENAME = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { customer { name version } userErrors { code message } } }"
NAME = "{ customer { name version } }"


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, timeout=60).stdout


@cache
def commits() -> Mapping[str, str]:
    """Return the newest commit of each newest revision. Without the history the test is skipped, or fails where PORTICO_TEST_REQUIRE=all."""
    try:
        listed = git("rev-list", "--max-count=1000", "HEAD", "--", "db/migrations/versions").decode().split()
    except (subprocess.CalledProcessError, FileNotFoundError):
        listed = []
    newest: dict[str, str] = {}
    for commit in listed:
        for after in (commit, f"{commit}^"):
            tree = subprocess.run(["git", "ls-tree", "-r", "--name-only", after, "db/migrations/versions"], cwd=ROOT, capture_output=True, text=True)
            if names := REVISION.findall(tree.stdout):
                newest.setdefault(max(names), after)
        if len(newest) > max(BACK) + 4:
            break
    return newest


def program_of(revision: str, folder: Path) -> Path:
    """Unpack the newest program whose newest revision is this one."""
    commit = commits().get(revision)
    if commit is None:
        reason = f"needs the history of the repository: no commit has {revision} as its newest revision"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    with tarfile.open(fileobj=BytesIO(git("archive", "--format=tar", commit))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@dataclass
class Old:
    """An earlier program with its database."""

    root: Path
    urls: embedded.Urls
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        settings = {"DATABASE_URL": self.urls.admin, "TOKEN_SECRET": SECRET, "DATA_DIR": str(self.folder), "PORT": "0", "DRAIN_SECONDS": "0"}
        named = settings | {name.upper(): str(value) for name, value in ONE_CALLER.items()}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
        return inherited | {"PYTHONPATH": str(self.root)} | {f"PORTICO_{name}": value for name, value in named.items()}

    def command(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "-P", "-m", "gateway", *arguments], cwd=self.root, env=self.environment, check=True, capture_output=True, timeout=120)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        log = self.folder / "log"
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gateway", "serve"), cwd=self.root, env=self.environment, stdout=written, stderr=written
            )
        try:
            while not (ready := re.search(r"^READY (\S+)/graphql$", log.read_text(), re.MULTILINE)):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.1)
            async with httpx.AsyncClient(base_url=ready[1], timeout=20) as client:
                yield client
        finally:
            process.kill()
            await process.wait()


@dataclass
class Load:
    """Callers of a server until `stop` is set: each page of the program's own portal, for each customer of the demo, and writes."""

    client: httpx.AsyncClient
    texts: Mapping[str, str]
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        calls = cycle([(name, viewer) for viewer in VIEWERS for name in self.texts])
        while not self.stop.is_set():
            name, viewer = next(calls)
            await self._send(name, self.texts[name], token(viewer))

    async def write(self) -> None:
        access, number = token(VIEWERS[0]), 0
        while not self.stop.is_set():
            number += 1
            current = await self._send("name", NAME, access)
            if current is None:
                return
            changes = {"name": f"Ada {number}", "expectedVersion": current["customer"]["version"]}
            payload = await self._send("rename", RENAME, access, input=changes)
            if payload is not None and payload["updateProfile"]["userErrors"]:
                self.failures.append(f"rename: {payload}")
            await asyncio.sleep(0.02)

    async def _send(self, name: str, text: str, access: str, **variables: object) -> dict[str, dict[str, object]] | None:
        answer = await self.client.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {access}"})
        if answer.status_code != 200 or "errors" in answer.json():
            self.failures.append(f"{name}: {answer.status_code} {answer.text[:300]}")
            return None
        self.answers[name] += 1
        return dict(answer.json()["data"])


def pages(root: Path) -> dict[str, str]:
    """Return the queries of the program's portal that need no variable."""
    texts = {path.stem: path.read_text() for path in (root / "schema" / "documents").rglob("*.graphql") if "staff" not in path.parts}
    return {name: text for name, text in texts.items() if _needs_nothing(text)}


def _needs_nothing(text: str) -> bool:
    operations = [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]
    required = [one for node in operations for one in node.variable_definitions or () if isinstance(one.type, NonNullTypeNode) and one.default_value is None]
    return [node.operation.value for node in operations] == ["query"] and not required


@pytest.mark.parametrize("back", BACK)
async def test_the_program_of_before_serves_while_its_database_is_upgraded(urls: embedded.Urls, tmp_path: Path, back: int) -> None:
    revision = revisions()[back]
    (tmp_path / "program").mkdir()
    root = program_of(revision, tmp_path / "program")
    async with new_database(urls, f"program_{revision}") as place:
        old = Old(root, place, tmp_path)
        await asyncio.to_thread(old.command, "migrate")
        await asyncio.to_thread(old.command, "seed", "--customers", str(GENERATED))
        texts = pages(root)
        assert len(texts) > 5
        async with old.serving() as client, connected(place.admin) as admin:
            assert await admin.fetchval("select version_num from alembic_version") == revision
            load = Load(client, texts)
            callers = [asyncio.create_task(work) for work in (load.read(), load.read(), load.write())]
            await _answered(load)
            await migrate(place.admin)
            assert await admin.fetchval("select version_num from alembic_version") == revisions()[0]
            # Plans that were made before are made again, and the server goes on when it asks for its readiness.
            await _answered(load)
            assert (await client.get("/readyz")).status_code == 200
            load.stop.set()
            await asyncio.gather(*callers)
        assert load.failures == []
        _audit(place, tmp_path)


async def _answered(load: Load) -> None:
    """Wait until each page and a write are answered from now on, or something fails."""
    load.answers.clear()
    for _ in range(1200):
        if load.answers.keys() >= {*load.texts, "rename"} or load.failures:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"answered are only {sorted(load.answers)}")


def _audit(place: embedded.Urls, folder: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    settings = {"PORTICO_DATABASE_URL": place.admin, "PORTICO_DATA_DIR": str(folder)}
    ended = preloaded.run(["audit"], cwd=ROOT, env=inherited | settings, timeout=60)
    assert ended.returncode == 0, ended.stdout


async def test_a_database_of_an_unknown_revision_is_one_line_and_nothing_is_changed(urls: embedded.Urls, tmp_path: Path) -> None:
    async with new_database(urls, "unknown_revision") as place:
        await migrate(place.admin)
        async with connected(place.admin) as admin:
            await admin.execute("update alembic_version set version_num = '9999'; drop policy audited on letter; drop role if exists portico_other")
            before = await _state(admin)
            with pytest.raises(UnknownRevision):
                await migrate(place.admin)
            settings = {"PORTICO_DATABASE_URL": place.admin, "PORTICO_DATA_DIR": str(tmp_path)}
            ended = preloaded.run(["migrate"], cwd=ROOT, env=os.environ | settings, timeout=60)
            assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
            assert ended.stderr.startswith(
                "Error: The database is at revision 9999, which this version of Portico does not know: a newer one has migrated it. Install"
            )
            assert await _state(admin) == before, "the policy that each run of migrations adds is still missing"


async def _state(admin: asyncpg.Connection) -> list[asyncpg.Record]:
    return await admin.fetch(
        """select 'policy', polname::text, polrelid::bigint from pg_policy union all select 'relation', relname, oid::bigint from pg_class
           union all select 'setting', array_to_string(setconfig, ','), setrole::bigint from pg_db_role_setting order by 1, 2, 3"""
    )


async def test_a_revision_gives_way_to_a_transaction_that_holds_a_lock_and_is_run_again(urls: embedded.Urls) -> None:
    """Each waits for the other. The transaction is not the one that is ended, and queries behind the revision wait for a second at most."""
    async with new_database(urls, "revision_waits") as place:
        await migrate(place.admin, to="0045")
        async with connected(place.admin) as holder, connected(place.admin) as reader:
            transaction = holder.transaction()
            await transaction.start()
            await holder.execute("lock table webhook_endpoint in access share mode")
            running = asyncio.create_task(migrate(place.admin))
            # The revision has a lock on `letter` and waits for the one on `webhook_endpoint`.
            for _ in range(3000):
                if await reader.fetchval("select count(*) from pg_locks where relation = 'webhook_endpoint'::regclass and not granted"):
                    break
                await asyncio.sleep(0.01)
            started = monotonic()
            assert await holder.fetchval("select count(*) from letter") == 0
            assert monotonic() - started < 2
            assert not running.done()
            await transaction.commit()
            await running
            assert await reader.fetchval("select version_num from alembic_version") == revisions()[0]
