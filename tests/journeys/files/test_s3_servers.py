"""A file's whole life on each S3 server: sent, read, deleted, swept, and sent directly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from billing.states import Actor
from db.builtin.embedded import Urls
from db.unit_of_work import Caller, UnitOfWork
from jobs.attachments import sweep
from storage.s3 import S3
from tests.callers.posting import attach, codes
from tests.conftest import ADA, Portal
from tests.journeys.files.test_direct_uploads import DELETE, Fleet
from tests.samples import pdf, png
from tests.servers.s3 import Store, any_store, rclone, s3rver, store
from tests.storage.test_bucket import place

__all__ = ["any_store", "rclone", "s3rver", "store"]

FILES = (("Überweisung 😀.pdf", pdf(5_300_000)), ("b.png", png()))


async def test_a_file_is_sent_read_and_deleted(
    start_server: Any, urls: Urls, any_store: Store, portal: Portal, admin: asyncpg.Connection, invoice: str
) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, **any_store.settings()), timeout=30) as client:
        fleet = Fleet(client, invoice)
        sent = (await attach(client, invoice, *FILES))["attachments"]
        announced = (await fleet.announce(*FILES, key=f"announced at {any_store.name}"))["uploads"]
        for upload, (_, content) in zip(announced, FILES, strict=True):
            assert (await fleet.send(upload, content)).status_code == 204
        completed = await fleet.complete(*(upload["attachment"]["id"] for upload in announced))
        assert codes(completed) == []
        for attachment, (name, content) in zip([*sent, *completed["attachments"]], [*FILES, *FILES], strict=True):
            got = await client.get(attachment["downloadUrl"], follow_redirects=True)
            assert (got.status_code, got.content) == (200, content)
            assert (name == "b.png") == (got.headers["content-disposition"].endswith("b.png"))
            assert (await fleet.ask(DELETE, id=attachment["id"]))["userErrors"] == []
    bucket, now = S3(place(any_store)), datetime.now(UTC)
    swept = await sweep(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, now)), bucket, now=now + timedelta(hours=26))
    await bucket.close()
    assert swept.failures == 0
    assert any_store.keys() == set()
    assert await admin.fetchval("select count(*) from loose_object where customer_id = $1", ADA.customer_id) == 0


async def test_direct_uploads_go_to_the_gateway_where_the_bucket_takes_none(start_server: Any, urls: Urls, any_store: Store, invoice: str) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, **any_store.settings() | {"s3_post_policy": False}), timeout=30) as client:
        fleet = Fleet(client, invoice)
        upload = (await fleet.announce(FILES[0], key=f"by the gateway to {any_store.name}"))["uploads"][0]
        assert upload["url"] == f"{client.base_url}/files/uploads".replace("//files", "/files")
        assert (await fleet.send(upload, FILES[0][1] + b"x")).status_code in (400, 413)
        assert (await fleet.send(upload, FILES[0][1], key="incoming/cus_1/att_1")).status_code == 403
        assert any_store.keys() == set()
        assert (await fleet.send(upload, FILES[0][1])).status_code == 204
        assert codes(await fleet.complete(upload["attachment"]["id"])) == []
