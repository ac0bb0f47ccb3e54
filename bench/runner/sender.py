"""Uploads by raw sockets: `python -m bench.runner.sender` reads a Sending as JSON from standard input and writes a Sent as JSON.

The form is a file, made beforehand, which the kernel sends (sendfile), so that the client hardly uses the processors that the server needs.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import uuid4

BOUNDARY = "portico-bench"
MUTATION = "mutation ($input: UploadAttachmentsInput!) { uploadAttachments(input: $input) { attachments { id } userErrors { code message } } }"
NICENESS = 10


@dataclass(frozen=True, slots=True)
class Sending:
    """Uploads of `files` PDFs each. `form` is the file with the body behind the field `map`. Each connection sends `count` uploads, or sends for `seconds`."""

    port: int
    path: str
    token: str
    parent: str
    form: str
    files: int
    connections: int = 1
    count: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Sent:
    """Seconds of each accepted upload, from its first byte to its answer, and the count of each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    example: str = ""


def form(path: Path, pdf: bytes, files: int) -> None:
    """Write the parts of the files and the end of the body into a file."""
    with path.open("wb") as file:
        for number in range(files):
            file.write(_part(f'name="{number}"; filename="{number}.pdf"', "Content-Type: application/pdf\r\n") + pdf + b"\r\n")
        file.write(f"--{BOUNDARY}--\r\n".encode())


def start(sending: Sending) -> "subprocess.Popen[str]":
    """Start the uploads in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "bench.runner.sender"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(sending)))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: "subprocess.Popen[str]") -> Sent:
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Sent(**json.loads(output))


def _part(disposition: str, more: str = "") -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode()


def _beginning(sending: Sending) -> bytes:
    """Return the head of the request and its first two fields, with a new idempotency key."""
    variables = {"input": {"parentId": sending.parent, "files": [None] * sending.files, "idempotencyKey": uuid4().hex}}
    places = {str(number): [f"variables.input.files.{number}"] for number in range(sending.files)}
    operations = json.dumps({"query": MUTATION, "variables": variables}).encode()
    fields = _part('name="operations"') + operations + b"\r\n" + _part('name="map"') + json.dumps(places).encode() + b"\r\n"
    lines = [
        f"POST {sending.path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {sending.token}",
        "GraphQL-Require-Preflight: 1",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(fields) + os.path.getsize(sending.form)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + fields


def _upload(sending: Sending) -> tuple[float, bytes]:
    """Send one upload; return its seconds and the whole answer. The server may close the connection of a refused upload while it is sent."""
    with socket.create_connection(("127.0.0.1", sending.port)) as connection, open(sending.form, "rb") as file:
        began = perf_counter()
        answer = b""
        try:
            connection.sendall(_beginning(sending))
            connection.sendfile(file)
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionError:
            pass
        return perf_counter() - began, answer


def _connection(sending: Sending, sent: Sent, statuses: Counter[str]) -> None:
    ends_at = perf_counter() + sending.seconds
    left = sending.count
    while left > 0 or perf_counter() < ends_at:
        left -= 1
        seconds, answer = _upload(sending)
        is_taken = answer[9:12] == b"200" and b'"userErrors":[]' in answer
        statuses["taken" if is_taken else answer[9:12].decode() or "closed"] += 1
        if is_taken:
            sent.seconds.append(seconds)
        else:
            sent.example = answer[-400:].decode(errors="replace")


def main() -> None:
    sending = Sending(**json.load(sys.stdin))
    if sending.seconds:  # the uploads are a load beside the measured requests
        os.nice(NICENESS)
    sent, statuses = Sent(), Counter[str]()
    threads = [threading.Thread(target=_connection, args=(sending, sent, statuses)) for _ in range(sending.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.statuses = dict(statuses)
    json.dump(asdict(sent), sys.stdout)


if __name__ == "__main__":
    main()
