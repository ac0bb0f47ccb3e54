"""A folder in place of a mail server: every letter becomes a file that a mail program can open. For demos and tests."""

import asyncio
import os
from datetime import UTC
from email.headerregistry import Address
from pathlib import Path
from tempfile import NamedTemporaryFile

from mail.brand import LetterLogo
from mail.port import MailAway, Message, written


class Folder:
    """Writes `<time>-<id>.eml`. Names sort by time and contain no address. A file has its name only once it is complete, and only its owner may read it."""

    def __init__(self, path: Path, author: Address, logo: LetterLogo | None = None) -> None:
        self._path = path
        self._author = author
        self._logo = logo

    async def send(self, message: Message) -> None:
        name = f"{message.written_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{message.id}.eml"
        try:
            await asyncio.to_thread(_write, self._path / name, written(message, self._author, self._logo).as_bytes())
        except OSError as problem:
            raise MailAway("the letter could not be written") from problem


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:  # mode 0600
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            os.replace(draft.name, path)
        except OSError:
            os.unlink(draft.name)
            raise
