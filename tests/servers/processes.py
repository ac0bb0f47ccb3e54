"""Servers in processes of their own."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from db.builtin.embedded import Urls
from gateway.cli.commands import preparing
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import postgres
from gateway.wiring.issuer import issuer_of
from tests import template
from tests.conftest import ONE_CALLER, SECRET
from tests.servers import preloaded
from tests.servers.preloaded import PreloadedProcess

SAID = "said.txt"


@contextmanager
def demo(root: Path, folder: Path) -> Iterator[str]:
    """Start the demo and yield the address that it prints. It finds its data directory filled; tests of the first hour start it without one."""
    data = folder / "data"
    template.copy(template.made_once("demo", _fill_in_thread), data)
    command = ["demo", "--port", "0", "--data-dir", str(data)]
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


def _fill_in_thread(data: Path) -> None:
    """Fill the data directory in another thread, because Playwright runs an event loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(_fill, data).result()


def _fill(data: Path) -> None:
    """Make the data directory of a demo as the command does, without the server."""
    settings = preparing.with_demo_merchant(Settings(data_dir=data))
    with postgres(settings, on_create=lambda: None) as urls:
        asyncio.run(preparing.prepare_demo(urls, settings, issuer_of(settings)))
    with (data / "postgres/postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\n")


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
