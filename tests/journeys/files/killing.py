"""A program that kills its child processes: each sends one request and is killed (or cancelled) at the first await, some awaits later, … until one completes.

After each child the same request is sent again, as a client would, then the sweep runs, and rows and objects must agree.
"""

import asyncio
import functools
import hashlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

import schema as portal_schema
from billing.states import Actor
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents import sync
from gateway.wiring import app as application
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import bucket_of
from jobs.attachments import sweep
from resolvers.documents.publishing import DocumentValidator, ValidationResult
from tests.callers.posting import group, headers
from tests.conftest import ADA, ISSUER
from tests.journeys.files.test_direct_uploads import COMPLETE, CREATE, DELETE
from tests.samples import pdf

CONTENTS = [pdf(700_000), pdf(30_000)]

# Created once before the children are forked: this takes longer than the work of the children.
portal_schema.build = functools.cache(portal_schema.build)
application.revisions = functools.cache(application.revisions)
judged: dict[str, ValidationResult] = {}


def judge_new(texts: Sequence[str], judge: DocumentValidator) -> list[ValidationResult]:
    judged.update((text, judge(text)) for text in texts if text not in judged)
    return [judged[text] for text in texts]


sync.validate_all = judge_new


class Interrupted:
    """Run a coroutine and call `strike` at the await of that number."""

    def __init__(self, work: Awaitable[Any], strike_at: int, *, strike: Callable[[], None]) -> None:
        self._work, self._strike_at, self._strike = work, strike_at, strike

    def __await__(self) -> Iterator[Any]:
        inner = self._work.__await__()
        step, result = inner.send, None
        count = 0
        while True:
            try:
                waited = step(result)
            except StopIteration as end:
                return end.value
            count += 1
            step, result = inner.send, None
            try:
                if count == self._strike_at:
                    self._strike()
                result = yield waited
            except BaseException as error:  # what is thrown in reaches the inner coroutine, as `await` would have it
                step, result = inner.throw, error


def kill_process() -> None:
    os._exit(9)


STRUCK: list[str] = []


def cancel() -> None:
    """Cancel the task. The request is still answered, with 503."""
    STRUCK.append("canceled")
    asyncio.current_task().cancel()


@dataclass
class World:
    """The state that all children share."""

    admin: str
    app: str
    settings: Settings
    invoice: str = ""
    prepared: Any = None
    nonce: str = field(default_factory=lambda: os.urandom(8).hex())


@asynccontextmanager
async def serving(world: World):
    """The whole application, without a socket."""
    app = create_app(Setup(world.settings, world.app, ISSUER, {}, url="http://here"))
    orders: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, orders.get, said.put))
    await orders.put({"type": "lifespan.startup"})
    await said.get()
    yield app
    await orders.put({"type": "lifespan.shutdown"})
    await life


async def call(app: Any, body: bytes, sent: dict[str, str], strike_at: int = 0, strike: Callable[[], None] = kill_process) -> Any:
    """Send one request, whose body comes in small pieces, and return the answer."""
    pieces = [body[at : at + 250_000] for at in range(0, len(body), 250_000)]
    answer = bytearray()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)} if pieces else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answer.extend(message.get("body", b""))

    listed = [(name.lower().encode(), value.encode()) for name, value in {"Host": "127.0.0.1", **sent}.items()]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": listed, "client": ("127.0.0.1", 1), "scheme": "http"}
    scope |= {"server": ("here", 80), "http_version": "1.1", "asgi": {"version": "3.0"}, "raw_path": b"/graphql", "root_path": ""}
    await Interrupted(app(scope, receive, send), strike_at, strike=strike)
    return json.loads(answer)


async def ask(app: Any, query: str, variables: Any, **strikes: Any) -> Any:
    sent = headers() | {"Content-Type": "application/json"}
    return await call(app, json.dumps({"query": query, "variables": variables}).encode(), sent, **strikes)


async def upload(app: Any, world: World, name: str, **strikes: Any) -> Any:
    files = [(f"{number}.pdf", content) for number, content in enumerate(CONTENTS)]
    return await call(app, group(world.invoice, *files, key=name), headers(), **strikes)


