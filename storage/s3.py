"""A bucket that speaks S3: Amazon's, or another with its protocol."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
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

# The smallest part that S3 takes, save for the last one: also what is held in memory of one file.
PART_BYTES = 5 * 1024**2
READ_BYTES = 256 * 1024
MISSING = ("NoSuchKey", "NoSuchUpload", "404")
# Answers below 500 that say: later.
LATER = (408, 429)
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class S3Config:
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
    bytes_per_second: int = 128 * 1024


class S3:
    """One client for the process, made when it is first needed. Each request has to be answered within `step_seconds`, retries included, counted from the last byte of
    its body that was taken (see `storage/progress.py`).

    Where `own` is there, the bucket takes no POST policies: clients send direct uploads to the gateway's own route.
    """

    def __init__(self, place: S3Config, own: policies.PresignedPosts | None = None) -> None:
        self._place = place
        self._own = own
        self.is_fed_by_us = own is not None
        self._open: Any = None
        self._closing = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._aborting: dict[tuple[str, str], asyncio.Task[bool]] = {}
        self._logged: set[str] = set()

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: ContentScanner = UNCHECKED) -> None:
        """A file of one part is put at once; a longer one part by part, as it comes. An upload that breaks off is aborted; what that leaves is removed by `delete`."""
        upload = ""
        tags: list[str] = []
        try:
            async for part, is_last in _parts(chunks):
                await threads.done(threads.begin_writing(_judge, part, is_last, judge))
                if is_last and not tags:
                    await self._made("ETag", "put_object", Key=key, Body=part, ContentType=content_type)
                    return
                upload = upload or await self._made("UploadId", "create_multipart_upload", Key=key, ContentType=content_type)
                tags.append(await self._made("ETag", "upload_part", Key=key, UploadId=upload, PartNumber=len(tags) + 1, Body=part))
            listed = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, 1)]
            await self._made("ETag", "complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": listed})
        except BaseException as error:
            if upload:
                self._aborting[key, upload] = asyncio.create_task(self._abort(key, upload))
            if isinstance(error, NoSuchObject):  # somebody else has ended the upload, or the answer to its end was lost
                raise BucketUnavailable(str(error)) from error
            raise

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        answer = await self._ask("get_object", Key=key)
        async with answer["Body"] as body:
            yield self._read(body)

    def path(self, key: str) -> None:
        """The objects are elsewhere."""

    async def delete(self, key: str) -> bool:
        """The object first, because a bucket may refuse the rest. And once more at the end: an upload that was just being completed may have made it anew."""
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
            client: Any = await self._client()
            made = await client.generate_presigned_post(self._place.bucket, announced.key, dict(fields), conditions, PRESIGNED_SECONDS)
        return PresignedPost(made["url"], made["fields"], now + timedelta(seconds=PRESIGNED_SECONDS))

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        answer = {f"Response{name.replace('-', '')}": headers[name] for name in ("Content-Disposition", "Content-Type", "Cache-Control")}
        with _outages():
            client = await self._client()
            return await client.generate_presigned_url("get_object", Params={"Bucket": self._place.bucket, "Key": key, **answer}, ExpiresIn=seconds)

    async def close(self) -> None:
        """Aborts that are under way get a moment; the sweep does what they leave."""
        if aborting := list(self._aborting.values()):
            _, late = await asyncio.wait(aborting, timeout=self._place.connect_seconds)
            for task in late:
                task.cancel()
        await self._closing.aclose()

    async def _ask(self, operation: str, **parameters: Any) -> Any:
        with _outages():
            async with asyncio.timeout(self._place.step_seconds) as deadline:
                if content := parameters.get("Body"):
                    parameters["Body"] = UploadBody(content, deadline, StallPolicy(self._place.step_seconds, self._place.bytes_per_second))
                client = await self._client()
                return await getattr(client, operation)(Bucket=self._place.bucket, **parameters)

    async def _made(self, name: str, operation: str, **parameters: Any) -> str:
        """What the answer has under a name. What answers without it, such as a proxy with a page of its own, is no S3 and has stored nothing."""
        answer = await self._ask(operation, **parameters)
        if name not in answer:
            raise BucketUnavailable(f"no {name}")
        return str(answer[name])

    async def _remove(self, key: str) -> None:
        with suppress(NoSuchObject):
            await self._ask("delete_object", Key=key)

    async def _end_uploads(self, key: str) -> bool:
        """Whether no unfinished upload to the key is left."""
        aborting = [task for (aborted_key, _), task in self._aborting.items() if aborted_key == key]
        is_clear = all([await asyncio.shield(task) for task in aborting])
        try:
            answer = await self._ask("list_multipart_uploads", Prefix=key)
        except (BucketUnavailable, NoSuchObject) as error:
            self._log_once(f"the bucket does not list unfinished uploads ({error}); a lifecycle rule should remove their parts")
            return False
        aborted = [await self._abort(key, upload["UploadId"]) for upload in answer.get("Uploads", ()) if upload["Key"] == key]
        return is_clear and all(aborted)

    async def _abort(self, key: str, upload: str) -> bool:
        """Whether the upload is gone. Raises nothing."""
        try:
            await self._ask("abort_multipart_upload", Key=key, UploadId=upload)
        except NoSuchObject:
            logger.info("the upload to %s has ended already", key)
        except BucketUnavailable as error:
            self._log_once(f"the bucket does not abort uploads ({error}); a lifecycle rule should remove their parts")
            return False
        finally:
            self._aborting.pop((key, upload), None)
        return True

    def _log_once(self, message: str) -> None:
        """What a bucket refuses it refuses each time; how often is counted by the sweep."""
        if message not in self._logged:
            self._logged.add(message)
            logger.warning(message)

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
                self._open.meta.events.register("before-call.s3", partial(_wait_for_body, self._place.read_seconds))
            client: S3Client = self._open
        return client


def _made(place: S3Config) -> Any:
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


def _wait_for_body(seconds: float, params: Any, context: Any, **_: Any) -> None:
    """An answer is waited for once the last byte was handed over, which may still be on the way. Called by botocore."""
    if isinstance(params["body"], UploadBody):
        context["read_timeout"] = seconds + params["body"].held_seconds


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
        raise (BucketRefused if _is_refusal(error) else BucketUnavailable)(code) from error
    except (BotoCoreError, HTTPError, OSError, TimeoutError) as error:
        logger.error("the bucket cannot be reached: %s", type(error).__name__)
        raise BucketUnavailable(type(error).__name__) from error


def _is_refusal(error: ClientError) -> bool:
    """Whether the answer is about the request, and not about the state that the bucket is in."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return (400 <= status < 500 and status not in LATER) or status == NOT_IMPLEMENTED


def _judge(part: bytes, is_last: bool, judge: ContentScanner) -> None:
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
