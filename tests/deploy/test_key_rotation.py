"""Signing keys and the password of the database are replaced while two servers run: at each step each of them takes what the other one gave out."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from auth.jwt.keys import new_pem
from auth.jwt.tokens import sign
from db.builtin.embedded import Urls
from db.deployment.roles import APP, APP_SETTINGS
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import issuer_of
from tests.conftest import ADA, token
from tests.samples import pdf
from tests.servers.clusters import Cluster, cluster
from tests.servers.processes import process
from tests.template import create_database
from tests.waiting import until

# The files of the two servers' folders after each restart of one of them.
OLD, ANNOUNCED, SIGNING, AFTER = ("1.pem",), ("1.pem", "2.next.pem"), ("1.pem", "2.pem"), ("2.pem",)
STEPS = ((OLD, OLD), (ANNOUNCED, OLD), (ANNOUNCED, ANNOUNCED), (SIGNING, ANNOUNCED), (SIGNING, SIGNING), (AFTER, SIGNING))
CREATE = """mutation ($input: CreateAttachmentUploadsInput!) { createAttachmentUploads(input: $input) {
  userErrors { code path } uploads { url fields { name value } attachment { id } } } }"""
COMPLETE = """mutation ($ids: [ID!]!) { completeAttachmentUploads(input: { attachmentIds: $ids }) {
  userErrors { code path } attachments { downloadUrl } } }"""


@dataclass
class Server:
    """A server, and a token that it would give out."""

    address: str
    access: str

    async def ask(self, text: str, access: str, **variables: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.address, timeout=20) as client:
            answer = await client.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {access}"})
        assert answer.status_code == 200, answer.text
        (payload,) = answer.json()["data"].values()
        assert payload.get("userErrors", []) == [], payload
        return payload

    def own(self, url: str) -> str:
        """Return a URL of the other server as one of this server: they have one public URL."""
        return urlsplit(url)._replace(netloc=urlsplit(self.address).netloc).geturl()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("1", "2"):
        (folder / name).write_bytes(new_pem("EdDSA"))
    return folder


@contextmanager
def serving(root: Path, urls: Urls, keys: Path, folder: Path, names: tuple[str, ...]) -> Iterator[Server]:
    own = folder / uuid4().hex
    (own / "keys").mkdir(parents=True)
    for name in names:
        shutil.copy(keys / name[0], own / "keys" / name)
    # The bucket is one for both.
    (folder / "bucket").mkdir(exist_ok=True)
    (own / "bucket").symlink_to(folder / "bucket")
    access = sign(ADA, issuer_of(Settings(signing_keys_dir=own / "keys")), now=datetime.now(UTC), lifetime=timedelta(hours=1))
    with process(root, urls, own, signing_keys_dir=own / "keys", database_url=urls.app) as (_, address):
        yield Server(address, access)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{'+'.join(step[0])} beside {'+'.join(step[1])}")
async def test_each_server_takes_tokens_urls_and_forms_of_the_other(
    root: Path, urls: Urls, keys: Path, tmp_path: Path, invoice_of_ada: str, step: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    with serving(root, urls, keys, tmp_path, step[0]) as first, serving(root, urls, keys, tmp_path, step[1]) as second:
        for giver, taker in ((first, second), (second, first)):
            assert (await taker.ask("{ customer { name } }", giver.access))["name"]
            content = pdf()
            declared = {"fileName": "a.pdf", "contentType": "application/pdf", "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            made = await giver.ask(CREATE, giver.access, input={"parentId": invoice_of_ada, "files": [declared], "idempotencyKey": uuid4().hex})
            (upload,) = made["uploads"]
            async with httpx.AsyncClient(timeout=20) as client:
                fields = {item["name"]: item["value"] for item in upload["fields"]}
                sent = await client.post(taker.own(upload["url"]), data=fields, files={"file": ("x", content)})
                assert sent.status_code == 204, sent.text
                (attachment,) = (await giver.ask(COMPLETE, giver.access, ids=[upload["attachment"]["id"]]))["attachments"]
                assert (await client.get(taker.own(attachment["downloadUrl"]))).status_code == 200


@pytest.fixture
async def invoice_of_ada(urls: Urls) -> str:
    connection = await asyncpg.connect(urls.admin)
    try:
        return await connection.fetchval("select id from portico.invoice where customer_id = $1 order by id limit 1", ADA.customer_id)
    finally:
        await connection.close()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path) as opened:
        yield opened


async def test_another_role_logs_in_while_the_password_of_the_first_is_changed(root: Path, tmp_path: Path, postgres: Cluster) -> None:
    """The steps of docs/rotation.md, and the first role is locked out at the end."""
    place = await create_database(postgres.urls, "billing")
    admin = await asyncpg.connect(place.admin)
    await admin.execute(f"alter role {APP} password 'before'; create role portico_login_b login password 'now' in role {APP}")
    await admin.execute(
        "insert into portico.customer (id, name, email, locale, time_zone, currency, created_at) values ($1, 'Ada', 'a@example.com', 'en', 'UTC', 'USD', now())",
        ADA.customer_id,
    )
    for name, value in {"role": APP, **APP_SETTINGS}.items():
        await admin.execute(f"alter role portico_login_b in database billing set {name} = '{value}'")
    for role in (APP, "portico_login_b"):
        postgres.require_password(role)
    old, new = (make_url(place.app).set(username=user, password=password) for user, password in ((APP, "before"), ("portico_login_b", "now")))
    with _with_login(root, place, tmp_path / "a", old) as first:
        assert await _answers(first) == 200
        with _with_login(root, place, tmp_path / "b", new) as second:
            assert [await _answers(one) for one in (first, second)] == [200, 200]
            await admin.execute(f"alter role {APP} nologin password 'another'; select pg_terminate_backend(pid) from pg_stat_activity where usename = '{APP}'")
            assert await _answers(second) == 200

            async def is_locked_out() -> bool:
                """A backend that is told to end may answer once more."""
                return await _answers(first) == 503

            await until(is_locked_out)  # what the second role is for
    await admin.close()


@contextmanager
def _with_login(root: Path, place: Urls, folder: Path, url: Any) -> Iterator[str]:
    folder.mkdir()
    with process(root, place, folder, app_database_url=url.render_as_string(hide_password=False)) as (_, address):
        yield address


async def _answers(address: str) -> int:
    text = "{ customer { id } }"
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        answer = await client.post("/graphql", json={"query": text}, headers={"Authorization": f"Bearer {token(ADA)}"})
        return answer.status_code
