"""Sends a large body in chunks, so that a client that reads slowly holds little memory, and for a limited time."""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 64 * 1024


class ChunkedResponse(Response):
    """A response whose body is in memory. The connection is closed if the client has not read it within `seconds`."""

    def __init__(self, body: bytes, headers: Mapping[str, str], *, seconds: float) -> None:
        super().__init__(body, headers=headers)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with asyncio.timeout(self._seconds):
                for start in range(0, len(self.body), CHUNK_BYTES):
                    await send({"type": "http.response.body", "body": self.body[start : start + CHUNK_BYTES], "more_body": True})
        except TimeoutError:
            return  # the server closes a connection whose response is not complete
        await send({"type": "http.response.body", "body": b""})
