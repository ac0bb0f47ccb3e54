"""A file's bytes on their way into the bucket: counted, hashed, judged and scanned as they pass, and never held as a whole."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

from billing.attachments import judge_size
from billing.refusals import Refused
from resolvers.context import Files
from storage.scan import Scan
from storage.sniff import Inspector

# Told how many bytes have come, and whether these are all; raises Refused when they are too many.
Limit = Callable[[int, bool], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes, what it is said to be, and the input's field that refusals are about."""

    key: str
    content_type: str
    field: str
    limit: Limit


@dataclass(slots=True)
class Passing:
    """What is known of the bytes so far. The bucket shows them."""

    inspector: Inspector
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def look(self, piece: bytes) -> None:
        self.digest.update(piece)
        self.inspector.feed(piece)

    def finish(self) -> None:
        self.inspector.finish()


async def receive(chunks: AsyncIterator[bytes], target: Target, files: Files) -> tuple[int, str]:
    """Size and SHA-256 of what is now in the bucket. Raises Refused, BucketUnavailable, and what `chunks` raises; then the object may be there or not."""
    passing = Passing(Inspector(target.content_type))
    try:
        async with AsyncExitStack() as stack:
            scan = await stack.enter_async_context(files.scanner.scanning()) if files.scanner else None
            passed = await stack.enter_async_context(aclosing(_passed(chunks, passing, target, scan)))
            await files.bucket.put(target.key, passed, target.content_type, passing)
    except Refused as refused:
        raise Refused(refused.code, refused.message, refused.field or target.field) from None
    return passing.size, passing.digest.hexdigest()


async def _passed(chunks: AsyncIterator[bytes], passing: Passing, target: Target, scan: Scan | None) -> AsyncGenerator[bytes, None]:
    """The bytes, counted and scanned. They end only when they were found good, and the bucket keeps nothing that has no end."""
    async for chunk in chunks:
        passing.size += len(chunk)
        target.limit(passing.size, False)
        if scan:
            await scan.feed(chunk)
        yield chunk
    target.limit(passing.size, True)
    judge_size(passing.size, target.field)
    if scan:
        await scan.finish()
