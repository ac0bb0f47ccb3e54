"""A file's bytes on their way into the bucket: counted, hashed, judged and scanned as they pass, and never held as a whole."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

from billing.attachments import judge_size
from billing.refusals import Refused
from resolvers.context import Files
from storage import threads
from storage.scan import Scan
from storage.sniff import Inspector

# How much is handled at a time: the work on a batch runs in a thread while the next one comes.
BATCH_BYTES = 1024 * 1024

# Told how many bytes have come, and whether these are all; raises Refused when they are too many.
Judge = Callable[[int, bool], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes, what it is said to be, and the input's field that refusals are about."""

    key: str
    content_type: str
    field: str
    judge: Judge


@dataclass(slots=True)
class Passing:
    """What is known of the bytes so far."""

    inspector: Inspector
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def take(self, batch: bytes) -> None:
        self.digest.update(batch)
        self.inspector.feed(batch)


async def receive(chunks: AsyncIterator[bytes], target: Target, files: Files) -> tuple[int, str]:
    """Size and SHA-256 of what is now in the bucket. Raises Refused, BucketUnavailable, and what `chunks` raises; then the object may be there or not."""
    passing = Passing(Inspector(target.content_type))
    try:
        async with AsyncExitStack() as stack:
            scan = await stack.enter_async_context(files.scanner.scanning()) if files.scanner else None
            judged = await stack.enter_async_context(aclosing(_judged(chunks, passing, target, scan)))
            await files.bucket.put(target.key, judged, target.content_type)
    except Refused as refused:
        raise Refused(refused.code, refused.message, refused.field or target.field) from None
    return passing.size, passing.digest.hexdigest()


async def _judged(chunks: AsyncIterator[bytes], passing: Passing, target: Target, scan: Scan | None) -> AsyncGenerator[bytes, None]:
    """The bytes in batches. The last one leaves only after all of them were found good, so a bucket never completes what is not."""
    working = None
    try:
        async for batch in _batches(_counted(chunks, passing, target.judge)):
            if working:
                await threads.done(working)
            working = threads.begin(passing.take, batch)
            if scan:
                await scan.feed(batch)
            yield batch
        if working:
            await threads.done(working)
    finally:
        if working:
            await threads.ended(working)
    judge_size(passing.size, target.field)
    passing.inspector.finish()
    if scan:
        await scan.finish()


async def _counted(chunks: AsyncIterator[bytes], passing: Passing, judge: Judge) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        passing.size += len(chunk)
        judge(passing.size, False)
        yield chunk
    judge(passing.size, True)


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BATCH_BYTES:
            yield b"".join(held)
            held.clear()
            size = 0
    if held:
        yield b"".join(held)