async def announce(app: Any, world: World, name: str, **strikes: Any) -> Any:
    files = [
        {"fileName": f"{number}.pdf", "contentType": "application/pdf", "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for number, content in enumerate(CONTENTS)
    ]
    return await ask(app, CREATE, {"input": {"parentId": world.invoice, "files": files, "idempotencyKey": name}}, **strikes)


async def complete(app: Any, world: World, name: str, **strikes: Any) -> Any:
    return await ask(app, COMPLETE, {"ids": world.prepared}, **strikes)


async def delete(app: Any, world: World, name: str, **strikes: Any) -> Any:
    return await ask(app, DELETE, {"id": world.prepared[0]}, **strikes)


async def sent(app: Any, world: World) -> list[str]:
    """Announce and send files, and return their ids, for completion."""
    made = (await announce(app, world, os.urandom(8).hex()))["data"]["createAttachmentUploads"]["uploads"]
    bucket = bucket_of(world.settings, "", b"")
    for made_upload, content in zip(made, CONTENTS, strict=True):
        await bucket.put({item["name"]: item["value"] for item in made_upload["fields"]}["key"], chunks(content), "application/pdf")
    await bucket.close()
    return [made_upload["attachment"]["id"] for made_upload in made]


async def attached(app: Any, world: World) -> list[str]:
    return [attachment["id"] for attachment in (await upload(app, world, os.urandom(8).hex()))["data"]["uploadAttachments"]["attachments"]]


async def chunks(content: bytes):
    yield content


# The requests, their preparation, and the number of files that are stored after one execution.
JOURNEYS = {"upload": (upload, None, 2), "announce": (announce, None, 0), "complete": (complete, sent, 2), "delete": (delete, attached, 1)}


async def child(world: World, journey: str, number: int, strike: Callable[[], None]) -> None:
    async with serving(world) as app:
        with suppress(asyncio.CancelledError):
            await JOURNEYS[journey][0](app, world, f"{world.nonce} {number}", strike_at=number, strike=strike)
    if not STRUCK:
        os._exit(0)


async def between(world: World, journey: str, ended: str | None) -> None:
    """After a child: send the request again as a client without an answer would, and check the result. Then prepare the next child."""
    action, needs, _ = JOURNEYS[journey]
    async with serving(world) as app:
        if ended:
            again = await action(app, world, ended)
            assert "errors" not in again, again
            await judge(world, journey)
        if needs:
            world.prepared = await needs(app, world)


async def judge(world: World, journey: str) -> None:
    """Sweep, then assert that rows and objects agree and that the request was executed once."""
    pool = Database(world.app, Pool(), server_settings={})
    await pool.connect()
    bucket = bucket_of(world.settings, "", b"")
    now = datetime.now(UTC)
    await sweep(UnitOfWork(pool, Caller(None, Actor.SYSTEM, now)), bucket, now=now + timedelta(hours=26))
    await pool.disconnect()
    await bucket.close()
    admin = await asyncpg.connect(world.admin, server_settings={"search_path": "portico"})
    rows = await admin.fetch("select object_key, status from attachment where invoice_id = $1", world.invoice)
    loose = await admin.fetchval("select count(*) from loose_object")
    async with admin.transaction():
        await admin.execute("set local app.actor = 'CUSTOMER'")
        await admin.execute(f"set local app.customer_id = '{ADA.customer_id}'")
        await admin.execute("delete from attachment where customer_id = $1 and invoice_id = $2", ADA.customer_id, world.invoice)
    await admin.close()
    assert loose == 0, "objects are loose after the sweep"
    assert {row["status"] for row in rows} <= {"STORED"}, rows
    assert len(rows) == JOURNEYS[journey][2], f"{len(rows)} files are there"
    assert {row["object_key"] for row in rows} == objects(world), "rows and objects differ"
    empty(world)


def objects(world: World) -> set[str]:
    if world.settings.s3_bucket:
        return store(world).keys()
    root = world.settings.data_dir / "bucket"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def empty(world: World) -> None:
    if world.settings.s3_bucket:
        store(world).empty()
    for path in (world.settings.data_dir / "bucket").rglob("*.pdf" if world.settings.s3_bucket else "*"):
        if path.is_file():
            path.unlink()


def store(world: World) -> Any:
    from tests.servers.s3 import Store

    return Store("moto", int(str(world.settings.s3_endpoint).rpartition(":")[2]))


def strike_once(world: World, journey: str, number: int, strike: Callable[[], None]) -> bool:
    """Run one child and return whether it completed."""
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(child(world, journey, number, strike))
        except BaseException:  # a child must never continue with the parent's code
            os._exit(7)
        os._exit(9)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, 9), f"{journey} {strike.__name__} {number}: the child ended with {status}"
    return status == 0


def main(admin: str, app: str, data_dir: str, journey: str, how: str, s3: str) -> None:
    strike = {"die": kill_process, "cancel": cancel}[how]
    world = World(admin, app, Settings(data_dir=Path(data_dir), **json.loads(s3)), invoice=sys.argv[7])
    portal_schema.build()
    asyncio.run(between(world, journey, None))
    every, seed = int(sys.argv[8]), int(sys.argv[9])
    number, is_through = 1 + seed % every, False
    while not is_through:
        is_through = strike_once(world, journey, number, strike)
        try:
            asyncio.run(between(world, journey, f"{world.nonce} {number}"))
        except AssertionError as error:
            raise SystemExit(f"{journey}, {how} at await {number}: {error}") from error
        number += every
    print(number)


if __name__ == "__main__":
    main(*sys.argv[1:7])
