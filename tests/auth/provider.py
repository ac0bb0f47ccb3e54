"""The JWKS URL of an OpenID provider on a real socket, with the faults that the tests choose."""

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.http.serving.server import listen
from tests.conftest import Threaded


@dataclass
class Provider:
    """A provider: `mode` is the kind of the next answer, `fetches` the number of requests."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    mode: str = "keys"
    fetches: int = 0
    url: str = ""

    @property
    def body(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode()

    async def answer(self, _: Request) -> Response:
        self.fetches += 1
        match self.mode:
            case "500":
                return Response(self.body, 500)
            case "html":
                return Response("<!doctype html><title>Sign in</title>", media_type="text/html")
            case "redirect":
                return RedirectResponse(f"{self.url}?again")
            case "gzip":
                return Response(gzip.compress(self.body), headers={"Content-Encoding": "gzip"})
            case "hang":
                await asyncio.sleep(60)
            case "slow":
                await asyncio.sleep(0.7)
            case "drip" | "huge":
                return StreamingResponse(self._endless())
        return Response(self.body, media_type="application/json")

    async def _endless(self) -> AsyncIterator[bytes]:
        """Send 10 MB at once, or single bytes slowly; both end as a JWK Set."""
        size, pause = (2**16, 0.0) if self.mode == "huge" else (1, 0.5)
        for _ in range(160):
            yield b" " * size
            await asyncio.sleep(pause)
        yield self.body


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    listener = listen("127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{listener.getsockname()[1]}/jwks.json"
    app = Starlette(routes=[Route("/jwks.json", provider.answer)])
    server = Threaded(uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield provider
    server.should_exit = True
    thread.join(10)
