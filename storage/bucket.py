"""The port: what Portico asks of a bucket. Objects are whole or not there; keys are made by `storage/keys.py` and never reused."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

# How long an address for a direct upload is good.
PRESIGNED_SECONDS = 15 * 60


class BucketUnavailable(Exception):
    """The bucket does not answer, or says no to everybody. Whoever called may try again shortly. `cause` says why, for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class BucketRefused(BucketUnavailable):
    """The bucket answers, and refuses this request. It may be this one key that it refuses."""


class NoSuchObject(Exception):
    """Nothing is stored under the key."""


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """What a client says it will send: exactly so many bytes of this type."""

    key: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """Where and how a client sends one file: multipart/form-data with these fields first and the file last, in a field named `file`."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


class ContentScanner(Protocol):
    """Looks at an object's bytes on their way, in a thread, where they are at hand anyhow. All methods raise what speaks against keeping it."""

    def look(self, piece: bytes) -> None: ...

    def finish(self) -> None:
        """There are no more bytes, and the object is not there yet."""

    async def whole(self, descriptor: int) -> None:
        """All bytes are in this open file. Called by a bucket on this machine only, after `finish`, while the disk takes them."""


class UncheckedContent:
    """Nothing speaks against anything."""

    def look(self, piece: bytes) -> None:
        """Not at all."""

    def finish(self) -> None:
        """It may be kept."""

    async def whole(self, descriptor: int) -> None:
        """It may be kept."""


UNCHECKED = UncheckedContent()


class Bucket(Protocol):
    """Every method raises BucketUnavailable, and answers within a deadline of its own.

    `is_fed_by_us` where direct uploads come to the gateway, and else clients send them to the bucket.
    """

    is_fed_by_us: bool

    async def put(self, key: str, chunks: AsyncIterator[bytes], content_type: str, judge: ContentScanner = UNCHECKED) -> None:
        """Keep what the chunks make together, durably. Whatever they or the judge raise is raised, and then nothing is kept under the key once it was deleted."""

    def open(self, key: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The bytes. Raises NoSuchObject."""

    def path(self, key: str) -> Path | None:
        """The file on this machine that holds the object, or None where the bucket is elsewhere."""

    async def delete(self, key: str) -> bool:
        """Remove the object, and what is left of an attempt to put it. What is not there is no error.

        False where the object is gone and the bucket refuses to say or to remove what is left of attempts: that is no error, and trying again does not help.
        """

    async def presigned_post(self, announced: DeclaredFile, *, now: datetime) -> PresignedPost:
        """An address to which anybody who has it may send just this, for TICKET_SECONDS."""

    async def address(self, key: str, headers: Mapping[str, str], *, seconds: int) -> str | Path:
        """Where to read it from: a file, or a signed URL that answers with (of the headers that can be) these headers."""

    async def close(self) -> None: ...
