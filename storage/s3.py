"""A bucket with the S3 protocol: Amazon's, or a compatible one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as HTTPError
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import add_expect_header

from storage import policies, threads
from storage.bucket import PRESIGNED_SECONDS, UNCHECKED, BucketRefused, BucketUnavailable, ContentScanner, DeclaredFile, NoSuchObject, PresignedPost
from storage.progress import StallPolicy, UploadBody

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

logger = logging.getLogger("portico.storage")

# The smallest part that S3 accepts, except for the last one. It is also how much of one file is held in memory.
PART_BYTES = 5 * 1024**2
READ_BYTES = 256 * 1024
MISSING = ("NoSuchKey", "NoSuchUpload", "404")
# Statuses below 500 after which a later retry may succeed.
LATER = (408, 429)
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class S3Config:
    """The bucket and how to reach it. Without keys, the machine's own credentials (environment, profile, instance role) are used. Times are in seconds.

    `public_endpoint` is the address under which clients reach it, if it is another one than the gateway's.
    """

    bucket: str
    region: str
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    is_path_style: bool = False
    public_endpoint: str | None = None
    connect_seconds: float = 2
    read_seconds: float = 10
    step_seconds: float = 20
    bytes_per_second: int = 128 * 1024


class S3:
    """One client per process, created on first use. Each request must be answered within `step_seconds`, retries included, counted from the last byte of its body
    that was sent (see `storage/progress.py`).

    With `own`, the bucket does not support POST policies: clients send direct uploads to the gateway's own route.
    """

    def __init__(self, place: S3Config, own: policies.PresignedPosts | None = None) -> None:
        self._place = place
        self._own = own
        self.is_fed_by_us = own is not None
        self._clients: dict[str | None, Any] = {}  # by endpoint
        self._closing = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._aborting: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self._logged: set[str] = set()

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: ContentScanner = UNCHECKED) -> None:
        """Put a file of one part in one request; a longer one part by part, as it is received. A failed upload is aborted; `delete` removes what the abort leaves."""
        upload = ""
        tags: list[str] = []
        try:
            async for part, is_last in _parts(chunks):
                await threads.done(threads.begin_writing(_judge, part, is_last, judge))
                if is_last and not tags:
                    await self._request_field("ETag", "put_object", Key=key, Body=part, ContentType=content_type)
                    return
                upload = upload or await self._request_field("UploadId", "create_multipart_upload", Key=key, ContentType=content_type)
                tags.append(await self._request_field("ETag", "upload_part", Key=key, UploadId=upload, PartNumber=len(tags) + 1, Body=part))
            listed = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, 1)]
            await self._request_field("ETag", "complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": listed})
        except BaseException as error:
            if upload:
                self._aborting[key, upload] = asyncio.create_task(self._abort(key, upload))
            if isinstance(error, NoSuchObject):  # the upload was ended elsewhere, or the answer to its completion was lost
                raise BucketUnavailable(str(error)) from error
            raise

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        answer = await self._request("get_object", Key=key)
        async with answer["Body"] as body:
            yield self._read(body)

    def path(self, key: str) -> None:
        """Return None: the objects are not on this machine."""

    async def delete(self, key: str) -> bool:
        """Remove the object first, because a bucket may refuse the rest; and again at the end, because a concurrent completion of an upload may have created it anew."""
        await self._remove(key)
        is_clear = await self._end_uploads(key)
        await self._remove(key)
        return is_clear

    async def presigned_post(self, announced: DeclaredFile, *, now: datetime) -> PresignedPost:
        if self._own:
            return self._own.presigned_post(announced, now=now)
        size = announced.size_bytes
        fields = {"Content-Type": announced.content_type}
        conditions = [fields, ["content-length-range", size, size]]
        with _outages():
            client: Any = await self._signing_client()
            post = await client.generate_presigned_post(self._place.bucket, announced.key, dict(fields), conditions, PRESIGNED_SECONDS)
        return PresignedPost(post["url"], post["fields"], now + timedelta(seconds=PRESIGNED_SECONDS))

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        answer = {f"Response{name.replace('-', '')}": headers[name] for name in ("Content-Disposition", "Content-Type", "Cache-Control")}
        with _outages():
            client = await self._signing_client()
            return await client.generate_presigned_url("get_object", Params={"Bucket": self._place.bucket, "Key": key, **answer}, ExpiresIn=seconds)

    async def close(self) -> None:
        """Wait for running aborts for `connect_seconds` at most; the sweep removes what they leave."""
        if aborting := list(self._aborting.values()):
            _, late = await asyncio.wait(aborting, timeout=self._place.connect_seconds)
            for task in late:
                task.cancel()
        await self._closing.aclose()

    async def _request(self, operation: str, **parameters: Any) -> Any:
        with _outages():
            client = await self._client()  # before the time limit, which is for the bucket: the first client is made in a second of the processor
            async with asyncio.timeout(self._place.step_seconds) as deadline:
                if content := parameters.get("Body"):
                    parameters["Body"] = UploadBody(content, deadline, StallPolicy(self._place.step_seconds, self._place.bytes_per_second))
                return await getattr(client, operation)(Bucket=self._place.bucket, **parameters)

    async def _request_field(self, name: str, operation: str, **parameters: Any) -> str:
        """Return a field of the answer. An answer without it, such as a proxy's error page, is not from S3, and nothing was stored: raises BucketUnavailable."""
        answer = await self._request(operation, **parameters)
        if name not in answer:
            raise BucketUnavailable(f"no {name}")
        return str(answer[name])

    async def _remove(self, key: str) -> None:
        with suppress(NoSuchObject):
            await self._request("delete_object", Key=key)

    async def _end_uploads(self, key: str) -> bool:
        """Abort the unfinished uploads to a key. Return whether none is left."""
        aborting = [task for (aborted_key, _), task in self._aborting.items() if aborted_key == key]
        is_clear = all([await asyncio.shield(task) for task in aborting])
        try:
            answer = await self._request("list_multipart_uploads", Prefix=key)
        except (BucketUnavailable, NoSuchObject) as error:
            self._log_once(f"the bucket does not list unfinished uploads ({error}); a lifecycle rule should remove their parts")
            return False
        aborted = [await self._abort(key, upload["UploadId"]) for upload in answer.get("Uploads", ()) if upload["Key"] == key]
        return is_clear and all(aborted)

    async def _abort(self, key: str, upload: str) -> bool:
        """Abort one upload. Return whether it no longer exists. Raises nothing."""
        try:
            await self._request("abort_multipart_upload", Key=key, UploadId=upload)
        except NoSuchObject:
            logger.info("the upload to %s has ended already", key)
        except BucketUnavailable as error:
            self._log_once(f"the bucket does not abort uploads ({error}); a lifecycle rule should remove their parts")
            return False
        finally:
            self._aborting.pop((key, upload), None)
        return True

    def _log_once(self, message: str) -> None:
        """Log a warning once per process: the bucket repeats the refusal for each object, and the sweep counts them."""
        if message not in self._logged:
            self._logged.add(message)
            logger.warning(message)

    async def _read(self, body: Any) -> AsyncIterator[bytes]:
        with _outages():
            while chunk := await asyncio.wait_for(body.read(READ_BYTES), self._place.step_seconds):
                yield chunk

    async def _client(self) -> "S3Client":
        return await self._client_of(self._place.endpoint)

    async def _signing_client(self) -> "S3Client":
        """Return the client that signs URLs for clients of the gateway: a signature holds for one host."""
        return await self._client_of(self._place.public_endpoint or self._place.endpoint)

    async def _client_of(self, endpoint: str | None) -> "S3Client":
        async with self._turn:
            if endpoint not in self._clients:
                client: Any = await self._closing.enter_async_context(_new_client(replace(self._place, endpoint=endpoint)))
                # With `Expect: 100-continue` botocore waits for the server's permission without a deadline.
                client.meta.events.unregister("before-call.s3", add_expect_header)
                client.meta.events.register("before-call.s3", partial(_wait_for_body, self._place.read_seconds))
                self._clients[endpoint] = client
            opened: S3Client = self._clients[endpoint]
        return opened


