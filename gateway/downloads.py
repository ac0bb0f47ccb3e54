"""Files over HTTP: downloads by signed addresses, and direct uploads into the local bucket."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from auth.links import Asked, asked_of, secret_of
from auth.tokens import Issuer
from billing.attachments import MAX_FILE_BYTES
from billing.states import Actor
from db.blocks import blocks
from db.pool import Database
from db.session import Caller, DatabaseUnavailable, Session, SessionEnded
from gateway import answers
from gateway.admission import Admission, Overloaded
from gateway.allowance import Allowance
from gateway.answers import Form, TransportError
from gateway.callers import customer_key, link_key
from gateway.calls import arrived
from gateway.files import DIRECT
from gateway.multipart import Body, Part, Parts
from gateway.statuses import JSON
from loaders import Loaders
from resolvers.context import Files
from storage.bucket import Announced, BucketUnavailable
from storage.keys import owner_of
from storage.local import Local
from storage.policies import FIELDS, PolicyRefused, judge

Clock = Callable[[], datetime]

# A file is never a page of ours, whatever it contains: it is saved, not shown, under the type that we found.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
MAX_FIELD_BYTES = 4096
NOT_GOOD = "This URL has expired or its signature is invalid. Request a new one."


@dataclass(frozen=True, slots=True)
class Direct:
    """Where direct uploads go, what signs them, and their places."""

    bucket: Local
    secret: bytes
    admission: Admission


@dataclass(frozen=True, slots=True)
class FileBounds:
    """Places for downloads and for direct uploads, how many downloads of a customer may begin in a minute, and how long one of these may take to arrive."""

    downloads: Admission
    allowance: Allowance
    uploads: Admission
    upload_seconds: float


def routes(database: Database, issuer: Issuer, files: Files, clock: Clock, *, bounds: FileBounds) -> list[BaseRoute]:
    secrets = tuple(secret_of(key) for key in issuer.keys if key.signing is not None)

    async def download(request: Request) -> Response:
        asked = asked_of(request.path_params["id"], request.query_params, "files")
        if not asked.holds(secrets, now=clock()):
            return answers.refused("FORBIDDEN", NOT_GOOD, form())
        if seconds := await bounds.allowance.spend(f"{asked.customer_id} {asked.app}"):
            return answers.refused("THROTTLED", "Too many downloads of files. Try again later.", form(), **{"Retry-After": str(seconds)})
        try:
            # The place is for the look-up: a client that reads its file slowly holds none.
            async with bounds.downloads.place(link_key(asked.customer_id, asked.app)):
                return await _given(asked, database, files, clock())
        except SessionEnded:  # the app that the address was made for is disabled
            return answers.refused("FORBIDDEN", NOT_GOOD, form())
        except (Overloaded, DatabaseUnavailable, BucketUnavailable) as error:
            return answers.outage(error, form())

    async def upload(request: Request) -> Response:
        assert isinstance(files.bucket, Local)
        body, direct = Body(request), Direct(files.bucket, secrets[0], bounds.uploads)
        try:
            await arrived(_take(request, body, direct, now=clock()), seconds=bounds.upload_seconds)
        except TransportError as error:
            return answers.refused(error.code, str(error), form(), **(error.headers | await body.skip(MAX_FILE_BYTES)))
        except (Overloaded, BucketUnavailable) as error:
            return answers.outage(error, form(), **await body.skip(MAX_FILE_BYTES))
        return Response(status_code=204, headers=HEADERS)

    uploads = [Route(DIRECT, upload, methods=["POST"])] if isinstance(files.bucket, Local) else []
    return [*uploads, Route("/files/{id}", download, methods=["GET", "HEAD"])]


def form() -> Form:
    return Form(JSON, "compat", token_hex(16))


async def _given(asked: Asked, database: Database, files: Files, now: datetime) -> Response:
    """The file as it is now: it may have been deleted since the address was made. What the bucket signs is good no longer than our own address."""
    session = Session(database, Caller(asked.customer_id, Actor.CUSTOMER, now, app=asked.app or None))
    try:
        found = await Loaders(session).one(blocks()["attachments.place"]).load((asked.customer_id, asked.identifier))
    finally:
        await session.close()
    if found is None or found.status != "STORED":
        return answers.refused("NOT_FOUND", "There is no such file.", form())
    headers = {**HEADERS, "Content-Type": found.content_type, "Content-Disposition": disposition(found.file_name)}
    address = await files.bucket.address(found.object_key, headers, seconds=asked.seconds_left(now))
    if not isinstance(address, Path):
        return RedirectResponse(address, 307, headers=HEADERS)
    if not address.is_file():
        return answers.refused("NOT_FOUND", "There is no such file.", form())
    return FileResponse(address, headers=headers)


def disposition(file_name: str) -> str:
    """RFC 6266: the name in UTF-8, and in ASCII for who does not read that."""
    plain = file_name.encode("ascii", "replace").decode().translate({ord(character): "_" for character in '"\\%?'})
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


async def _take(request: Request, body: Body, direct: Direct, *, now: datetime) -> None:
    """One announced file, its fields first. Raises TransportError, Overloaded, BucketUnavailable."""
    parts = Parts(body, request.headers.get("content-type", ""), MAX_FILE_BYTES + 64 * 1024)
    given: dict[str, str] = {}
    while (part := await parts.next()) and part.file_name is None:
        if part.name not in FIELDS or part.name in given:
            raise TransportError("BAD_REQUEST", f"The field `{part.name[:50]}` is not one of the upload form's fields.")
        given[part.name] = (await part.text(MAX_FIELD_BYTES)).decode("latin-1")
    if part is None or part.name != "file":
        raise TransportError("BAD_REQUEST", "The last field must be the file, named `file`.")
    try:
        announced = judge(given, direct.secret, now=now)
    except PolicyRefused as refused:
        raise TransportError("FORBIDDEN", str(refused)) from None
    async with direct.admission.place(customer_key(owner_of(announced.key))):
        await direct.bucket.put(announced.key, _counted(part, announced), announced.content_type)


async def _counted(part: Part, announced: Announced) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in part.chunks:
        size += len(chunk)
        if size > announced.size_bytes:
            raise TransportError("CONTENT_TOO_LARGE", f"The file was announced with {announced.size_bytes} bytes.")
        yield chunk
    if size < announced.size_bytes:
        raise TransportError("BAD_REQUEST", f"The file was announced with {announced.size_bytes} bytes.")
