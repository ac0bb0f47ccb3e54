"""Built files of a page: sent as they were compressed at the build, and cached for ever where their names have a hash of their content."""

import mimetypes
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from gateway.http.negotiation.compression import coding_of

# The files beside each file, by their codings.
SUFFIXES = {"br": ".br", "gzip": ".gz"}
# The folder of the files whose names change with their content.
HASHED = "assets/"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"


class Assets(StaticFiles):
    """The files of a folder, each with these headers."""

    def __init__(self, directory: str, headers: Mapping[str, str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._headers = dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
            await send(message)

        await super().__call__(scope, receive, send_with_headers)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, compressed where the client accepts it and the build made it. Raises HTTPException for a file that is not there."""
        coding = coding_of(Headers(scope=scope).get("accept-encoding"))
        response = await self._compressed(path, coding, scope) if coding else None
        response = response or await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = IMMUTABLE if path.startswith(HASHED) and response.status_code < 400 else REVALIDATED
        return response

    async def _compressed(self, path: str, coding: str, scope: Scope) -> Response | None:
        try:
            response = await super().get_response(path + SUFFIXES[coding], scope)
        except HTTPException:
            return None
        response.headers["Content-Encoding"] = coding
        response.headers["Content-Type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return response
