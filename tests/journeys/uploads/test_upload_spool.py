"""PDFs on their way to S3 lie in temporary files without names: nothing is left of those, and a full disk is an outage."""

import asyncio
import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from billing.files.attachments import MAX_FILE_BYTES
from db.builtin.embedded import Urls
from tests.callers.posting import attach, codes, group, send
from tests.conftest import ADA
from tests.samples import pdf, png
from tests.servers.s3 import Store, rclone
from tests.waiting import until

__all__ = ["rclone"]

UPLOADS = 8
MIB = 1024**2
ROOM = 2 * MIB


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server's temporary files are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def url(start_server: Any, urls: Urls, rclone: Store) -> str:
    """Of a server whose bucket is in another process: moto would have its temporary files in this one."""
    rclone.empty()
    address: str = start_server(urls.app, **rclone.settings())
    return address


def spools(folder: Path) -> set[str]:
    """The temporary files that are open."""
    return {target for target in map(_target, Path("/proc/self/fd").iterdir()) if target.startswith(str(folder))}


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except FileNotFoundError:  # closed meanwhile
        return ""


@contextmanager
def little_room() -> Iterator[None]:
    """No file of this process can grow beyond ROOM, as on a disk that is full then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def _rows(admin: asyncpg.Connection) -> int:
    count: int = await admin.fetchval("select count(*) from attachment where customer_id = $1", ADA.customer_id)
    return count


async def test_eight_of_the_largest_pdfs_at_once_leave_no_file_and_no_descriptor(url: str, folder: Path, rclone: Store, invoice: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        content = pdf(MAX_FILE_BYTES)
        uploads = asyncio.gather(*(attach(client, invoice, (f"{nth}.pdf", content)) for nth in range(UPLOADS)))
        opened: set[str] = set()
        while not uploads.done():
            opened |= spools(folder)
            assert os.listdir(folder) == [], "they have no names"
            await asyncio.sleep(0.01)
        assert [codes(payload) for payload in await uploads] == [[]] * UPLOADS
        assert opened, "there were temporary files"
        await until(lambda: _are_closed(folder), seconds=10)
    assert len(rclone.keys()) == UPLOADS


async def _are_closed(folder: Path) -> bool:
    return not spools(folder)


# The disk is full when the last bytes are written out, when they are handed over, and long before.
@pytest.mark.parametrize("size", [ROOM + 1, ROOM + 200_000, MAX_FILE_BYTES])
async def test_a_full_disk_is_an_outage_and_leaves_nothing(url: str, folder: Path, rclone: Store, invoice: str, admin: asyncpg.Connection, size: int) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        before = await _rows(admin)
        with little_room():
            answer = await send(client, group(invoice, ("large.pdf", pdf(size))))
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert (spools(folder), os.listdir(folder)) == (set(), [])
            assert await _rows(admin) == before
            assert codes(await attach(client, invoice, ("fits.pdf", pdf(ROOM)))) == []
        assert codes(await attach(client, invoice, ("large.pdf", pdf(size)))) == []
    await until(lambda: _has(rclone, 2), seconds=10)


async def _has(rclone: Store, count: int) -> bool:
    return len(rclone.keys()) == count


async def test_without_a_folder_for_temporary_files_pdfs_are_an_outage_and_pictures_are_taken(
    url: str, folder: Path, rclone: Store, invoice: str, admin: asyncpg.Connection
) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        before = await _rows(admin)
        os.rmdir(folder)
        assert (await send(client, group(invoice, ("a.pdf", pdf())))).status_code == 503
        assert await _rows(admin) == before
        assert codes(await attach(client, invoice, ("a.png", png()))) == []
        os.mkdir(folder)
        assert codes(await attach(client, invoice, ("a.pdf", pdf()))) == []
    assert len(rclone.keys()) == 2
