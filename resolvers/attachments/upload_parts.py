"""Files that come with a request. A variable holds an Upload; its bytes follow in the request's body, in an order that the client chooses."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from billing.refusals import BadUserInput


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A file that was announced. `source` is the request it comes with."""

    name: str
    source: "UploadSource"


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file whose bytes come now: name and media type as the client says them."""

    upload: Upload
    file_name: str
    declared_type: str
    chunks: AsyncIterator[bytes]


class UploadSource(Protocol):
    async def next_file(self) -> IncomingFile:
        """The next file of the body. The one before must have been read to its end. Raises where there is none, and what the transport has to say."""


async def iter_parts(uploads: Sequence[Upload]) -> AsyncIterator[tuple[int, IncomingFile]]:
    """Each of the uploads with its place, in the order in which they come. Raises BadUserInput."""
    places = {upload: number for number, upload in enumerate(uploads)}
    if len(places) < len(uploads):
        raise BadUserInput("A file stands in the list twice.", "input", "files")
    while places:
        file = await next(iter(places)).source.next_file()
        if file.upload not in places:
            raise BadUserInput("Send the files in the order in which the operation's fields take them.", "input", "files")
        yield places.pop(file.upload), file
