"""A proxy of an S3 server that answers one kind of request with an error and forwards all others."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

# The requests that Portico sends, by method and query.
OPERATIONS = {
    "ListMultipartUploads": r"GET /[^/ ]+/?\?(.*&)?uploads[=& ]",
    "CreateMultipartUpload": r"POST \S+\?(.*&)?uploads[=& ]",
    "UploadPart": r"PUT \S+\?(.*&)?partNumber=",
    "CompleteMultipartUpload": r"POST \S+\?(.*&)?uploadId=",
    "AbortMultipartUpload": r"DELETE \S+\?(.*&)?uploadId=",
    "PutObject": r"PUT [^ ?]+ ",
    "GetObject": r"GET /[^/ ]+/[^ ]+ ",
    "DeleteObject": r"DELETE [^ ?]+ ",
}


@dataclass(frozen=True)
class Fault:
    """An answer of this status with a body; status 0 closes the connection instead, and status -1 never answers."""

    status: int
    body: str = ""
    content_type: str = "application/xml"


def _error(status: int, code: str) -> Fault:
    return Fault(status, f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>made by a test</Message></Error>")


FAULTS = {
    "NotImplemented": _error(501, "NotImplemented"),
    "NoSuchUpload": _error(404, "NoSuchUpload"),
    "NoSuchKey": _error(404, "NoSuchKey"),
    "NoSuchBucket": _error(404, "NoSuchBucket"),
    "AccessDenied": _error(403, "AccessDenied"),
    "MethodNotAllowed": _error(405, "MethodNotAllowed"),
    "SlowDown": _error(503, "SlowDown"),
    "500 with text": Fault(500, "no XML at all", "text/plain"),
    "200 with text": Fault(200, "<html>a login page</html>", "text/html"),
    "closed": Fault(0),
    "silent": Fault(-1),
}


@dataclass
class FaultyProxy:
    """The state of the proxy: `faults` by operation, and `seen`, the operations in the order of the requests."""

    port: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)


@asynccontextmanager
async def faulty(target_port: int) -> AsyncIterator[FaultyProxy]:
    proxy = FaultyProxy()
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await _serve(proxy, target_port, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _serve(proxy: FaultyProxy, target_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one request for each connection, so that answers need no parsing."""
    head = await reader.readuntil(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode("latin-1")
    operation = next((name for name, pattern in OPERATIONS.items() if re.match(pattern, line)), "")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1]) if length else 0)
    proxy.seen.append(operation)
    fault = proxy.faults.get(operation)
    if fault is None:
        await _pass_on(target_port, head, body, writer)
    elif fault.status == -1:
        await asyncio.sleep(600)
    elif fault.status:
        content = fault.body.encode()
        lines = f"HTTP/1.1 {fault.status} Made\r\nContent-Type: {fault.content_type}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        writer.write(lines.encode() + content)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def _pass_on(target_port: int, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", target_port)
    try:
        back.write(re.sub(rb"\r\nconnection: [^\r]*", b"", head.removesuffix(b"\r\n"), flags=re.IGNORECASE) + b"Connection: close\r\n\r\n" + body)
        await back.drain()
        while data := await there.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    finally:
        back.transport.abort()
