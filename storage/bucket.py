"""The port of buckets. An object is complete or does not exist; keys are made by `storage/keys.py` and never reused."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

# How long a presigned URL for a direct upload is valid.
PRESIGNED_SECONDS = 15 * 60


class BucketUnavailable(Exception):
    """The bucket does not answer, or refuses every request. The caller may retry shortly. `cause` is the reason, for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class BucketRefused(BucketUnavailable):
    """The bucket answers, and refuses this request, perhaps for this key only."""


class NoSuchObject(Exception):
    """Nothing is stored under the key."""


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """A file that a client declares: exactly this many bytes of this type."""

    key: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """The URL and fields by which a client sends one file: multipart/form-data with these fields first and the file last, in a field named `file`."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


class ContentScanner(Protocol):
    """Checks an object's bytes while they are stored, in the thread that writes them. All methods raise the reason why the object must not be stored."""

    def look(self, piece: bytes) -> None: ...

    def finish(self) -> None:
        """Called after the last byte, before the object exists."""

    async def whole(self, descriptor: int) -> None:
        """Check the open file with all bytes. Called by a local bucket only, after `finish`, during the fsync."""


class UncheckedContent:
    """A scanner that accepts everything."""

    def look(self, piece: bytes) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""

    async def whole(self, descriptor: int) -> None:
        """Do nothing."""


UNCHECKED = UncheckedContent()


class Bucket(Protocol):
    """A bucket. Every method raises BucketUnavailable, and returns within a deadline of its own.

    `is_fed_by_us`: direct uploads come to the gateway's own route; otherwise clients send them to the bucket.
    """

    is_fed_by_us: bool

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: ContentScanner = UNCHECKED) -> None:
        """Store the chunks as one object, durably. Raises what the chunks or the judge raise; the caller then deletes the key, and nothing is left under it."""

    def open(self, key: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the object's bytes. Raises NoSuchObject."""

    def path(self, key: str) -> Path | None:
        """Return the local file that holds the object, or None where the bucket is not on this machine."""

    async def delete(self, key: str) -> bool:
        """Remove the object, and parts of unfinished attempts to put it. A missing object is not an error.

        Return False where the object is removed, but the bucket refuses to list or to remove unfinished attempts: not an error, and a retry does not help.
        """

    async def presigned_post(self, announced: DeclaredFile, *, now: datetime) -> PresignedPost:
        """Return a URL and fields by which any holder may send exactly this file, for PRESIGNED_SECONDS."""

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        """Return where to read the object: a file, or a signed URL whose response has these headers, as far as the bucket can set them."""

    async def close(self) -> None: ...
