"""A server that ends under open pages, and another one in its place: a page shows what happened meanwhile."""

import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from tests.conftest import STAFF, customer, token
from tests.portal.pages.conftest import CUSTOMER, Visit
from tests.servers.preloaded import PreloadedProcess
from tests.servers.processes import process

# What the browser logs of a server that ends under an open stream, and is not there for a while.
AWAY = re.compile(r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)")
LATER = "2999-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Servers:
    """The server of the browser, and another one on the same database."""

    process: PreloadedProcess
    address: str
    other: str

    def save(self, **arguments: Any) -> str:
        """Create or change a customer by the other server."""
        headers = {"Authorization": f"Bearer {token(STAFF)}"}
        answer = httpx.post(f"{self.other}/graphql", json={"query": CUSTOMER, "variables": {"input": arguments}}, headers=headers, timeout=30).json()
        return str(answer["data"]["saveCustomer"]["customer"]["id"])


@pytest.fixture(scope="module")
def servers(root: Path, urls: Urls, folder: Path) -> Iterator[Servers]:
    for name in ("first", "second", "other"):
        (folder / name).mkdir()
    with (
        process(root, urls, folder / "other", environment="development") as (_, other),
        process(root, urls, folder / "first", environment="development") as (running, address),
    ):
        yield Servers(running, address, other)


@pytest.fixture(scope="module")
def url(servers: Servers) -> str:
    return servers.address


def test_a_page_catches_up_with_what_happened_while_its_server_was_away(
    visit: Callable[..., Visit], servers: Servers, root: Path, urls: Urls, folder: Path
) -> None:
    identifier = servers.save(email="restart@example.com", name="Iris Berg", currency="EUR", locale="en-GB")
    opened = visit(session=session_of(identifier))
    opened.open("/")
    opened.heading("Hello, Iris Berg")
    opened.idle()
    assert opened.cursors == [None]
    servers.process.send_signal(signal.SIGTERM)
    servers.process.wait(30)
    servers.save(id=identifier, name="Iris Lind")
    opened.page.wait_for_timeout(1500)
    with process(root, urls, folder / "second", port=int(servers.address.rpartition(":")[2]), environment="development"):
        opened.heading("Hello, Iris Lind")
        assert len(opened.cursors) > 1
        assert None not in opened.cursors[1:]
        servers.save(id=identifier, name="Iris Holm")
        opened.heading("Hello, Iris Holm")
        opened.page.close()
    opened.problems[:] = [problem for problem in opened.problems if not AWAY.search(problem)]


def session_of(identifier: str) -> dict[str, Any]:
    """The session of a browser, with a token that the test has signed."""
    tokens = {"accessToken": token(customer(identifier)), "refreshToken": ""}
    return {**tokens, "accessExpiresAt": LATER, "refreshExpiresAt": LATER, "sessionId": "", "needsSignIn": False}
