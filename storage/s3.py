"""A bucket that speaks S3: Amazon's, or another with its protocol."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as HTTPError
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import add_expect_header

from storage import threads
from storage.bucket import TICKET_SECONDS, UNJUDGED, Announced, BucketUnavailable, Judge, NoSuchObject, Ticket

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

logger = logging.getLogger("portico.storage")

# The smallest part that S3 takes, save for the last one: also what is held in memory of one file.
PART_BYTES = 5 * 1024**2
READ_BYTES = 256 * 1024
MISSING = ("NoSuchKey", "NoSuchUpload", "404")


@dataclass(frozen=True, slots=True)
class Place:
    """Which bucket, and how to reach it. Without keys, what the machine has (environment, profile, instance role) is used. Times in seconds."""

    bucket: str
    region: str
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    is_path_style: bool = False
    connect_seconds: float = 2
    read_seconds: float = 10
    step_seconds: float = 20


class S3:
    """One client for the process, made when it is first needed. Each step has to be done within `step_seconds`, retries included."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._open: Any = None
        self._closing = AsyncExitStack()
        self._turn = asyncio.Lock()

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: Judge = UNJUDGED) -> None:
        """A file of one part is put at once; a longer one part by part, as it comes. What an attempt leaves behind is removed by `delete`."""
        parts: list[str] = []
        upload = ""
        async for part, is_last in _parts(chunks):
            await threads.run(_judge, part, is_last, judge)
            if is_last and not parts:
                await self._ask("put_object", Key=key, Body=part, ContentType=content_type)
                return
            if not parts:
                upload = (await self._ask("create_multipart_upload", Key=key, ContentType=content_type))["UploadId"]
            found = await self._ask("upload_part", Key=key, UploadId=upload, PartNumber=len(parts) + 1, Body=part)
            parts.append(found["ETag"])
        listed = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(parts, 1)]
        await self._ask("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": listed})

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        found = await self._ask("get_object", Key=key)
        async with found["Body"] as body:
            yield self._read(body)

    def path(self, key: str) -> None:
        """The objects are elsewhere."""

    async def delete(self, key: str) -> None:
        found = await self._ask("list_multipart_uploads", Prefix=key)
        for upload in found.get("Uploads", ()):
            if upload["Key"] == key:
                await self._abort(key, upload["UploadId"])
        await self._ask("delete_object", Key=key)

    async def ticket(self, announced: Announced, *, now: datetime) -> Ticket:
        size = announced.size_bytes
        fields = {"Content-Type": announced.content_type}
        conditions = [fields, ["content-length-range", size, size]]
        with _outages():
            client: Any = await self._client()
            made = await client.generate_presigned_post(self._place.bucket, announced.key, dict(fields), conditions, TICKET_SECONDS)
        return Ticket(made["url"], made["fields"], now + timedelta(seconds=TICKET_SECONDS))

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        answer = {f"Response{name.replace('-', '')}": headers[name] for name in ("Content-Disposition", "Content-Type", "Cache-Control")}
        with _outages():
            client = await self._client()
            return await client.generate_presigned_url("get_object", Params={"Bucket": self._place.bucket, "Key": key, **answer}, ExpiresIn=seconds)

    async def close(self) -> None:
        await self._closing.aclose()

    async def _ask(self, operation: str, **given: Any) -> Any:
        with _outages():
            async with asyncio.timeout(self._place.step_seconds):
                client = await self._client()
                return await getattr(client, operation)(Bucket=self._place.bucket, **given)

    async def _abort(self, key: str, upload: str) -> None:
        try:
            await self._ask("abort_multipart_upload", Key=key, UploadId=upload)
        except NoSuchObject:
            logger.info("somebody else has ended the upload to %s", key)

    async def _read(self, body: Any) -> AsyncIterator[bytes]:
        with _outages():
            while chunk := await asyncio.wait_for(body.read(READ_BYTES), self._place.step_seconds):
                yield chunk

    async def _client(self) -> "S3Client":
        async with self._turn:
            if self._open is None:
                self._open = await self._closing.enter_async_context(_made(self._place))
                # With `Expect: 100-continue` botocore waits for leave to go on, and no deadline holds for that.
                self._open.meta.events.unregister("before-call.s3", add_expect_header)
            client: S3Client = self._open
        return client


def _made(place: Place) -> Any:
    """SigV4 must be asked for: left alone, addresses are signed with SigV2. Checksums only where S3 wants them: not every S3 knows the newer ones."""
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


@contextmanager
def _outages() -> Any:
    """What S3 says in words of the port."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in MISSING:
            raise NoSuchObject(code) from error
        logger.error("the bucket refused a request: %s", code)
        raise BucketUnavailable(code) from error
    except (BotoCoreError, HTTPError, OSError, TimeoutError) as error:
        logger.error("the bucket cannot be reached: %s", type(error).__name__)
        raise BucketUnavailable(type(error).__name__) from error


def _judge(part: bytes, is_last: bool, judge: Judge) -> None:
    judge.look(part)
    if is_last:
        judge.finish()


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """Parts of at least PART_BYTES, and a last one of what is left."""
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
