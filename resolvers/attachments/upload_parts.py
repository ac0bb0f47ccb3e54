"""Files in a multipart request. A variable's value is an Upload; its bytes follow in the request's body, in an order that the client chooses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from billing.refusals import BadUserInput


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A file that the request's map declares. `source` reads it from the request."""

    name: str
    source: "UploadSource"


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """The file that is being received, with the name and media type that the client declares."""

    upload: Upload
    file_name: str
    declared_type: str
    chunks: AsyncIterator[bytes]


class UploadSource(Protocol):
    async def next_file(self) -> IncomingFile:
        """Return the next file of the body. The file before must have been read to its end. Raises where there is none, and errors of the transport."""


async def iter_parts(uploads: Sequence[Upload]) -> AsyncIterator[tuple[int, IncomingFile]]:
    """Yield each upload with its index, in the order of the request's body. Raises BadUserInput."""
    places = {upload: number for number, upload in enumerate(uploads)}
    if len(places) < len(uploads):
        raise BadUserInput("A file stands in the list twice.", "input", "files")
    while places:
        file = await next(iter(places)).source.next_file()
        if file.upload not in places:
            raise BadUserInput("Send the files in the order in which the operation's fields take them.", "input", "files")
        yield places.pop(file.upload), file
