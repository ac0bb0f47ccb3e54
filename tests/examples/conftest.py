"""The demo that the examples run against, and what they did to it."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.passwords import PASSWORD
from tests.servers.processes import demo

SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } } }"
STATE = "{ customer { name summary { totalDue { minorUnits currency } } payments(first: 1) { totalCount } } }"


@pytest.fixture(scope="module")
def url(root: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="portico-examples-") as folder, demo(root, Path(folder)) as address:
        yield address


@dataclass(frozen=True)
class Account:
    """A customer of the demo, who has signed in to see what an example did."""

    email: str
    client: httpx.Client

    def customer(self) -> Any:
        return self.client.post("/graphql", json={"query": STATE}).json()["data"]["customer"]

    def payments(self) -> int:
        return int(self.customer()["payments"]["totalCount"])

    def due(self) -> dict[str, str]:
        """The amounts that are due by currency, without those that are zero."""
        return {amount["currency"]: amount["minorUnits"] for amount in self.customer()["summary"]["totalDue"] if amount["minorUnits"] != "0"}


@contextmanager
def signed_in(url: str, email: str) -> Iterator[Account]:
    with httpx.Client(base_url=url, timeout=30) as client:
        body = {"query": SIGN_IN, "variables": {"input": {"email": email, "password": PASSWORD}}}
        token = client.post("/graphql", json=body).json()["data"]["signIn"]["tokens"]["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield Account(email, client)


class LosingServer(ThreadingHTTPServer):
    """Forwards requests to a gateway, and loses the answer to the first payment: the connection ends instead."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Forwarder)
        self.target = target
        self.lost_answers: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Forwarder(BaseHTTPRequestHandler):
    server: LosingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: self.headers[name] for name in ("Content-Type", "Authorization") if self.headers[name]}
        answer = httpx.post(f"{self.server.target}{self.path}", content=body, headers=headers, timeout=30)
        if made_payment(answer.json()) and not self.server.lost_answers:
            self.server.lost_answers.append(answer.content)
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: Any) -> None:
        """Log nothing: a test that fails prints what the example printed."""


def made_payment(answer: Any) -> bool:
    payload = (answer.get("data") or {}).get("payAllDue")
    return payload is not None and payload["payment"] is not None


@pytest.fixture
def losing_server(url: str) -> Iterator[LosingServer]:
    server = LosingServer(url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)
