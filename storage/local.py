"""The bucket on disk: a folder that all processes of one machine share. An object is written to a temporary file beside its path, synced, and renamed."""

import errno
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage import threads
from storage.batches import batches
from storage.bucket import UNCHECKED, BucketUnavailable, ContentScanner, DeclaredFile, NoSuchObject, PresignedPost
from storage.keys import KEY
from storage.policies import PresignedPosts

PART = "part"
READ_BYTES = 256 * 1024


class Local:
    """The local bucket. `url` is the gateway's own route for direct uploads; `secret` signs the policies that this route accepts."""

    is_fed_by_us = True

    def __init__(self, root: Path, url: str, secret: bytes) -> None:
        self._root = root
        self._tickets = PresignedPosts(url, secret)

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: ContentScanner = UNCHECKED) -> None:
        path = self.path(key)
        part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.{PART}")
        try:
            file = await threads.run(_create, part)
            try:
                await _write_all(file, chunks, judge)
                await _rename_into_place(file, part, judge)
                await threads.run(_place, part, path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            finally:
                file.close()
        except OSError as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            file = await threads.run(self.path(key).open, "rb")
        except FileNotFoundError:
            raise NoSuchObject(key) from None
        except OSError as error:
            raise _unavailable(error) from error
        try:
            yield _read_all(file)
        finally:
            file.close()

    async def delete(self, key: str) -> bool:
        try:
            await threads.run(_remove, self.path(key))
        except OSError as error:
            raise _unavailable(error) from error
        return True

    async def presigned_post(self, announced: DeclaredFile, *, now: datetime) -> PresignedPost:
        return self._tickets.presigned_post(announced, now=now)

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        return self.path(key)

    async def close(self) -> None:
        """Do nothing: no file stays open."""

    def path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        return self._root / key


async def _write_all(file: BinaryIO, chunks: AsyncIterator[bytes], judge: ContentScanner) -> None:
    """Write all batches. The next batch is received while the last one is checked and written; at most two are in memory."""
    writing = None
    try:
        async for batch in batches(chunks):
            if writing:
                await threads.done(writing)
            writing = threads.begin_writing(_write, file, batch, judge)
    finally:
        if writing:
            await threads.done(writing)
    await threads.run(judge.finish)


def _write(file: BinaryIO, batch: list[bytes], judge: ContentScanner) -> None:
    """Check and write piece by piece, so that each piece is still in the processor's cache when it is written."""
    for piece in batch:
        judge.look(piece)
        file.write(piece)


async def _read_all(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await threads.run(file.read, READ_BYTES):
        yield chunk


def _unavailable(error: OSError) -> BucketUnavailable:
    """Return the error with the name of its errno, such as ENOSPC for a full disk."""
    return BucketUnavailable(errno.errorcode.get(error.errno or 0, type(error).__name__))


def _create(part: Path) -> BinaryIO:
    """Create the temporary file. It is buffered, because a buffered write continues after a partial write to a nearly full disk; large pieces bypass the buffer."""
    part.parent.mkdir(parents=True, exist_ok=True)
    return open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _rename_into_place(file: BinaryIO, part: Path, judge: ContentScanner) -> None:
    """Check the whole file during its fsync. Both have ended on return, also after an error."""
    reader = await threads.run(_whole, file, part)
    try:
        syncing = threads.begin(os.fsync, file.fileno())
        try:
            await judge.whole(reader)
        except BaseException:
            await threads.ended(syncing)
            raise
        await threads.done(syncing)
    finally:
        os.close(reader)


def _whole(file: BinaryIO, part: Path) -> int:
    """Return a separate read-only descriptor of the complete file."""
    file.flush()
    return os.open(part, os.O_RDONLY)


def _place(part: Path, path: Path) -> None:
    """Rename the file to its path and sync the folder. The object then exists, also after a power cut."""
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    for left in path.parent.glob(f"{path.name}.*.{PART}"):
        left.unlink(missing_ok=True)
