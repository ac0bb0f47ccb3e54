"""`python -m bench.uploads`: upload a group of 30 MiB into Portico's local bucket, and the same bytes into a bare handler that writes them to a file. curl sends both, in turns."""

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
class Upload:
    """The arguments of curl, and the process that answers."""

    arguments: list[str]
    pid: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds of each upload, and the CPU seconds of the server for each."""

    taken: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


async def bare(request: Request) -> Response:
    """Store an upload with the least work: no parser, no checks, no hash. Other requests wait while it writes."""
    with open(_fresh(), "wb") as file:  # noqa: ASYNC230  # the simplest handler writes in this way
        async for chunk in request.stream():
            file.write(chunk)
    return Response(status_code=204)


async def considerate(request: Request) -> Response:
    """Store an upload in a thread, so that other requests do not wait for the disk."""
    async with await anyio.open_file(_fresh(), "wb") as file:
        async for chunk in request.stream():
            await file.write(chunk)
    return Response(status_code=204)


async def durable(request: Request) -> Response:
    """Store an upload in a thread and sync it before the answer, so that it survives a loss of power, as with Portico."""
    async with await anyio.open_file(_fresh(), "wb") as file:
        async for chunk in request.stream():
            await file.write(chunk)
        await file.flush()
        await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
    return Response(status_code=204)


async def hashed(request: Request) -> Response:
    """Store and sync an upload in a thread and compute its SHA-256, as Portico does."""
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
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each has.")] = 15,
    serve_bare: Annotated[bool, typer.Option(help="Run the bare handlers instead.")] = False,
) -> None:
    """Print the seconds of an upload, and the speed of Portico relative to the bare handlers."""
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
            uploads = {OURS: Upload(sent(f"{one.port}{one.path}"), one.pid)}
            uploads |= {name: Upload(sent(f"{other.port}/{handler.__name__}"), other.pid) for name, handler in BARE.items()}
            seen = _turns(rounds, uploads)
    console.print(_table(seen))


def _serve_bare() -> None:
    """Serve the bare handlers by uvicorn with its default settings, its fast loop and parser, and no access log."""
    listener = listen("127.0.0.1", 0)
    app = Starlette(routes=[Route(f"/{handler.__name__}", handler, methods=["POST"]) for handler in BARE.values()])
    print(f"READY http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False)).run([listener])


async def _invoice(place: database.Place) -> tuple[str, str]:
    """Return the ids of a customer and of one of their invoices."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        row = await connection.fetchrow("select customer_id, id from invoice limit 1")
    finally:
        await connection.close()
    return row["customer_id"], row["id"]


def _files(folder: Path) -> list[Path]:
    content = scan()
    paths = [folder / f"{number}.pdf" for number in range(FILES)]
    for path in paths:
        path.write_bytes(content)
    return paths


def _form(url: str, *, files: list[Path], token: str, invoice: str) -> list[str]:
    """Return the arguments of curl. Both servers get the same form, because making it costs curl more than sending it."""
    variables = {"input": {"parentId": invoice, "files": [None] * FILES, "idempotencyKey": "KEY"}}
    places = {str(number): [f"variables.input.files.{number}"] for number in range(FILES)}
    form = [f"operations={json.dumps({'query': MUTATION, 'variables': variables})}", f"map={json.dumps(places)}"]
    form += [f"{number}=@{path};type=application/pdf" for number, path in enumerate(files)]
    sent = ["-H", f"Authorization: Bearer {token}", "-H", "GraphQL-Require-Preflight: 1"]
    return [*sent, *(argument for part in form for argument in ("-F", part)), f"http://127.0.0.1:{url}"]


def _turns(rounds: int, uploads: dict[str, Upload]) -> dict[str, Seen]:
    """Run all uploads in turn. The first round is for warming up and does not count. The disk is synced first, so that no upload waits for the writes of an earlier one."""
    seen = {name: Seen() for name in uploads}
    for nth in range(rounds + 1):
        for name, upload in uploads.items():
            os.sync()
            before = cpu_seconds(upload.pid)
            taken = _sent([argument.replace('"KEY"', f'"{uuid4().hex}"') for argument in upload.arguments])
            if nth:
                seen[name].taken.append(taken)
                seen[name].worked.append(cpu_seconds(upload.pid) - before)
    return seen


def _sent(arguments: list[str]) -> float:
    """Run curl and return the seconds of the upload, as curl measures them."""
    command = ["curl", "-s", "-H", "Expect:", "-w", "\n%{http_code} %{time_total}", *arguments]
    answer, _, figures = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    status, seconds = figures.split()
    if status not in ("200", "201", "204") or (status == "200" and '"userErrors":[]' not in answer):
        raise SystemExit(f"{status} {answer[:500]}")
    return float(seconds)


def _table(seen: dict[str, Seen]) -> Table:
    caption = "Medians (smallest to largest); ratio within a round; CPU of the server on average."
    table = Table(title=f"{FILES} files of 10 MiB by curl, {len(seen[OURS].taken)} rounds in turns", caption=caption)
    for name in ("Into", "ms", "MiB/s", "CPU ms", "speed of Portico relative to it"):
        table.add_column(name, justify="left" if name == "Into" else "right")
    for name, figures in seen.items():
        times = figures.taken
        ratios = [other / one for one, other in zip(seen[OURS].taken, times, strict=True)]
        share = f"{median(ratios):.0%} ({min(ratios):.0%}–{max(ratios):.0%})"
        spread = f"{median(times) * 1000:.0f} ({min(times) * 1000:.0f}–{max(times) * 1000:.0f})"
        table.add_row(name, spread, f"{30 / median(times):.0f}", f"{mean(figures.worked) * 1000:.0f}", share)
    return table


if __name__ == "__main__":
    typer.run(main)
