"""Files over HTTP: downloads by signed URLs, and direct uploads into the local bucket."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from auth.jwt.tokens import OwnIssuer
from auth.urls.links import SignedUrl, parse_signed_url, secret_of
from billing.files.attachments import MAX_FILE_BYTES
from billing.rows.attachments import AttachmentObject
from billing.states import Actor
from db.blocks import blocks
from db.pool import Database
from db.unit_of_work import Caller, DatabaseUnavailable, SessionEnded, UnitOfWork
from gateway.http import responses
from gateway.http.capacity.admission import Admission, Overloaded
from gateway.http.capacity.allowance import Allowance
from gateway.http.capacity.callers import customer_key, link_key
from gateway.http.capacity.flow import Flow
from gateway.http.capacity.upload_timeout import UploadTimeout
from gateway.http.multipart import Body, BodyPart, Parts
from gateway.http.ranges import Unsatisfiable, header_of, ranges_of
from gateway.http.responses import ResponseFormat, TransportError
from gateway.http.statuses import JSON
from loaders import Loaders
from resolvers.context import Files
from storage.bucket import Bucket, BucketUnavailable, DeclaredFile
from storage.keys import owner_of
from storage.policies import FIELDS, PolicyRefused, check_policy

Clock = Callable[[], datetime]

# The path to which clients post files for the local bucket.
DIRECT = "/files/uploads"
# A file is never displayed as a page of this origin: browsers save it, under the type that was detected.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
# What is downloaded under a path, by the block that finds it.
PLACES = {"files": "attachments.place", "exports": "data_exports.place"}
MAX_FIELD_BYTES = 4096
INVALID_LINK = "This URL has expired or its signature is invalid. Request a new one."


@dataclass(frozen=True, slots=True)
class Direct:
    """The bucket of direct uploads, the secrets that sign their forms, and their places."""

    bucket: Bucket
    secrets: tuple[bytes, ...]
    admission: Admission


@dataclass(frozen=True, slots=True)
class FileBounds:
    """Places for downloads and for direct uploads, the downloads per customer and minute, and the time limit of an upload."""

    downloads: Admission
    allowance: Allowance
    uploads: Admission
    upload_timeout: UploadTimeout
    flow: Flow


def routes(database: Database, issuer: OwnIssuer, files: Files, clock: Clock, *, bounds: FileBounds) -> list[BaseRoute]:
    secrets = tuple(secret_of(key) for key in issuer.keys if key.signing is not None)

    async def download(request: Request, place: str) -> Response:
        link = parse_signed_url(request.path_params["id"], request.query_params, place)
        if not link.verify(secrets, now=clock()):
            return responses.refused("FORBIDDEN", INVALID_LINK, form())
        if seconds := await bounds.allowance.spend(f"{link.customer_id} {link.app}"):
            return responses.throttled("Too many downloads of files. Try again later.", seconds, form())
        try:
            # The place is for the look-up only: a client that reads its file slowly does not hold one.
            async with bounds.downloads.place(link_key(link.customer_id, link.app)):
                row = await _stored(link, database, clock())
                return await _signed_url(request, row, files, seconds=link.seconds_left(clock())) if row else missing()
        except SessionEnded:  # the app for which the URL was made is disabled
            return responses.refused("FORBIDDEN", INVALID_LINK, form())
        except (Overloaded, DatabaseUnavailable, BucketUnavailable) as error:
            return responses.outage(error, form())

    async def upload(request: Request) -> Response:
        body, direct = Body(request, bounds.upload_timeout, flow=bounds.flow), Direct(files.bucket, secrets, bounds.uploads)
        try:
            async with asyncio.timeout(bounds.upload_timeout.maximum_seconds(MAX_FILE_BYTES)):
                await _store_upload(request, body, direct, now=clock())
        except TransportError as error:
            error.headers |= await body.skip(MAX_FILE_BYTES)
            error.discard_body = partial(body.drain, MAX_FILE_BYTES) if body.is_late else None
            return responses.refused_request(error, form())
        except (Overloaded, BucketUnavailable, TimeoutError) as error:
            return responses.outage(error, form(), **await body.skip(MAX_FILE_BYTES))
        return Response(status_code=204, headers=HEADERS)

    uploads = [Route(DIRECT, upload, methods=["POST"])] if files.bucket.is_fed_by_us else []
    return [*uploads, *(Route(f"/{place}/{{id}}", partial(download, place=place), methods=["GET", "HEAD"]) for place in PLACES)]


def form() -> ResponseFormat:
    return ResponseFormat(JSON, "compat", token_hex(16))


def missing() -> Response:
    return responses.refused("NOT_FOUND", "There is no such file.", form())


async def _stored(link: SignedUrl, database: Database, now: datetime) -> AttachmentObject | None:
    """Return the current row of the file; None if the file has been deleted, or the export has expired, since the URL was made."""
    session = UnitOfWork(database, Caller(link.customer_id, Actor.CUSTOMER, now, app=link.app or None))
    try:
        row: AttachmentObject | None = await Loaders(session).one(blocks()[PLACES[link.place]]).load((link.customer_id, link.identifier))
    finally:
        await session.close()
    return row if row and row.status == "STORED" else None


async def _signed_url(request: Request, row: AttachmentObject, files: Files, *, seconds: int) -> Response:
    """Return the file, or a redirect to the bucket's URL. That URL is valid for GET only and expires with the gateway's own, so HEAD is answered from the row."""
    headers = {**HEADERS, "Accept-Ranges": "bytes", "Content-Type": row.content_type, "Content-Disposition": disposition(row.file_name)}
    address = await files.bucket.address(row.object_key, headers, seconds=seconds)
    if isinstance(address, Path):
        if (file := await run_in_threadpool(_stat, address)) is None:
            return missing()
        headers |= {"ETag": f'"{row.sha256}"', "Last-Modified": format_datetime(row.uploaded_at.astimezone(UTC), usegmt=True)}
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(row.size_bytes)})
    return RangeFileResponse(address, headers=headers, stat_result=file) if isinstance(address, Path) else RedirectResponse(address, 307, headers=HEADERS)


def _stat(path: Path) -> os.stat_result | None:
    return path.stat() if path.is_file() else None


class RangeFileResponse(FileResponse):
    """A file response that supports ranges, with stricter rules than Starlette's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        size = int(self.headers["content-length"])
        # Two Range headers are one list, which is not a valid Range.
        range_header = ", ".join(headers.getlist("range")) if headers.get("if-range", self.headers["etag"]) in self._validators() else None
        try:
            ranges = ranges_of(range_header, size)
        except Unsatisfiable:
            # An error of the request, so the headers about the file's content are left out.
            return await Response(status_code=416, headers={**HEADERS, "Accept-Ranges": "bytes", "Content-Range": f"bytes */{size}"})(scope, receive, send)
        others = [pair for pair in scope["headers"] if pair[0] not in (b"range", b"if-range")]
        canonical = [(b"range", header_of(ranges).encode())] if ranges else []
        await super().__call__({**scope, "headers": others + canonical}, receive, send)

    def _validators(self) -> tuple[str, str]:
        return self.headers["etag"], self.headers["last-modified"]


