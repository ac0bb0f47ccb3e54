"""Sends a large body part by part, so that a client that does not read holds little memory, and not for ever."""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PART_BYTES = 64 * 1024


class InParts(Response):
    """A body that is in memory. The connection is closed when the client has not taken it within `seconds`."""

    def __init__(self, body: bytes, headers: Mapping[str, str], *, seconds: float) -> None:
        super().__init__(body, headers=headers)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with asyncio.timeout(self._seconds):
                for start in range(0, len(self.body), PART_BYTES):
                    await send({"type": "http.response.body", "body": self.body[start : start + PART_BYTES], "more_body": True})
        except TimeoutError:
            return  # the server closes a connection whose answer is not complete
        await send({"type": "http.response.body", "body": b""})
