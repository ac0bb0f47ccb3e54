"""Servers in processes of their own."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.builtin.embedded import Urls
from tests.conftest import ONE_CALLER, SECRET
from tests.servers import preloaded
from tests.servers.preloaded import PreloadedProcess

SAID = "said.txt"


@contextmanager
def demo(root: Path, folder: Path) -> Iterator[str]:
    """Start the demo and yield the address that it prints."""
    command = ["demo", "--port", "0", "--data-dir", str(folder / "data")]
    with (folder / SAID).open("w+") as said, preloaded.start(command, cwd=root, env=os.environ, stdout=said, stderr=said) as running:
        try:
            for _ in range(1200):
                if ready := re.search(r"^READY (\S+)/graphql$", (folder / SAID).read_text(), re.MULTILINE):
                    break
                assert running.poll() is None, (folder / SAID).read_text()
                time.sleep(0.1)
            assert ready, (folder / SAID).read_text()
            yield ready[1]
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


@contextmanager
def process(root: Path, urls: Urls, folder: Path, *, port: int = 0, **settings: str | None) -> Iterator[tuple[PreloadedProcess, str]]:
    """Start a server, on a free port where none is named. Yields the process and its address. A setting of None has its default, where the tests would set another value."""
    named = {"PORTICO_" + name.upper(): str(value) for name, value in (ONE_CALLER | settings).items() if value is not None}
    environment = os.environ | {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_TOKEN_SECRET": SECRET, "PORTICO_DATA_DIR": str(folder), **named}
    command = ["serve", "--port", str(port)]
    with (folder / SAID).open("w+") as said, preloaded.start(command, cwd=root, env=environment, stdout=said, stderr=said) as running:
        try:
            for _ in range(3000):  # a minute; a busy machine takes long to start
                lines = (folder / SAID).read_text().splitlines()
                if ready := [line for line in lines if line.startswith("READY ")]:
                    break
                assert running.poll() is None, lines
                time.sleep(0.02)
            yield running, ready[0].removeprefix("READY ").removesuffix("/graphql")
        finally:
            running.kill()
