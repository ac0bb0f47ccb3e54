"""The head and the body of a response are one packet, and a head that nothing follows is sent all the same."""

import socket

import httpx
import pytest

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
