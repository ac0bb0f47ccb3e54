"""Every request to S3 meets every fault: what is said is true, nothing ends in a traceback, and once the bucket is well again nothing is left."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from billing.states import Actor
from db.builtin.embedded import Urls
from db.unit_of_work import Caller, UnitOfWork
from jobs.attachments import SweepResult, sweep
from storage.bucket import BucketUnavailable
from storage.s3 import S3
from tests.callers.posting import attach, codes, group, send
from tests.conftest import ADA, Portal, token
from tests.journeys.files.test_direct_uploads import DELETE, Fleet
from tests.samples import pdf
from tests.servers.s3 import Store, any_store, rclone, s3rver, store
from tests.servers.s3_faults import FAULTS, OPERATIONS, FaultyProxy, faulty
from tests.storage.test_bucket import place

pytestmark = pytest.mark.in_turns(3)

__all__ = ["any_store", "rclone", "s3rver", "store"]

LATER = timedelta(hours=26)
SMALL, LARGE = pdf(3000), pdf(5_300_000)
# What an upload of each size needs; an upload that breaks off is aborted besides.
OF_SMALL = {"PutObject"}
OF_LARGE = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "PutObject"}
OF_SWEEP = {"ListMultipartUploads", "AbortMultipartUpload", "DeleteObject"}
# Each of these takes seconds for each operation, because it is tried again or waited for.
RETRIED = ["PutObject", "UploadPart", "ListMultipartUploads", "DeleteObject"]
TRIED = dict.fromkeys(("SlowDown", "500 with text", "closed"), RETRIED) | {"silent": ["PutObject", "ListMultipartUploads"]}
# Answers that say that it is done, or that there is nothing to do, though the server did nothing: nobody can know better.
LIES = {"200 with text", "NoSuchKey", "NoSuchUpload"}


@dataclass
class Tried:
    """A server whose bucket can be made to fail, and what is known of the bucket from outside."""

    client: httpx.AsyncClient
    bucket: S3
    proxy: FaultyProxy
    store: Store
    portal: Portal
    admin: Any = None

    async def sweep(self) -> SweepResult:
        """By the end of a day, when whatever was begun is over."""
        now = datetime.now(UTC)
        return await sweep(UnitOfWork(self.portal.database, Caller(None, Actor.SYSTEM, now)), self.bucket, now=now + LATER)

    async def delete(self, identifier: str) -> Any:
        answer = await self.client.post("/graphql", json={"query": DELETE, "variables": {"id": identifier}}, headers={"Authorization": f"Bearer {token(ADA)}"})
        return answer.json()["data"]["deleteAttachment"]

    async def owned(self) -> set[str]:
        return {row[0] for row in await self.admin.fetch("select object_key from attachment where customer_id = $1", ADA.customer_id)}


@pytest.fixture(scope="module")
async def opened(start_server: Any, urls: Urls, store: Store, portal: Portal) -> AsyncIterator[Tried]:
    async with faulty(store.port) as proxy:
        url = start_server(urls.app, upload_seconds=5, s3_bytes_per_second=10**8, **store.settings(proxy.port))
        bucket = S3(place(store, endpoint=f"http://127.0.0.1:{proxy.port}", step_seconds=2, bytes_per_second=10**8))
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield Tried(client, bucket, proxy, store, portal)
        await bucket.close()


@pytest.fixture
async def tried(opened: Tried, admin: asyncpg.Connection) -> Tried:
    opened.proxy.faults.clear()
    opened.store.empty()
    return replace(opened, admin=admin)


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_a_bucket_answers_is_an_outage_for_uploads_and_never_for_deleting(
    tried: Tried, invoice: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    operations = TRIED.get(fault, [*OPERATIONS])
    payload = await attach(tried.client, invoice, *((f"{number}.pdf", SMALL) for number in range(len(operations))))
    stored = [attachment["id"] for attachment in payload["attachments"]]
    for operation, identifier in zip(operations, stored, strict=True):
        tried.proxy.faults = {operation: FAULTS[fault]}
        content, needed = (LARGE, OF_LARGE - {"PutObject"}) if operation in OF_LARGE - OF_SMALL or operation == "AbortMultipartUpload" else (SMALL, OF_SMALL)
        answer = await send(tried.client, group(invoice, ("a.pdf", content), key=uuid4().hex))
        assert answer.status_code == (503 if operation in needed else 200), (operation, answer.text)
        assert ("retry-after" in answer.headers) == (answer.status_code == 503)
        assert await tried.delete(identifier) == {"deletedAttachmentId": identifier, "userErrors": []}, operation
        if operation in OF_SWEEP:
            swept = await tried.sweep()
            assert swept.failures == 0 or operation == "DeleteObject", "a refused listing keeps no object"
    assert "Traceback" not in caplog.text
    tried.proxy.faults.clear()
    await tried.sweep()
    assert (await tried.sweep()).objects == 0
    left = tried.store.keys() - await tried.owned()
    assert {key for key in left if not any(identifier in key for identifier in stored)} == set() or fault in LIES
    if fault not in LIES:
        assert left == set()


# A bucket that answers with other bytes (200 with text) cannot be told from a client that sent them.
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "200 with text"])
async def test_a_direct_upload_that_cannot_be_moved_can_be_completed_later(tried: Tried, invoice: str, fault: str) -> None:
    fleet = Fleet(tried.client, invoice)
    upload = (await fleet.announce(("a.pdf", SMALL), key=f"faulty {fault}"))["uploads"][0]
    upload = upload | {"url": f"{tried.store.url}/portico-files"}
    assert (await fleet.send(upload, SMALL)).status_code == 204
    identifier = upload["attachment"]["id"]
    tried.proxy.faults = {"GetObject": FAULTS[fault]}
    query = "mutation ($ids: [ID!]!) { completeAttachmentUploads(input: {attachmentIds: $ids}) { userErrors { code } } }"
    answer = await tried.client.post("/graphql", json={"query": query, "variables": {"ids": [identifier]}}, headers={"Authorization": f"Bearer {token(ADA)}"})
    if fault in LIES:  # the object is not there, says the bucket
        assert answer.json()["data"]["completeAttachmentUploads"]["userErrors"] == [{"code": "NOT_UPLOADED"}]
    else:
        assert answer.status_code == 503, answer.text
    tried.proxy.faults.clear()
    assert codes(await fleet.complete(identifier)) == []


async def test_a_refused_listing_is_counted_by_the_sweep_and_logged_once(tried: Tried, invoice: str, caplog: pytest.LogCaptureFixture) -> None:
    await tried.sweep()
    tried.bucket = S3(place(tried.store, endpoint=f"http://127.0.0.1:{tried.proxy.port}"))
    payload = await attach(tried.client, invoice, ("a.pdf", SMALL), ("b.pdf", SMALL))
    tried.proxy.faults = {"ListMultipartUploads": FAULTS["AccessDenied"], "DeleteObject": FAULTS["SlowDown"]}
    for attachment in payload["attachments"]:
        await tried.delete(attachment["id"])
    assert (await tried.sweep()).failures == 2
    del tried.proxy.faults["DeleteObject"]
    swept = await tried.sweep()
    assert (swept.objects, swept.unchecked, swept.failures) == (2, 2, 0)
    assert caplog.text.count("does not list unfinished uploads (AccessDenied); a lifecycle rule should remove their parts") == 1
    await tried.bucket.close()
    assert tried.store.keys() <= await tried.owned()


async def test_a_key_that_the_bucket_refuses_keeps_no_other_customers_object(tried: Tried, caplog: pytest.LogCaptureFixture) -> None:
    """More keys than make a bucket look as if it were away: it answers, so it is not."""
    now = datetime.now(UTC)
    refused = [f"customer/{ADA.customer_id}/att_{number:026d}-{'0' * 16}" for number in range(5)]
    other = await tried.admin.fetchval("select id from customer where id <> $1 limit 1", ADA.customer_id)
    taken = f"customer/{other}/att_{9:026d}-{'0' * 16}"
    for number, key in enumerate([*refused, taken]):
        await tried.admin.execute(
            "insert into loose_object (customer_id, object_key, expires_at) values ($1, $2, $3)", key.split("/")[1], key, now + timedelta(seconds=number)
        )

    class Locked(S3):
        async def delete(self, key: str) -> bool:
            tried.proxy.faults = {"DeleteObject": FAULTS["AccessDenied"]} if key in refused else {}
            return await super().delete(key)

    bucket = Locked(place(tried.store, endpoint=f"http://127.0.0.1:{tried.proxy.port}"))
    tried.bucket, healthy = bucket, tried.bucket
    swept = await tried.sweep()
    await bucket.close()
    assert swept.failures == len(refused)
    assert await tried.admin.fetchval("select count(*) from loose_object where object_key = $1", taken) == 0
    tried.bucket = healthy
    tried.proxy.faults.clear()
    assert (await tried.sweep()).failures == 0
    assert await tried.admin.fetchval("select count(*) from loose_object where object_key = any($1)", refused) == 0


async def test_a_file_deleted_while_the_bucket_is_away_is_deleted_when_it_is_back(
    start_server: Any, urls: Urls, any_store: Store, portal: Portal, admin: asyncpg.Connection, invoice: str
) -> None:
    """`deletedAttachmentId` promises that the file is no longer there for anybody, and that a row stands for its bytes until they are gone."""
    async with faulty(any_store.port) as proxy:
        url = start_server(urls.app, upload_seconds=5, s3_bytes_per_second=10**8, **any_store.settings(proxy.port))
        bucket = S3(place(any_store, endpoint=f"http://127.0.0.1:{proxy.port}"))
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            file = (await attach(client, invoice, ("a.pdf", SMALL)))["attachments"][0]
            key = await admin.fetchval("select object_key from attachment where id = $1", file["id"])
            tried = Tried(client, bucket, proxy, any_store, portal, admin)
            proxy.faults = dict.fromkeys(OPERATIONS, FAULTS["closed"])
            assert await tried.delete(file["id"]) == {"deletedAttachmentId": file["id"], "userErrors": []}
            assert (await client.get(file["downloadUrl"])).status_code == 404
            assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 1
            with pytest.raises(BucketUnavailable):
                await bucket.delete(key)
            assert (await tried.sweep()).failures
            assert any_store.keys() == {key}
            proxy.faults.clear()
            assert (await tried.sweep()).failures == 0
            assert any_store.keys() == set()
            assert await admin.fetchval("select count(*) from loose_object where object_key = $1", key) == 0
        await bucket.close()
