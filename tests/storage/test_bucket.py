"""The contract of a bucket, for the implementation on disk and the one for S3 (over HTTP, to a server on this machine)."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import keys, policies
from storage.bucket import PRESIGNED_SECONDS, Bucket, BucketUnavailable, DeclaredFile, NoSuchObject
from storage.local import Local
from storage.s3 import PART_BYTES, S3, S3Config
from tests.samples import noise
from tests.servers.proxy import proxy_to
from tests.servers.s3 import BUCKET, TRAITS, Store, Traits, any_store, rclone, s3rver, store
from tests.servers.s3_faults import FAULTS, faulty

__all__ = ["any_store", "rclone", "s3rver", "store"]

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = keys.stored("cus_1", "att_1", "0" * 16)
SECRET = b"a secret of tests"


@dataclass
class Tried:
    """A bucket, and the names of its content, with unfinished uploads."""

    bucket: Bucket
    names: Callable[[], set[str]]
    traits: Traits


def place(store: Store, **more: Any) -> S3Config:
    keys = {"access_key": store.access_key, "secret_key": store.secret_key}
    return S3Config(BUCKET, "us-east-1", **{"endpoint": store.url, "is_path_style": True, **keys, **more})


@pytest.fixture(scope="module")
async def clients() -> AsyncIterator[dict[str, S3]]:
    """One client for each server, because creating one takes longer than most tests."""
    opened: dict[str, S3] = {}
    yield opened
    for bucket in opened.values():
        await bucket.close()


@pytest.fixture(params=["local", *TRAITS])
def tried(request: pytest.FixtureRequest, tmp_path: Path, clients: dict[str, S3]) -> Tried:
    if request.param == "local":
        return Tried(
            Local(tmp_path, "http://here/files/uploads", SECRET),
            lambda: {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()},
            Traits(),
        )
    store = request.getfixturevalue("store" if request.param == "moto" else request.param)
    store.empty()
    return Tried(clients.setdefault(store.name, S3(place(store))), store.keys, store.traits)


async def chunks(content: bytes, *, size: int = 700_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def content_of(bucket: Bucket, key: str) -> bytes:
    async with bucket.open(key) as stream:
        return b"".join([chunk async for chunk in stream])


@pytest.mark.parametrize("size", [0, 1, 700_000, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 10 * 1024**2])
async def test_what_is_put_is_there_to_the_byte(tried: Tried, size: int) -> None:
    content = noise(size)
    await tried.bucket.put(KEY, chunks(content), "application/pdf")
    assert await content_of(tried.bucket, KEY) == content
    assert tried.names() == {KEY}


async def test_what_was_deleted_is_gone_and_may_be_deleted_again(tried: Tried) -> None:
    await tried.bucket.put(KEY, chunks(b"x"), "image/png")
    for _ in range(2):
        await tried.bucket.delete(KEY)
        assert tried.names() == set()
    with pytest.raises(NoSuchObject):
        await content_of(tried.bucket, KEY)


async def test_what_is_left_of_attempts_is_removed_or_the_bucket_says_that_it_may_be_there(any_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """By another process, which does not know the upload's id. The object itself goes in any case, and what is refused is logged once."""
    any_store.client.create_multipart_upload(Bucket=BUCKET, Key=KEY)
    any_store.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    bucket = S3(place(any_store))
    assert [await bucket.delete(KEY) for _ in range(3)] == [any_store.traits.lists_uploads] * 3
    await bucket.close()
    assert any_store.keys() == set()
    assert caplog.text.count("does not list unfinished uploads") == (not any_store.traits.lists_uploads)


async def test_an_upload_that_breaks_off_is_aborted_by_its_id_where_the_bucket_does_not_list_uploads(store: Store) -> None:
    store.empty()
    async with faulty(store.port) as proxy:
        proxy.faults["ListMultipartUploads"] = FAULTS["AccessDenied"]
        bucket = S3(place(store, endpoint=f"http://127.0.0.1:{proxy.port}"))
        with pytest.raises(Sudden):
            await bucket.put(KEY, chunks(noise(PART_BYTES + 1)), "image/png", Witness("finish"))
        assert await bucket.delete(KEY) is False
        await bucket.close()
    assert store.keys() == set()


class Witness:
    """A scanner that records the bytes, and refuses them if the test says so."""

    def __init__(self, against: str = "") -> None:
        self.seen = b""
        self.is_over = False
        self.read = b""
        self._against = against

    def look(self, piece: bytes) -> None:
        self.seen += piece
        if self._against == "look":
            raise Sudden

    def finish(self) -> None:
        self.is_over = True
        if self._against == "finish":
            raise Sudden

    async def whole(self, descriptor: int) -> None:
        self.read = os.pread(descriptor, len(self.seen) + 1, 0)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")
        if self._against == "whole":
            raise Sudden


@pytest.mark.parametrize("size", [1, PART_BYTES + 1_000_000])
async def test_a_judge_sees_every_byte_once_and_in_order(tried: Tried, size: int) -> None:
    witness = Witness()
    await tried.bucket.put(KEY, chunks(noise(size), size=10_000), "image/png", witness)
    assert (witness.seen, witness.is_over) == (noise(size), True)


