"""GraphQL calls that bring files: the multipart request specification, in its order, so that caller and document are judged before a file's bytes are read.

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
from gateway.http.requests import GraphQLRequest, arrived
from gateway.http.responses import Answer, TransportError
from resolvers.attachments.upload_parts import IncomingFile, Upload

if TYPE_CHECKING:
    from gateway.http.graphql.state import RequestPolicy


def is_multipart(request: GraphQLHTTPRequest) -> bool:
    return request.media_type == "multipart/form-data" and request.method == "POST"


async def respond(request: Request, run: Callable[[GraphQLRequest], Awaitable[Answer]], terms: "RequestPolicy", *, flow: Flow) -> Answer:
    """The answer to a call with files, whose bytes are read while it runs. What stands before them has as long to come as any body. Raises TransportError."""
    body = Body(request, terms.patience, flow=flow)
    try:
        answer = await run(await arrived(_read(request, body), seconds=terms.authenticated.seconds))
    except TransportError as error:
        body.is_late = error.code == "REQUEST_TIMEOUT"
        error.headers |= await body.skip(2 * MAX_REQUEST_BYTES)
        error.rest = partial(body.drain, 2 * MAX_REQUEST_BYTES) if body.is_late else None
        raise
    answer.headers.update(await body.skip(2 * MAX_REQUEST_BYTES))
    answer.rest = partial(body.drain, 2 * MAX_REQUEST_BYTES) if body.is_late else None
    return answer


class MultipartUploadSource:
    """The files of one request, in the order in which they come."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.expected: dict[str, Upload] = {}

    async def next_file(self) -> IncomingFile:
        """Raises TransportError for a file that is missing, that nobody asked for, or that is none."""
        part = await self._parts.next()
        if part is None or part.name not in self.expected:
            raise _bad(f"Part `{part.name[:50]}` stands nowhere in `map`." if part else f"File `{next(iter(self.expected), '')[:50]}` is missing.")
        if part.file_name is None:
            raise _bad(
                f"Part `{part.name[:50]}` has no file name, so it is a field and no file. Clients that stream must be told one, such as `filename=` in gql."
            )
        return IncomingFile(self.expected.pop(part.name), part.file_name, part.content_type, self._chunks(part))

    async def _chunks(self, part: BodyPart) -> AsyncIterator[bytes]:
        """With the last file the body must end, or the request is not what it says to be."""
        async for chunk in part.chunks:
            yield chunk
        if not self.expected and (more := await self._parts.next()):
            raise _bad(f"Part `{more.name[:50]}` stands nowhere in `map`.")


async def _read(request: Request, body: Body) -> GraphQLRequest:
    """The call, with an Upload wherever `map` says that a file belongs."""
    parts = Parts(body, request.headers["content-type"], MAX_REQUEST_BYTES)
    operations = await _field(parts, "operations")
    call = requests.checked(operations, is_get=False)
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
        # A repeated name is ambiguous, and `map` refers to names. orjson takes the last value silently, so Python's parser looks for repetitions.
        json.loads(text, object_pairs_hook=_once_each)
    except (orjson.JSONDecodeError, RecursionError):
        raise _bad(f"`{name}` is not valid JSON.") from None
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises TransportError for a repeated name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _bad("A name is repeated in one object of the request.")
    return members


def _map(given: Any) -> Mapping[str, list[str]]:
    if not isinstance(given, dict) or not all(isinstance(paths, list) and all(isinstance(path, str) for path in paths) for paths in given.values()):
        raise _bad("`map` must be an object of lists of paths.")
    if any(len(paths) != 1 for paths in given.values()):
        raise _bad("Every file in `map` belongs to one variable: its bytes come once.")
    return given


def _place(operations: Any, paths: list[str], upload: Upload) -> None:
    """Put a file where its path says; there must be a null."""
    steps = paths[0].split(".")
    holder = operations
    if steps[0] != "variables" or len(steps) < 2:
        raise _bad("A path in `map` begins with `variables.`.")
    try:
        for step in steps[:-1]:
            holder = holder[_key(holder, step)]
        is_free = holder[_key(holder, steps[-1])] is None
    except (LookupError, TypeError):
        is_free = False
    if not is_free:
        raise _bad(f"`{paths[0][:100]}` is no place for a file: there must be a null.")
    holder[_key(holder, steps[-1])] = upload


def _key(holder: Any, step: str) -> Any:
    """What a step of a path means where it is taken: an index in a list, a name in an object."""
    if isinstance(holder, list):
        return int(step) if step.isascii() and step.isdecimal() and len(step) < 5 else None
    return step


def _bad(message: str) -> TransportError:
    return TransportError("BAD_REQUEST", message)
