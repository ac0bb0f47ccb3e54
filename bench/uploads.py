"""`python -m bench.uploads`: a group of 30 MiB into Portico's local bucket, beside the same bytes into a bare handler that writes them to a file. Both sent by curl, in turns."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Annotated
from uuid import uuid4

import anyio
import anyio.to_thread
import asyncpg
import typer
import uvicorn
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.runner import database, portal
from bench.runner.processes import Command, cpu_seconds, server
from bench.runner.scans import scan
from bench.runner.sender import MUTATION
from gateway.http.serving.server import listen

console = Console()
FILES = 3
OURS = "Portico, local bucket"


@dataclass(frozen=True, slots=True)
class Asked:
    """What curl is told, and the process that answers."""

    arguments: list[str]
    pid: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds of each upload, and of the server's processor for all of them."""

    taken: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


async def bare(request: Request) -> Response:
    """The least that keeps an upload: no parser, no checks, no hash. The other requests wait while it writes."""
    with open(_fresh(), "wb") as file:  # noqa: ASYNC230  # so does who writes the least
        async for chunk in request.stream():
            file.write(chunk)
    return Response(status_code=204)


async def considerate(request: Request) -> Response:
    """The same, and nobody waits for the disk."""
    async with await anyio.open_file(_fresh(), "wb") as file:
        async for chunk in request.stream():
            await file.write(chunk)
    return Response(status_code=204)


async def durable(request: Request) -> Response:
    """The same, and after the answer the bytes would survive a power cut, as Portico's do."""
    async with await anyio.open_file(_fresh(), "wb") as file:
        async for chunk in request.stream():
            await file.write(chunk)
        await file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
    return Response(status_code=204)


async def hashed(request: Request) -> Response:
    """The same, and it knows the SHA-256 of what it keeps, as Portico does."""
    digest = hashlib.sha256()
    async with await anyio.open_file(_fresh(), "wb") as file:
        async for chunk in request.stream():
            await anyio.to_thread.run_sync(digest.update, chunk)
            await file.write(chunk)
        await file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
    return Response(digest.hexdigest(), status_code=201)


def _fresh() -> Path:
    return Path(os.environ["BENCH_FOLDER"]) / uuid4().hex


BARE = {
    "Bare handler, blocking": bare,
    "Bare handler, in threads": considerate,
    "Bare handler, in threads, synced": durable,
    "Bare handler, in threads, synced, hashed": hashed,
}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each takes its turn.")] = 15,
    serve_bare: Annotated[bool, typer.Option(help="Be the bare handler.")] = False,
) -> None:
    """Seconds of one upload, and how fast Portico is beside the bare handler."""
    if serve_bare:
        _serve_bare()
        return
    with database.portal(1000, console) as place, portal.signer() as signer, tempfile.TemporaryDirectory(prefix="portico-uploads-") as folder:
        customer, invoice = asyncio.run(_invoice(place))
        ours = portal.portico(place, signer, planner=True)
        ours = Command(ours.arguments, {**ours.environment, "PORTICO_DATA_DIR": folder, "PORTICO_MAX_FILES_PER_PARENT": "100000"}, ours.folder)
        theirs = Command((sys.executable, "-m", "bench.uploads", "--serve-bare"), {"BENCH_FOLDER": folder}, database.ROOT)
        files = _files(Path(folder))
        with server(ours) as one, server(theirs) as other:
            sent = partial(_form, files=files, token=signer.token(customer), invoice=invoice)
            asked = {OURS: Asked(sent(f"{one.port}{one.path}"), one.pid)}
            asked |= {name: Asked(sent(f"{other.port}/{handler.__name__}"), other.pid) for name, handler in BARE.items()}
            seen = _turns(rounds, asked)
    console.print(_table(seen))


def _serve_bare() -> None:
    """By uvicorn as it comes, with its fast loop and parser, and without a line of log for each request."""
    listener = listen("127.0.0.1", 0)
    app = Starlette(routes=[Route(f"/{handler.__name__}", handler, methods=["POST"]) for handler in BARE.values()])
    print(f"READY http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False)).run([listener])


async def _invoice(place: database.Place) -> tuple[str, str]:
    """A customer and one of their invoices."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        found = await connection.fetchrow("select customer_id, id from invoice limit 1")
    finally:
        await connection.close()
    return found["customer_id"], found["id"]


def _files(folder: Path) -> list[Path]:
    content = scan()
    paths = [folder / f"{number}.pdf" for number in range(FILES)]
    for path in paths:
        path.write_bytes(content)
    return paths


def _form(url: str, *, files: list[Path], token: str, invoice: str) -> list[str]:
    """The same form for both, since making it costs curl more than sending it."""
    variables = {"input": {"parentId": invoice, "files": [None] * FILES, "idempotencyKey": "KEY"}}
    places = {str(number): [f"variables.input.files.{number}"] for number in range(FILES)}
    form = [f"operations={json.dumps({'query': MUTATION, 'variables': variables})}", f"map={json.dumps(places)}"]
    form += [f"{number}=@{path};type=application/pdf" for number, path in enumerate(files)]
    sent = ["-H", f"Authorization: Bearer {token}", "-H", "GraphQL-Require-Preflight: 1"]
    return [*sent, *(argument for part in form for argument in ("-F", part)), f"http://127.0.0.1:{url}"]


def _turns(rounds: int, asked: dict[str, Asked]) -> dict[str, Seen]:
    """One round to warm up that does not count, then all in turn. Nobody finds the disk still busy with what the one before has left to it."""
    seen = {name: Seen() for name in asked}
    for nth in range(rounds + 1):
        for name, given in asked.items():
            os.sync()
            before = cpu_seconds(given.pid)
            taken = _sent([argument.replace('"KEY"', f'"{uuid4().hex}"') for argument in given.arguments])
            if nth:
                seen[name].taken.append(taken)
                seen[name].worked.append(cpu_seconds(given.pid) - before)
    return seen


def _sent(arguments: list[str]) -> float:
    """Seconds of one upload, as curl counts them."""
    command = ["curl", "-s", "-H", "Expect:", "-w", "\n%{http_code} %{time_total}", *arguments]
    answer, _, figures = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    status, seconds = figures.split()
    if status not in ("200", "201", "204") or (status == "200" and '"userErrors":[]' not in answer):
        raise SystemExit(f"{status} {answer[:500]}")
    return float(seconds)


def _table(seen: dict[str, Seen]) -> Table:
    caption = "Medians (smallest to largest); speed within a round; CPU of the server on average."
    table = Table(title=f"{FILES} files of 10 MiB by curl, {len(seen[OURS].taken)} rounds in turns", caption=caption)
    for name in ("Into", "ms", "MiB/s", "CPU ms", "Portico is so fast beside it"):
        table.add_column(name, justify="left" if name == "Into" else "right")
    for name, found in seen.items():
        times = found.taken
        ratios = [other / one for one, other in zip(seen[OURS].taken, times, strict=True)]
        share = f"{median(ratios):.0%} ({min(ratios):.0%}–{max(ratios):.0%})"
        spread = f"{median(times) * 1000:.0f} ({min(times) * 1000:.0f}–{max(times) * 1000:.0f})"
        table.add_row(name, spread, f"{30 / median(times):.0f}", f"{mean(found.worked) * 1000:.0f}", share)
    return table


if __name__ == "__main__":
    typer.run(main)
