"""Fixtures of journeys with files, with apps of partners and with sign-in."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from auth.passwords import Passwords
from billing.ids import type_id
from db.builtin.embedded import Urls
from demo import PERSONAS
from tests.auditing import audited
from tests.callers import identity
from tests.callers.identity import Account, PortalClient
from tests.callers.partners import TEXTS, Partner, manifest, registered
from tests.conftest import ADA, copied_project

ROWS = "select id from attachment union all select object_key from loose_object union all select key from idempotency_key union all select key from client_key"

ATTACHMENT_ID = re.compile(r"att_[0-9a-z]{26}")


@pytest.fixture(scope="module", autouse=True)
async def audited_module(urls: Urls) -> AsyncIterator[None]:
    """Audit the money of all customers at the end of a module."""
    async with audited(urls.admin):
        yield


@pytest.fixture
async def profiles(admin: asyncpg.Connection) -> AsyncIterator[None]:
    """Restore the profiles of the demo's named customers after the test."""
    columns = "id, name, email, locale, time_zone, version"
    before = await admin.fetch(f"select {columns} from customer where id = any($1)", [person.id for person in PERSONAS])
    yield
    await admin.executemany(
        "update customer set name = $2, email = $3, locale = $4, time_zone = $5, version = $6 where id = $1", [tuple(row) for row in before]
    )


@pytest.fixture
async def invoice(admin: asyncpg.Connection) -> str:
    """The id of an invoice of Ada."""
    return await admin.fetchval("select id from invoice where customer_id = $1 order by id limit 1", ADA.customer_id)


@pytest.fixture
async def left(admin: asyncpg.Connection, data_dir: Path) -> AsyncIterator[None]:
    """Assert after the test that it left no rows, objects or temporary files. A server of an earlier test may still be giving up on its files."""
    before, first_id = await everything(admin, data_dir), type_id("att", int(time.time() * 1000), entropy=0)
    yield
    rows, files = await left_since(before, admin, data_dir)
    assert ({row for row in rows if not is_older(row, first_id)}, files) == (set(), set())


def is_older(row: str, first_id: str) -> bool:
    """Return whether a row is of an attachment that was announced before there was this id."""
    identifier = ATTACHMENT_ID.search(row)
    return identifier is not None and identifier[0] < first_id


async def left_since(before: tuple[set[str], set[str]], admin: asyncpg.Connection, data_dir: Path) -> list[set[str]]:
    """Return the rows and files that are new since `before` and were not removed within five seconds."""
    for _ in range(100):
        left = [now - then for now, then in zip(await everything(admin, data_dir), before, strict=True)]
        if not any(left):
            break
        await asyncio.sleep(0.05)
    return left


async def everything(admin: asyncpg.Connection, data_dir: Path) -> tuple[set[str], set[str]]:
    return {record[0] for record in await admin.fetch(ROWS)}, {str(path) for path in (data_dir / "bucket").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def own_server(start_server: Callable[..., str], urls: Urls) -> str:
    return start_server(urls.app, document_id_keys=("doc_id", "id"))


@pytest.fixture
async def partner(own_server: str, admin: asyncpg.Connection) -> AsyncIterator[Partner]:
    async with httpx.AsyncClient(base_url=own_server, timeout=20) as client:
        partner = Partner(await registered(admin), client, admin)
        assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(*TEXTS)) == []
        yield partner
    await admin.execute("update partner_grant set revoked_at = now() where client_id = $1 and revoked_at is null", partner.id)


@pytest.fixture(scope="session")
async def hashed() -> str:
    return await Passwords().hash(identity.PASSWORD)


@pytest.fixture(scope="module")
def mail_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("letters")


@pytest.fixture(scope="module")
def sign_in_server(start_server: Callable[..., str], urls: Urls, mail_dir: Path) -> str:
    return start_server(urls.app, data_dir=mail_dir, secret=identity.SECRET, trusted_proxies=("127.0.0.0/8",), portal_url="https://portal.example")


@pytest.fixture
async def portal_client(sign_in_server: str, mail_dir: Path) -> AsyncIterator[PortalClient]:
    async with httpx.AsyncClient(base_url=sign_in_server, timeout=20) as client:
        yield PortalClient(client, mail_dir / "mail")


@pytest.fixture
async def account(admin: asyncpg.Connection, hashed: str) -> AsyncIterator[Account]:
    opened = await identity.create_account(admin, hashed)
    yield opened
    await identity.delete_account(admin, opened)


@pytest.fixture
async def other(admin: asyncpg.Connection, hashed: str) -> AsyncIterator[Account]:
    """The account of another customer."""
    opened = await identity.create_account(admin, hashed)
    yield opened
    await identity.delete_account(admin, opened)


@pytest.fixture(scope="session")
def trusted_tools(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the installed tools and clients for persisted documents."""
    return copied_project(root / "tests/clients/trusted", tmp_path_factory.mktemp("trusted") / "project")
