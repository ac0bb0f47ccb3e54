"""Addresses of files: who gets one, what it gives, and for how long."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
import httpx
import pytest

from auth.urls.links import LIFETIME, Links, secret_of
from tests.callers.posting import attach
from tests.conftest import ADA, BIG, ISSUER, STAFF, Portal, Post, token
from tests.journeys.files.test_direct_uploads import Fleet
from tests.samples import jpeg, pdf, png
from tests.servers.s3 import Store, store

__all__ = ["store"]


def signed_until(address: str) -> float:
    """Until when an address that S3 checks is good."""
    query = parse_qs(urlsplit(address).query)
    return datetime.strptime(query["X-Amz-Date"][0] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp() + int(query["X-Amz-Expires"][0])


FILE = "query ($id: ID!) { node(id: $id) { ... on Attachment { id downloadUrl status } } }"


@pytest.fixture
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client that has no token."""
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


@pytest.fixture
async def url(http: httpx.AsyncClient, invoice: str) -> str:
    payload = await attach(http, invoice, ("Über mich.pdf", pdf(200_000)))
    return payload["attachments"][0]["downloadUrl"]


async def test_a_download_gives_the_bytes_as_a_file_to_save_and_never_as_a_page(anybody: httpx.AsyncClient, url: str) -> None:
    answer = await anybody.get(url)
    assert answer.status_code == 200
    assert answer.content == pdf(200_000)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename=\"_ber mich.pdf\"; filename*=UTF-8''%C3%9Cber%20mich.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("part", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, 200_000),
        ("bytes=-10", 206, 199_990, 200_000),
        ("bytes=0-", 206, 0, 200_000),
        ("bytes=200000-", 416, 0, 0),
    ],
)
async def test_a_part_may_be_asked_for(anybody: httpx.AsyncClient, url: str, part: str, status: int, start: int, end: int) -> None:
    answer = await anybody.get(url, headers={"Range": part})
    assert answer.status_code == status
    if status == 206:
        assert answer.content == pdf(200_000)[start:end]
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/200000"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_broken_download_goes_on_only_with_the_same_bytes(anybody: httpx.AsyncClient, url: str) -> None:
    first = await anybody.get(url, headers={"Range": "bytes=0-9"})
    assert (await anybody.get(url, headers={"Range": "bytes=10-19", "If-Range": first.headers["etag"]})).status_code == 206
    assert (await anybody.get(url, headers={"Range": "bytes=10-19", "If-Range": '"another"'})).status_code == 200
    head = await anybody.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "200000", b"")


async def test_an_address_that_was_changed_or_is_too_old_is_403(anybody: httpx.AsyncClient, url: str, http: httpx.AsyncClient, invoice: str) -> None:
    parts = urlsplit(url)
    parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
    other = (await attach(http, invoice, ("b.pdf", pdf())))["attachments"][0]["id"]
    for changed in (
        {"customer": BIG.customer_id},
        {"expires": str(int(parameters["expires"]) + 1)},
        {"expires": "9" * 30},
        {"expires": "x"},
        {"expires": "\N{ARABIC-INDIC DIGIT ONE}"},
        {"signature": "0" * 64},
        {"signature": "\N{SNOWMAN}"},
        {"signature": ""},
    ):
        answer = await anybody.get(parts._replace(query=urlencode(parameters | changed)).geturl())
        assert answer.status_code == 403, changed
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await anybody.get(parts._replace(path=f"/files/{other}").geturl())).status_code == 403
    assert (await anybody.get(parts._replace(query="").geturl())).status_code == 403
    assert int(parameters["expires"]) <= datetime.now(UTC).timestamp() + 300
    for ago, status in ((LIFETIME - timedelta(seconds=20), 200), (LIFETIME, 403)):
        links = Links(f"{parts.scheme}://{parts.netloc}", secret_of(ISSUER.keys[0]), datetime.now(UTC) - ago)
        assert (await anybody.get(links.download(parts.path.rpartition("/")[2], ADA.customer_id))).status_code == status


async def test_an_address_is_made_for_who_may_see_the_file_and_once_it_is_there(
    http: httpx.AsyncClient, invoice: str, post: Post, admin: asyncpg.Connection, url: str
) -> None:
    identifier = urlsplit(url).path.rpartition("/")[2]
    assert (await post(FILE, ADA, id=identifier)).json()["data"]["node"]["downloadUrl"]
    assert (await post(FILE, STAFF, id=identifier)).json()["data"]["node"]["downloadUrl"]
    assert (await post(FILE, BIG, id=identifier)).json()["data"] == {"node": None}
    announced = (await Fleet(http, invoice).announce(("a.pdf", pdf()), key="without an address yet"))["uploads"][0]["attachment"]["id"]
    rejected = await admin.fetchval("select id from attachment where status = 'REJECTED' limit 1")
    for without in (announced, rejected):
        node = (await post(FILE, STAFF, id=without)).json()["data"]["node"]
        assert (node["id"], node["downloadUrl"]) == (without, None)


async def test_planner_and_executor_make_the_same_address(portal: Portal, url: str) -> None:
    identifier = urlsplit(url).path.rpartition("/")[2]
    executed, planned = await portal.execute(FILE, ADA, id=identifier), await portal.plan(FILE, ADA, id=identifier)
    assert planned.data == executed.data
    assert urlsplit(planned.data["node"]["downloadUrl"]).path == urlsplit(url).path


async def test_the_address_of_a_file_that_was_deleted_gives_nothing(anybody: httpx.AsyncClient, post: Post, url: str) -> None:
    identifier = urlsplit(url).path.rpartition("/")[2]
    gone = await post("mutation ($id: ID!) { deleteAttachment(input: {attachmentId: $id}) { deletedAttachmentId userErrors { code } } }", id=identifier)
    assert gone.json()["data"]["deleteAttachment"] == {"deletedAttachmentId": identifier, "userErrors": []}
    answer = await anybody.get(url)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_a_bucket_that_speaks_s3_gives_the_file_itself(start_server: Any, urls: Any, store: Store, invoice: str, anybody: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, **store.settings()), timeout=20) as client:
        files = [("a.pdf", pdf(6_000_000)), ("b.png", png()), ("c.jpg", jpeg())]
        payload = await attach(client, invoice, *files)
        for attachment, (name, content) in zip(payload["attachments"], files, strict=True):
            away = await anybody.get(attachment["downloadUrl"])
            assert away.status_code == 307
            assert away.headers["location"].startswith(store.url)
            assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in away.headers["location"]
            late = Links(str(client.base_url).rstrip("/"), secret_of(ISSUER.keys[0]), datetime.now(UTC) - LIFETIME + timedelta(seconds=30))
            for ours in (attachment["downloadUrl"], late.download(attachment["id"], ADA.customer_id or "")):
                promised = int(parse_qs(urlsplit(ours).query)["expires"][0])
                assert -2 < signed_until((await anybody.get(ours)).headers["location"]) - promised <= 0, "both together are good as long as ours alone"
            answer = await anybody.get(attachment["downloadUrl"], follow_redirects=True)
            assert hashlib.sha256(answer.content).hexdigest() == attachment["sha256"]
            assert answer.content == content
            assert f'filename="{name}"' in answer.headers["content-disposition"]
        assert (await client.post("/files/uploads", headers={"Authorization": f"Bearer {token(ADA)}"})).status_code in (404, 405)
