"""In what S3 servers differ, measured: docs/attachments.md has the table, and `tests/servers/s3.py` what the other tests may expect of each."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from storage import keys
from storage.bucket import DeclaredFile
from storage.s3 import S3
from tests.servers.s3 import BUCKET, TRAITS, Store, Traits, any_store, rclone, s3rver, store
from tests.storage.test_bucket import KEY, chunks, place

__all__ = ["any_store", "rclone", "s3rver", "store"]

HEADERS = {"Content-Disposition": 'attachment; filename="a.pdf"', "Content-Type": "application/pdf", "Cache-Control": "private, no-store"}
YES_NO = {True: "yes", False: "no"}
# The lines of the table in the docs, by trait.
LINES = {
    "lists_uploads": "lists unfinished uploads (`ListMultipartUploads`)",
    "aborts_uploads": "aborts uploads (`AbortMultipartUpload`)",
    "takes_posts": "takes direct uploads (POST policy)",
    "limits_posts": "enforces the size in the policy",
    "answers_ranges_with_206": "answers `Range` with 206",
    "checks_signatures": "checks signatures of URLs",
}


@pytest.fixture
async def opened(any_store: Store) -> AsyncIterator[S3]:
    bucket = S3(place(any_store))
    yield bucket
    await bucket.close()


async def test_a_signed_address_gives_the_file_with_our_headers(any_store: Store, opened: S3) -> None:
    await opened.put(KEY, chunks(b"hello"), "application/pdf")
    address = str(await opened.address(KEY, HEADERS, seconds=300))
    async with httpx.AsyncClient() as client:
        answer = await client.get(address)
        part = await client.get(address, headers={"Range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert part.content == b"ell"


async def test_the_traits_of_each_server_are_as_they_are_written_down(any_store: Store, opened: S3) -> None:
    measured = {name: await measure(any_store, opened) for name, measure in MEASURES.items()}
    assert Traits(**measured) == TRAITS[any_store.name]


def test_the_table_in_the_docs_says_the_same(root: Path) -> None:
    lines = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in (root / "docs" / "attachments.md").read_text().splitlines() if line.startswith("|")
    ]
    header = next(line for line in lines if set(TRAITS) <= set(line))
    rows = {line[0]: dict(zip(header, line, strict=True)) for line in lines if len(line) == len(header)}
    for trait, words in LINES.items():
        assert {name: rows[words][name] for name in TRAITS} == {name: YES_NO[getattr(traits, trait)] for name, traits in TRAITS.items()}


async def _lists_uploads(server: Store, _bucket: S3) -> bool:
    server.client.create_multipart_upload(Bucket=BUCKET, Key=KEY)
    with suppress(ClientError):
        return bool(server.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads"))
    return False


async def _aborts_uploads(server: Store, _bucket: S3) -> bool:
    upload = server.client.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    with suppress(ClientError):
        server.client.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload)
        return True
    return False


async def _sent(bucket: S3, key: str, content: bytes) -> bool:
    """Whether five bytes were announced and these were taken."""
    ticket = await bucket.presigned_post(DeclaredFile(key, "image/png", 5), now=datetime.now(UTC))
    async with httpx.AsyncClient() as client:
        answer = await client.post(ticket.url, data=dict(ticket.fields), files={"file": ("x", content)})
    return answer.status_code == 204


async def _takes_posts(server: Store, bucket: S3) -> bool:
    is_taken = await _sent(bucket, keys.incoming("cus_1", "att_1"), b"12345")
    names = server.keys()
    assert (keys.incoming("cus_1", "att_1") in names) == is_taken
    return is_taken


async def _limits_posts(server: Store, bucket: S3) -> bool:
    return server.traits.takes_posts and not await _sent(bucket, keys.incoming("cus_1", "att_2"), b"123456")


async def _address(bucket: S3) -> str:
    await bucket.put(KEY, chunks(b"hello"), "application/pdf")
    return str(await bucket.address(KEY, HEADERS, seconds=300))


async def _answers_ranges_with_206(_server: Store, bucket: S3) -> bool:
    async with httpx.AsyncClient() as client:
        return (await client.get(await _address(bucket), headers={"Range": "bytes=1-3"})).status_code == 206


async def _checks_signatures(_server: Store, bucket: S3) -> bool:
    changed = (await _address(bucket)).replace("X-Amz-Expires=300", "X-Amz-Expires=301")
    async with httpx.AsyncClient() as client:
        return (await client.get(changed)).status_code == 403


MEASURES: dict[str, Callable[[Store, S3], Coroutine[Any, Any, bool]]] = {
    "lists_uploads": _lists_uploads,
    "aborts_uploads": _aborts_uploads,
    "takes_posts": _takes_posts,
    "limits_posts": _limits_posts,
    "answers_ranges_with_206": _answers_ranges_with_206,
    "checks_signatures": _checks_signatures,
}