def _new_client(place: S3Config) -> Any:
    """Create the client. SigV4 is explicit: by default, presigned URLs use SigV2. Checksums are only sent where S3 requires them: not every S3 supports the newer ones."""
    config = AioConfig(
        signature_version="s3v4",
        connect_timeout=place.connect_seconds,
        read_timeout=place.read_seconds,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=50,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if place.is_path_style else "virtual"},
    )
    return get_session().create_client(
        "s3",
        region_name=place.region,
        endpoint_url=place.endpoint,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        config=config,
    )


def _wait_for_body(seconds: float, params: Any, context: Any, **_: Any) -> None:
    """Set the read timeout, which begins when the last byte is handed over and may still be in a buffer. Called by botocore."""
    if isinstance(params["body"], UploadBody):
        context["read_timeout"] = seconds + params["body"].held_seconds


@contextmanager
def _outages() -> Any:
    """Translate errors of S3 into errors of the port."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in MISSING:
            raise NoSuchObject(code) from error
        logger.error("the bucket refused a request: %s", code)
        raise (BucketRefused if _is_refusal(error) else BucketUnavailable)(code) from error
    except (BotoCoreError, HTTPError, OSError, TimeoutError) as error:
        logger.error("the bucket cannot be reached: %s", type(error).__name__)
        raise BucketUnavailable(type(error).__name__) from error


def _is_refusal(error: ClientError) -> bool:
    """Return whether the error is about the request, and not about the state of the bucket."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return (400 <= status < 500 and status not in LATER) or status == NOT_IMPLEMENTED


def _judge(part: bytes, is_last: bool, judge: ContentScanner) -> None:
    judge.look(part)
    if is_last:
        judge.finish()


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield parts of at least PART_BYTES, and a last one with the rest; with whether it is the last."""
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PART_BYTES:
            part = b"".join(held)
            held.clear()
            size = 0
            yield part, False
    yield b"".join(held), True
