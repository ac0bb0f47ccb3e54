"""The protocol graphql-transport-ws: its messages, its close codes, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from auth.viewer import Viewer
from gateway.documents.document_cache import first_party
from resolvers.documents.manifests import id_of
from tests.conftest import token
from tests.gateway.live.streaming import DOCUMENT, add_customer, add_session, live, rename

PROTOCOL = "graphql-transport-ws"


@asynccontextmanager
async def socket(server: str, *, protocol: str | None = PROTOCOL, **options: Any) -> AsyncIterator[ClientConnection]:
    protocols = [protocol] if protocol else None
    async with connect(f"{server.replace('http', 'ws', 1)}/graphql", subprotocols=protocols, max_size=None, max_queue=None, **options) as connection:  # type: ignore[arg-type]
        yield connection


async def send(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def receive(connection: ClientConnection, seconds: float = 15) -> Any:
    async with asyncio.timeout(seconds):
        return json.loads(await connection.recv())


async def closed(connection: ClientConnection, seconds: float = 15) -> int | None:
    """Return the code with which the server closes the connection."""
    async with asyncio.timeout(seconds):
        await connection.wait_closed()
    return connection.close_code


async def initialise(connection: ClientConnection, viewer: Viewer, *, lifetime: float = 3600) -> None:
    await send(connection, type="connection_init", payload={"Authorization": f"Bearer {token(viewer, lifetime=timedelta(seconds=lifetime))}"})
    assert await receive(connection) == {"type": "connection_ack"}


async def test_a_stream_and_a_query_share_a_connection(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with socket(server) as connection:
        await initialise(connection, grace)
        await send(connection, id="1", type="subscribe", payload={"query": DOCUMENT})
        first = await receive(connection)
        assert (first["id"], first["type"], live(first["payload"])["event"]) == ("1", "next", None)
        await send(connection, id="2", type="subscribe", payload={"query": "{ customer { name } }"})
        assert await receive(connection) == {"id": "2", "type": "next", "payload": {"data": {"customer": {"name": "Grace Hopper"}}}}
        assert await receive(connection) == {"id": "2", "type": "complete"}
        await rename(admin, grace, "Changed")
        assert live((await receive(connection))["payload"])["customer"]["name"] == "Changed"
        await send(connection, id="1", type="complete")
        await send(connection, type="ping")
        assert await receive(connection) == {"type": "pong"}
        await rename(admin, grace, "Not sent")
        with pytest.raises(TimeoutError):
            await receive(connection, 1)


async def test_a_document_is_named_by_its_id(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with socket(server) as connection:
        await initialise(connection, grace)
        await send(connection, id="1", type="subscribe", payload={"query": "", "documentId": id_of(first_party()["Profile"])})
        assert (await receive(connection))["payload"]["data"]["customer"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"), ({"query": "{"}, "GRAPHQL_PARSE_FAILED"), ({}, "BAD_PARAMETERS"),
     ({"query": "{ a " * 50 + "{ b " + "}" * 51}, "LIMIT_EXCEEDED")],
)  # fmt: skip
async def test_an_operation_that_is_refused_ends_with_its_code_and_the_connection_goes_on(
    server: str, admin: asyncpg.Connection, payload: dict[str, Any], code: str
) -> None:
    grace = await add_customer(admin)
    async with socket(server) as connection:
        await initialise(connection, grace)
        await send(connection, id="1", type="subscribe", payload=payload)
        message = await receive(connection)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        await send(connection, id="1", type="subscribe", payload={"query": "{ customer { name } }"})
        assert (await receive(connection))["type"] == "next"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", 4400),
        ("[]", 4400),
        ('{"type":"start"}', 4400),
        (b"binary", 4400),
        ('{"type":"subscribe","payload":{}}', 4400),
        ('{"type":"subscribe","id":"2","payload":[]}', 4400),
        ('{"type":"connection_init"}', 4429),
        ('{"type":"subscribe","id":"1","payload":{"query":"{ customer { name } }"}}', 4409),
        ("x" * 2**20, 1009),
    ],
)
async def test_bad_messages_close_the_connection_with_their_code(server: str, admin: asyncpg.Connection, text: str | bytes, code: int) -> None:
    grace, other = await add_customer(admin), await add_customer(admin)
    async with socket(server) as connection, socket(server) as neighbour:
        await initialise(connection, grace)
        await initialise(neighbour, other)
        await send(connection, id="1", type="subscribe", payload={"query": DOCUMENT})
        await receive(connection)
        await connection.send(text)
        assert await closed(connection) == code
        await send(neighbour, type="ping")
        assert await receive(neighbour) == {"type": "pong"}


async def test_who_floods_is_disconnected(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with socket(server) as connection:
        await initialise(connection, grace)
        for _ in range(300):
            await connection.send('{"type":"ping"}')
        assert await closed(connection) == 4429


async def test_who_never_initialises_is_disconnected(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.websocket.connection.INIT_SECONDS", 0.5)
    async with socket(server) as connection:
        assert await closed(connection) == 4408


async def test_who_subscribes_before_the_acknowledgement_is_disconnected(server: str) -> None:
    async with socket(server) as connection:
        await send(connection, id="1", type="subscribe", payload={"query": DOCUMENT})
        assert await closed(connection) == 4401


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer nonsense"}, {"headers": {"authorization": 5}}, None])
async def test_a_connection_without_a_valid_token_is_forbidden(server: str, payload: Any) -> None:
    async with socket(server) as connection:
        await send(connection, type="connection_init", payload=payload)
        assert await closed(connection) == 4403


async def test_a_connection_of_another_protocol_is_closed(server: str) -> None:
    async with socket(server, protocol="graphql-ws") as connection:
        assert await closed(connection) == 4406


async def test_pages_of_other_origins_open_no_socket(server: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with socket(server, origin="https://evil.example"):
            pass
    async with socket(server, origin=server):
        pass


async def test_a_connection_closes_with_its_session_and_with_its_token(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_session(admin, await add_customer(admin))
    async with socket(server) as connection:
        await initialise(connection, grace)
        await send(connection, id="1", type="subscribe", payload={"query": DOCUMENT})
        await receive(connection)
        await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", grace.session_id)
        assert (await receive(connection, 3))["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await closed(connection) == 4403
    async with socket(server) as connection:
        await initialise(connection, await add_customer(admin), lifetime=-27)
        await send(connection, id="1", type="subscribe", payload={"query": DOCUMENT})
        await receive(connection)
        assert (await receive(connection, 30))["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await closed(connection) == 4403


async def test_a_session_has_so_many_streams_also_by_websocket(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_session(admin, await add_customer(admin))
    async with socket(server) as connection:
        await initialise(connection, grace)
        for number in range(6):
            await send(connection, id=str(number), type="subscribe", payload={"query": DOCUMENT})
        messages = [await receive(connection) for _ in range(6)]
    assert sorted(message["type"] for message in messages) == ["error"] + ["next"] * 5