def disposition(file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266) with the name in UTF-8, and in ASCII for older clients."""
    plain = file_name.encode("ascii", "replace").decode().translate({ord(character): "_" for character in '"\\%?'})
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


async def _store_upload(request: Request, body: Body, direct: Direct, *, now: datetime) -> None:
    """Store one announced file, whose fields come first. Raises TransportError, Overloaded, BucketUnavailable."""
    parts = Parts(body, request.headers.get("content-type", ""), MAX_FILE_BYTES + 64 * 1024)
    fields: dict[str, str] = {}
    while (part := await parts.next()) and part.file_name is None:
        if part.name not in FIELDS or part.name in fields:
            raise TransportError("BAD_REQUEST", f"The field `{part.name[:50]}` is not one of the upload form's fields.")
        fields[part.name] = (await part.text(MAX_FIELD_BYTES)).decode("latin-1")
    if part is None or part.name != "file":
        raise TransportError("BAD_REQUEST", "The last field must be the file, named `file`.")
    try:
        announced = check_policy(fields, direct.secrets, now=now)
    except PolicyRefused as refusal:
        raise TransportError("FORBIDDEN", str(refusal)) from None
    async with direct.admission.place(customer_key(owner_of(announced.key))):
        await direct.bucket.put(announced.key, _checked_chunks(part, announced), announced.content_type)


async def _checked_chunks(part: BodyPart, announced: DeclaredFile) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in part.chunks:
        size += len(chunk)
        if size > announced.size_bytes:
            raise TransportError("CONTENT_TOO_LARGE", f"The file was announced with {announced.size_bytes} bytes.")
        yield chunk
    if size < announced.size_bytes:
        raise TransportError("BAD_REQUEST", f"The file was announced with {announced.size_bytes} bytes.")
