"""File systems of a few megabytes, to fill up."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

FILLER = "filler"
BLOCK = 1 << 16


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of this size on a folder, which is made. Where that is not permitted, as in most containers, the test is skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"may not mount a file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path, *, leave: int = 0) -> None:
    """Write a file until no byte is left, or `leave` bytes."""
    with (folder / FILLER).open("ab", buffering=0) as file:
        for block in (bytes(BLOCK), bytes(1)):
            with suppress(OSError):
                while True:
                    file.write(block)
        file.truncate(max(0, file.tell() - leave))


def make_room(folder: Path) -> None:
    (folder / FILLER).unlink(missing_ok=True)
