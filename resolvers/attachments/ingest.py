"""The stream of a file's bytes into the bucket: counted, hashed, checked and scanned as they pass, and never held in memory as a whole.

A PDF is parsed after its last byte: during the local bucket's fsync, and with another bucket before any row owns the object.
"""

import errno
import hashlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Protocol

from billing.files.attachments import check_size
from billing.refusals import Refused
from resolvers.context import Files
from storage import keys, threads
from storage.bucket import BucketUnavailable
from storage.scan import Scan
from storage.sniff import Inspector

PDF = "application/pdf"

# Called with the number of bytes so far, and whether they are all; raises Refused when they are too many.
Limit = Callable[[int, bool], None]


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """The object key of a file, its media type, and the input's field that refusals name."""

    key: str
    content_type: str
    field: str
    limit: Limit


class Digest(Protocol):
    """A hash that is being computed; `hashlib` has no public name for its type."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class UploadStream:
    """The state of a file's bytes so far: size, hash and structure. The bucket calls `look`, `finish` and `whole`."""

    inspector: Inspector
    spool: BinaryIO | None
    parse: Callable[[int], Awaitable[None]]
    size: int = 0
    digest: Digest = field(default_factory=hashlib.sha256)

    def look(self, piece: bytes) -> None:
        self.digest.update(piece)
        self.inspector.feed(piece)
        if self.spool:
            with _disk():
                self.spool.write(piece)

    def finish(self) -> None:
        self.inspector.finish()
        if self.spool:
            with _disk():
                self.spool.flush()

    async def whole(self, descriptor: int) -> None:
        await self.parse(descriptor)


async def ingest(chunks: AsyncIterator[bytes], target: UploadTarget, files: Files) -> tuple[int, str]:
    """Store the bytes; return their size and SHA-256. Raises Refused, BucketUnavailable, and what `chunks` raises; then the object may exist or not."""
    try:
        async with AsyncExitStack() as stack:
            spool = await stack.enter_async_context(_spooled(target, files))
            passing = UploadStream(Inspector(target.content_type), spool, partial(_parse, target, files))
            scan = await stack.enter_async_context(files.scanner.scanning()) if files.scanner else None
            passed = await stack.enter_async_context(aclosing(_passed(chunks, passing, target, scan)))
            await files.bucket.put(target.key, passed, target.content_type, passing)
            if spool:
                await passing.whole(spool.fileno())
    except Refused as refused:
        raise Refused(refused.code, refused.message, refused.field or target.field) from None
    return passing.size, passing.digest.hexdigest()


async def _passed(chunks: AsyncIterator[bytes], passing: UploadStream, target: UploadTarget, scan: Scan | None) -> AsyncGenerator[bytes, None]:
    """Yield the bytes, counted and scanned. The stream ends only after all checks have passed; a bucket stores no object of a stream that raises."""
    async for chunk in chunks:
        passing.size += len(chunk)
        target.limit(passing.size, False)
        if scan:
            await scan.feed(chunk)
        yield chunk
    target.limit(passing.size, True)
    check_size(passing.size, target.field)
    if scan:
        await scan.finish()


@asynccontextmanager
async def _spooled(target: UploadTarget, files: Files) -> AsyncIterator[BinaryIO | None]:
    """Yield a temporary file for the bytes of a PDF where the bucket is not on this machine, else None. The file has no name, so it never outlives the process."""
    if target.content_type != PDF or files.bucket.path(target.key):
        yield None
        return
    with _disk():
        spool = await threads.run(tempfile.TemporaryFile)
    try:
        yield spool
    finally:
        with suppress(OSError):  # of a full disk: close tries again to write what could not be written
            spool.close()


async def _parse(target: UploadTarget, files: Files, descriptor: int) -> None:
    """Check a PDF. Raises Refused."""
    if target.content_type == PDF:
        await files.examiner.examine(descriptor, keys.owner_of(target.key))


@contextmanager
def _disk() -> Iterator[None]:
    """Raise BucketUnavailable for a full or broken disk."""
    try:
        yield
    except OSError as error:
        raise BucketUnavailable(errno.errorcode.get(error.errno or 0, type(error).__name__)) from error
