"""GraphQL requests with files, by the multipart request specification. Its order of parts is required, so that caller and document are checked before a file is read.

https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request

from billing.files.attachments import MAX_FIELD_BYTES, MAX_REQUEST_BYTES
from gateway.http import requests
from gateway.http.capacity.flow import Flow
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.multipart import Body, BodyPart, Parts
from gateway.http.requests import GraphQLRequest, read_within
from gateway.http.responses import Answer, TransportError
from resolvers.attachments.upload_parts import IncomingFile, Upload

if TYPE_CHECKING:
    from gateway.http.graphql.state import RequestPolicy


def is_multipart(request: GraphQLHTTPRequest) -> bool:
    return request.media_type == "multipart/form-data" and request.method == "POST"


async def respond(request: Request, run: Callable[[GraphQLRequest], Awaitable[Answer]], policy: "RequestPolicy", *, flow: Flow) -> Answer:
    """Return the response to a request with files, which are read while it is executed. The fields before them have the time limit of any body. Raises TransportError."""
    body = Body(request, policy.upload_timeout, flow=flow)
    try:
        answer = await run(await read_within(_read(request, body), seconds=policy.authenticated.seconds))
    except TransportError as error:
        body.is_late = error.code == "REQUEST_TIMEOUT"
        error.headers |= await body.skip(2 * MAX_REQUEST_BYTES)
        error.discard_body = partial(body.drain, 2 * MAX_REQUEST_BYTES) if body.is_late else None
        raise
    answer.headers.update(await body.skip(2 * MAX_REQUEST_BYTES))
    answer.discard_body = partial(body.drain, 2 * MAX_REQUEST_BYTES) if body.is_late else None
    return answer


class MultipartUploadSource:
    """The files of one request, in the order in which they arrive."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.expected: dict[str, Upload] = {}

    async def next_file(self) -> IncomingFile:
        """Return the next file. Raises TransportError for a missing file, a part that is not in `map`, or a field in place of a file."""
        part = await self._parts.next()
        if part is None or part.name not in self.expected:
            raise _bad(f"Part `{part.name[:50]}` is not in `map`." if part else f"File `{next(iter(self.expected), '')[:50]}` is missing.")
        if part.file_name is None:
            raise _bad(f"Part `{part.name[:50]}` has no file name, so it is a field, not a file. Clients that stream need one, such as `filename=` in gql.")
        return IncomingFile(self.expected.pop(part.name), part.file_name, part.content_type, self._chunks(part))

    async def _chunks(self, part: BodyPart) -> AsyncIterator[bytes]:
        """Yield the chunks of a file. Raises TransportError if another part follows the last file."""
        async for chunk in part.chunks:
            yield chunk
        if not self.expected and (more := await self._parts.next()):
            raise _bad(f"Part `{more.name[:50]}` is not in `map`.")


async def _read(request: Request, body: Body) -> GraphQLRequest:
    """Read the fields, and return the request with an Upload at each path in `map`."""
    parts = Parts(body, request.headers["content-type"], MAX_REQUEST_BYTES)
    operations = await _field(parts, "operations")
    call = requests.request_of(operations, is_get=False)
    incoming = MultipartUploadSource(parts)
    for name, paths in _map(await _field(parts, "map")).items():
        incoming.expected[name] = Upload(name, incoming)
        _place(operations, paths, incoming.expected[name])
    return replace(call, variables=operations.get("variables") or {}, has_files=bool(incoming.expected))


async def _field(parts: Parts, name: str) -> Any:
    part = await parts.next()
    if part is None or part.name != name or part.file_name is not None:
        raise _bad("Send the fields `operations` and `map` first, in this order, and then the files.")
    text = await part.text(MAX_FIELD_BYTES)
    try:
        value = orjson.loads(text)
        # A repeated name is ambiguous, and `map` refers to names. orjson silently uses the last value, so Python's parser looks for repetitions.
        json.loads(text, object_pairs_hook=_once_each)
    except (orjson.JSONDecodeError, RecursionError):
        raise _bad(f"`{name}` is not valid JSON.") from None
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs. Raises TransportError for a repeated name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _bad("A name is repeated in one object of the request.")
    return members


def _map(value: Any) -> Mapping[str, list[str]]:
    if not isinstance(value, dict) or not all(isinstance(paths, list) and all(isinstance(path, str) for path in paths) for paths in value.values()):
        raise _bad("`map` must be an object of lists of paths.")
    if any(len(paths) != 1 for paths in value.values()):
        raise _bad("Every file in `map` belongs to one variable, because its bytes are sent once.")
    return value


def _place(operations: Any, paths: list[str], upload: Upload) -> None:
    """Put a file at its path, where the value must be null."""
    steps = paths[0].split(".")
    container = operations
    if steps[0] != "variables" or len(steps) < 2:
        raise _bad("A path in `map` begins with `variables.`.")
    try:
        for step in steps[:-1]:
            container = container[_key(container, step)]
        is_free = container[_key(container, steps[-1])] is None
    except (LookupError, TypeError):
        is_free = False
    if not is_free:
        raise _bad(f"`{paths[0][:100]}` cannot hold a file: the value there must be null.")
    container[_key(container, steps[-1])] = upload


def _key(container: Any, step: str) -> Any:
    """Return the key for a step of a path: an index in a list, a name in an object."""
    if isinstance(container, list):
        return int(step) if step.isascii() and step.isdecimal() and len(step) < 5 else None
    return step


def _bad(message: str) -> TransportError:
    return TransportError("BAD_REQUEST", message)
