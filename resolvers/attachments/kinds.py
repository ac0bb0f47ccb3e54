"""The type of a file, recognised by its first bytes before any of it is sent to the bucket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from billing.files.attachments import check_size
from billing.files.file_types import check_claims, check_content, clean_name, named
from billing.refusals import Refused
from storage.sniff import RECOGNISED, recognised


@dataclass(frozen=True, slots=True)
class DeclaredTypes:
    """The name and media type that a client declares for a file, and the input's field that refusals name."""

    file_name: str
    declared_type: str
    field: str


@dataclass(frozen=True, slots=True)
class RecognisedFile:
    """A file by its content: its media type, its name with an extension of that type, and all of its bytes."""

    file_name: str
    content_type: str
    chunks: AsyncIterator[bytes]


async def recognise(chunks: AsyncIterator[bytes], claims: DeclaredTypes) -> RecognisedFile:
    """Return the recognised file.

    Raises Refused for a file of a type that is not accepted, or of another kind than declared; for a declared type that is not accepted, before its bytes are read.
    """
    name = clean_name(claims.file_name)
    check_claims(name, claims.declared_type, claims.field)
    head: list[bytes] = []
    size = 0
    async for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size >= RECOGNISED:
            break
    check_size(size, claims.field)
    try:
        content_type = recognised(b"".join(head)[:RECOGNISED])
    except Refused as refused:
        raise Refused(refused.code, refused.message, claims.field) from None
    check_content(content_type, name, claims.declared_type, claims.field)
    return RecognisedFile(named(name, content_type), content_type, _all(head, chunks))


async def _all(head: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in head:
        yield chunk
    async for chunk in rest:
        yield chunk