@pytest.mark.parametrize("size", [1, PART_BYTES + 1_000_000])
async def test_a_judge_reads_the_whole_file_on_this_machine_before_it_is_an_object(tmp_path: Path, size: int) -> None:
    bucket, witness = Local(tmp_path, "", SECRET), Witness("whole")
    with pytest.raises(Sudden):
        await bucket.put(KEY, chunks(noise(size)), "image/png", witness)
    assert witness.read == noise(size)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []  # noqa: ASYNC240  # a handful of names


@pytest.mark.parametrize("against", ["look", "finish"])
@pytest.mark.parametrize("size", [1, PART_BYTES + 1_000_000])
async def test_what_the_judge_speaks_against_is_not_kept(tried: Tried, size: int, against: str) -> None:
    with pytest.raises(Sudden):
        await tried.bucket.put(KEY, chunks(noise(size)), "image/png", Witness(against))
    with pytest.raises(NoSuchObject):
        await content_of(tried.bucket, KEY)
    await tried.bucket.delete(KEY)
    assert tried.names() == set()


class Sudden(Exception):
    """An error that the source of the bytes raises."""


@pytest.mark.parametrize("after", [0, 100, PART_BYTES + 1_000_000])
@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_a_put_that_breaks_off_raises_what_broke_it_and_leaves_nothing_that_delete_does_not_remove(tried: Tried, after: int, is_cancelled: bool) -> None:
    stopped = asyncio.Event()

    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in chunks(noise(after)):
            yield chunk
        if is_cancelled:
            stopped.set()
            await asyncio.sleep(600)
        raise Sudden

    putting = asyncio.create_task(tried.bucket.put(KEY, breaking(), "application/pdf"))
    if is_cancelled:
        await stopped.wait()
        putting.cancel()
    with pytest.raises(asyncio.CancelledError if is_cancelled else Sudden):
        await putting
    with pytest.raises(NoSuchObject):
        await content_of(tried.bucket, KEY)
    await tried.bucket.delete(KEY)
    assert tried.names() == set()


async def test_puts_at_once_do_not_touch_each_other(tried: Tried) -> None:
    names = [keys.stored("cus_1", "att_1", f"{number:016x}") for number in range(6)]
    await asyncio.gather(*(tried.bucket.put(name, chunks(noise(1_000_000, seed=number), size=10_000), "image/png") for number, name in enumerate(names)))
    for number, name in enumerate(names):
        assert await content_of(tried.bucket, name) == noise(1_000_000, seed=number)


async def test_deleting_one_leaves_those_whose_names_begin_alike(tried: Tried) -> None:
    longer = keys.stored("cus_1", "att_12", "0" * 16)
    await tried.bucket.put(keys.incoming("cus_1", "att_1"), chunks(b"1"), "image/png")
    await tried.bucket.put(keys.incoming("cus_1", "att_12"), chunks(b"2"), "image/png")
    await tried.bucket.put(longer, chunks(b"3"), "image/png")
    await tried.bucket.delete(keys.incoming("cus_1", "att_1"))
    assert tried.names() == {keys.incoming("cus_1", "att_12"), longer}


async def test_a_ticket_says_where_what_and_until_when(tried: Tried) -> None:
    ticket = await tried.bucket.presigned_post(DeclaredFile(keys.incoming("cus_1", "att_1"), "image/png", 5), now=NOW)
    assert ticket.expires_at == NOW + timedelta(seconds=PRESIGNED_SECONDS)
    assert (ticket.fields["key"], ticket.fields["Content-Type"]) == (keys.incoming("cus_1", "att_1"), "image/png")
    policy = policies.json.loads(policies.b64decode(ticket.fields["policy"]))
    assert ["content-length-range", 5, 5] in policy["conditions"]


@pytest.mark.parametrize("key", ["../x", "customer/cus_1/../../x", "/etc/passwd", "customer/cus_1/att_1.part", "", "customer/cus_1/att_1\n"])
async def test_a_key_that_we_never_made_leads_nowhere(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await Local(tmp_path, "", SECRET).delete(key)


def test_a_policy_holds_for_what_it_was_made_for_and_for_as_long() -> None:
    announced = DeclaredFile("incoming/cus_1/att_1", "image/png", 5)
    fields = policies.fields(announced, NOW + timedelta(minutes=1), SECRET)
    assert policies.check_policy(fields, (b"the newest secret", SECRET), now=NOW) == announced
    longer = policies.fields(DeclaredFile("incoming/cus_1/att_1", "image/png", 6), NOW + timedelta(minutes=1), SECRET)
    for wrong, secret, now in (
        (fields | {"key": "incoming/cus_1/att_2"}, SECRET, NOW),
        (fields | {"Content-Type": "application/pdf"}, SECRET, NOW),
        (fields | {"policy": longer["policy"]}, SECRET, NOW),
        (fields | {"x-portico-signature": ""}, SECRET, NOW),
        (fields, b"another", NOW),
        (fields, SECRET, NOW + timedelta(minutes=1)),
        ({}, SECRET, NOW),
    ):
        with pytest.raises(policies.PolicyRefused):
            policies.check_policy(wrong, (secret,), now=now)


async def test_a_folder_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "customer").write_text("a file where a folder should be")
    bucket = Local(tmp_path, "", SECRET)
    with pytest.raises(BucketUnavailable):
        await bucket.put(KEY, chunks(b"x"), "image/png")


