"""Streams of a running server, as tests read them, and customers of their own to change."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin import embedded
from tests.conftest import SECRET, customer, token

DOCUMENT = """subscription Follow($after: ID, $types: [EventType!]) {
  events(types: $types, after: $after) { cursor event { id type } events { id type objectId } customer { id name } }
}"""
SSE = "text/event-stream"
PARTS = 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'


async def add_customer(admin: asyncpg.Connection, name: str = "Grace Hopper") -> Viewer:
    """Return a new customer with no events."""
    identifier = f"cus_{uuid4().hex[:26]}"
    await admin.execute(
        "insert into customer (id, name, email, currency, created_at) values ($1, $2, $3, 'EUR', now())", identifier, name, f"{identifier}@example.net"
    )
    return customer(identifier)


async def add_session(admin: asyncpg.Connection, viewer: Viewer) -> Viewer:
    """Return the customer in a session of their own."""
    session = f"ses_{uuid4().hex[:26]}"
    await admin.execute(
        "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) values ($1, $2, 'PASSWORD', now(), now(), now() + interval '1 day')",
        viewer.customer_id,
        session,
    )
    return Viewer(Actor.CUSTOMER, viewer.customer_id, ("portal",), "portal", session)


async def rename(admin: asyncpg.Connection, viewer: Viewer, name: str) -> None:
    """Cause one event."""
    await admin.execute("update customer set name = $2, version = version + 1 where id = $1", viewer.customer_id, name)


async def add_credit(admin: asyncpg.Connection, viewer: Viewer, number: int) -> None:
    """Add an entry to the account, which is an event of its own also in a transaction with others."""
    sql = (
        "insert into balance_entry (customer_id, id, kind, amount_minor, currency, description, created_at) values ($1, $2, 'ADJUSTMENT', 1, 'EUR', '', now())"
    )
    await admin.execute(sql, viewer.customer_id, f"bal_{str(viewer.customer_id)[4:24]}{number:06}")


@dataclass
class OpenStream:
    """A stream over HTTP. A task reads it, so that waiting for a message can end without ending the stream."""

    response: httpx.Response
    text: bytes = b""
    received: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    async def next(self, seconds: float = 15) -> Any:
        """Return the next response of the stream; None at its end."""
        async with asyncio.timeout(seconds):
            return await self.received.get()

    async def is_quiet(self, seconds: float) -> bool:
        """Return whether no response arrives in this time."""
        await asyncio.sleep(seconds)
        return self.received.empty()

    async def read(self) -> None:
        """Read until the end, which is a None in `received`."""
        is_sse = self.response.headers["content-type"].startswith(SSE)
        separator, pattern = (b"\n\n", rb"event: next\ndata: (.*)") if is_sse else (b"\r\n--graphql", rb"\{.*")
        rest = b""
        with suppress(httpx.HTTPError):
            async for chunk in self.response.aiter_raw():
                self.text += chunk
                *whole, rest = (rest + chunk).split(separator)
                for body in [json.loads(match[match.re.groups]) for part in whole if (match := re.search(pattern, part))]:
                    if body:
                        self.received.put_nowait(body)
        self.received.put_nowait(None)


@asynccontextmanager
async def opened(
    server: str, viewer: Viewer, *, accept: str = SSE, document: str = DOCUMENT, lifetime: float = 3600, **variables: Any
) -> AsyncIterator[OpenStream]:
    headers = {"Authorization": f"Bearer {token(viewer, lifetime=timedelta(seconds=lifetime))}", "Accept": accept}
    async with (
        httpx.AsyncClient(base_url=server, timeout=httpx.Timeout(60, pool=None), limits=httpx.Limits(max_connections=None)) as http,
        http.stream("POST", "/graphql", json={"query": document, "variables": variables}, headers=headers) as response,
    ):
        stream = OpenStream(response)
        reading = asyncio.create_task(stream.read())
        try:
            yield stream
        finally:
            reading.cancel()
            await asyncio.wait({reading})


def code_of(message: Any) -> str:
    return str(message["errors"][0]["extensions"]["code"])


def live(message: Any) -> Any:
    return message["data"]["events"]


@contextmanager
def process(urls: embedded.Urls, folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address."""
    settings = {
        "PORTICO_DATABASE_URL": urls.admin,
        "PORTICO_TOKEN_SECRET": SECRET,
        "PORTICO_DATA_DIR": str(folder),
        "PORTICO_LOG_LEVEL": "WARNING",
        "PORTICO_DRAIN_SECONDS": "1",
        **environment,
    }
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0"]
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout
        try:
            yield running, next(line for line in running.stdout if line.startswith("READY")).split()[1].removesuffix("/graphql")
        finally:
            running.kill()
