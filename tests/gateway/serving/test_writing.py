"""The head and the body of a response are one packet, and a head that nothing follows is sent all the same."""

import asyncio
import socket
from typing import Any

import httpx
import pytest
import uvicorn
import uvloop

from gateway.http.serving.protocol import Protocol
from gateway.http.serving.writing import HEAD, JOINED_BYTES

BODY = b'{"query":"{ __typename }"}'
REQUEST = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n%s\r\n"


@pytest.fixture
def client(server: str) -> socket.socket:
    url = httpx.URL(server)
    return socket.create_connection((url.host, url.port or 80), 10)


def test_each_response_arrives_in_one_piece(client: socket.socket) -> None:
    with client:
        for _ in range(40):
            client.sendall(REQUEST % (len(BODY), b"") + BODY)
            piece = client.recv(1 << 16)
            head, _, body = piece.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 ")
            assert f"content-length: {len(body)}".encode() in head.lower()
            assert body


def test_responses_without_a_body_and_those_before_the_end_of_a_connection_are_sent(client: socket.socket) -> None:
    with client:
        client.sendall(b"OPTIONS /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n\r\n")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 204 ")
        client.sendall(REQUEST % (len(BODY), b"Expect: 100-continue\r\n"))
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        client.sendall(BODY)
        assert b"\r\n\r\n{" in client.recv(1 << 16)
        client.sendall(REQUEST % (len(BODY), b"Connection: close\r\n") + BODY)
        pieces = []
        while piece := client.recv(1 << 16):
            pieces.append(piece)
        assert b"".join(pieces).count(b"HTTP/1.1 ") == 1
        assert b"".join(pieces).endswith(b"}")


@pytest.mark.parametrize("loop", [asyncio, uvloop])
@pytest.mark.parametrize("size", [1, JOINED_BYTES, 3 * JOINED_BYTES])
@pytest.mark.parametrize("kind", [bytes, memoryview])
async def test_bytes_of_any_size_and_type_arrive_in_their_order(size: int, kind: type, loop: Any) -> None:
    def served() -> bytes:
        return loop.run(answer())  # type: ignore[no-any-return]

    async def answer() -> bytes:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            length = str(2 * size + len(HEAD)).encode()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
            await send({"type": "http.response.body", "body": kind(b"a" * size), "more_body": True})
            await send({"type": "http.response.body", "body": kind(HEAD), "more_body": True})
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": kind(b"b" * size)})

        config = uvicorn.Config(app, http=Protocol, lifespan="off", log_config=None)
        config.load()
        state = uvicorn.server.ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n")
        received = await reader.read()
        writer.close()
        server.close()
        return received

    _, _, body = (await asyncio.to_thread(served)).partition(b"\r\n\r\n")
    assert body == b"a" * size + HEAD + b"b" * size
