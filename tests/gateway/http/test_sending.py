"""A large body goes out part by part, and a client that does not take it keeps nothing for ever."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from gateway.http.chunked_body import CHUNK_BYTES, ChunkedResponse


async def sent(response: ChunkedResponse, *, takes: int) -> list[Message]:
    """What was sent to a client that takes so many messages and then no more."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        if len(messages) >= takes:
            await asyncio.Event().wait()
        messages.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read while a body is sent")

    await response({"type": "http"}, receive, send)
    return messages


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
async def test_the_parts_make_the_body_and_the_length_is_told(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    start, *parts = await sent(ChunkedResponse(body[:size], {"Content-Type": "text/csv"}, seconds=5), takes=100)
    assert dict(start["headers"])[b"content-length"] == str(size).encode()
    assert dict(start["headers"])[b"content-type"] == b"text/csv"
    assert b"".join(part["body"] for part in parts) == body[:size]
    assert max(len(part["body"]) for part in parts) <= CHUNK_BYTES
    assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]


async def test_a_body_that_is_not_taken_in_time_is_given_up_unfinished() -> None:
    messages = await asyncio.wait_for(sent(ChunkedResponse(bytes(5 * CHUNK_BYTES), {}, seconds=0.05), takes=3), 5)
    assert len(messages) == 3
    assert messages[-1]["more_body"] is True