async def test_a_disk_that_takes_only_a_part_of_the_last_bytes_keeps_no_half_object(tmp_path: Path) -> None:
    bucket = Local(tmp_path, "", SECRET)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(BucketUnavailable):
            await bucket.put(KEY, chunks(noise(1_000_100), size=1_000_100), "image/png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []  # noqa: ASYNC240  # a handful of names


async def test_addresses_of_s3_are_signed_with_version_four_and_answer_with_our_headers(store: Store) -> None:
    bucket = S3(place(store))
    await bucket.put(KEY, chunks(b"hello"), "application/pdf")
    headers = {"Content-Disposition": 'attachment; filename="a.pdf"', "Content-Type": "application/pdf", "Cache-Control": "private, no-store"}
    address = await bucket.address(KEY, headers, seconds=300)
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in str(address)
    assert "X-Amz-Expires=300" in str(address)
    async with httpx.AsyncClient() as client:
        answer = await client.get(str(address))
        part = await client.get(str(address), headers={"Range": "bytes=1-3"})
    assert answer.content == b"hello"
    assert {name: answer.headers[name] for name in headers} == headers
    assert (part.status_code, part.content) == (206, b"ell")
    await bucket.close()


async def test_clients_are_sent_to_the_public_endpoint_and_the_gateway_is_not(store: Store) -> None:
    public = f"http://localhost:{store.port}"
    bucket = S3(place(store, public_endpoint=public))
    await bucket.put(KEY, chunks(b"hello"), "application/pdf")
    headers = {"Content-Disposition": "attachment", "Content-Type": "application/pdf", "Cache-Control": "private, no-store"}
    address = str(await bucket.address(KEY, headers, seconds=300))
    assert address.startswith(f"{public}/")
    assert (await bucket.presigned_post(DeclaredFile(KEY, "image/png", 5), now=NOW)).url.startswith(public)
    async with httpx.AsyncClient() as client:
        assert (await client.get(address)).content == b"hello"
        if store.traits.checks_signatures:
            assert (await client.get(address.replace("localhost", "127.0.0.1"))).status_code == 403
    await bucket.close()


async def test_no_request_to_s3_expects_to_be_asked_to_continue(store: Store) -> None:
    async with proxy_to(store.port) as line:
        bucket = S3(place(store, endpoint=f"http://127.0.0.1:{line.port}"))
        for size in (1, 2 * PART_BYTES):
            await bucket.put(KEY, chunks(noise(size)), "application/pdf")
        await bucket.close()
    sent = bytes(line.received).lower()
    assert sent.count(b"put /") >= 3
    assert b"expect:" not in sent


@pytest.mark.parametrize("mode", ["refuse", "reset", "hang", "hang later", "reset later"])
async def test_an_s3_that_is_away_is_an_outage_within_the_deadline(store: Store, mode: Any) -> None:
    async with proxy_to(store.port) as line:
        bucket = S3(place(store, endpoint=f"http://127.0.0.1:{line.port}", read_seconds=60, step_seconds=4, bytes_per_second=10**8))
        line.mode, line.after_bytes = mode, 200_000
        async with asyncio.timeout(30):
            with pytest.raises(BucketUnavailable):
                await bucket.put(KEY, chunks(noise(1_000_000)), "application/pdf")
        line.mode = "open"
        await bucket.put(KEY, chunks(b"again"), "application/pdf")
        assert await content_of(bucket, KEY) == b"again"
        await bucket.close()


@pytest.mark.parametrize("mode", ["slow", "hang"])
async def test_an_s3_that_is_slow_is_waited_for_as_long_as_the_bytes_may_be_on_the_way(store: Store, mode: Any) -> None:
    """At 800 kB a second, twice the time in which a request of no bytes has to be answered."""
    async with proxy_to(store.port) as line:
        line.mode = mode
        pace = {"bytes_per_second": 256 * 1024} if mode == "slow" else {"bytes_per_second": 10**8}
        bucket = S3(place(store, endpoint=f"http://127.0.0.1:{line.port}", read_seconds=1, step_seconds=1, **pace))
        putting = bucket.put(KEY, chunks(noise(1_600_000)), "application/pdf")
        if mode == "slow":
            await putting
            line.mode = "open"
            assert await content_of(bucket, KEY) == noise(1_600_000)
        else:
            with pytest.raises(BucketUnavailable):
                await putting
        await bucket.close()


async def test_an_s3_that_says_no_is_an_outage(store: Store) -> None:
    bucket = S3(S3Config("another-bucket", "us-east-1", store.url, "key", "secret", True))
    with pytest.raises(BucketUnavailable):
        await bucket.put(KEY, chunks(b"x"), "image/png")
    await bucket.close()
