"""`python -m bench.documents`: publish and load ten thousand trusted documents, and request the Summary page by its document id and by its text, in turns."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from bench.runner import database, load, portal
from bench.runner.database import ROOT, Place
from bench.runner.processes import server
from billing.rows.partners import ApiClient, PersistedTextRow
from db.blocks import blocks
from gateway.documents.registry import Registry

CLIENT = "bench-documents"
FORGET = f"""delete from portico.document_use where client_id = '{CLIENT}'; delete from portico.stored_document where client_id = '{CLIENT}'"""
BODIES = {"text": portal.BODY, "id": portal.BY_ID}

console = Console(soft_wrap=True)


def main(
    documents: Annotated[int, typer.Option(min=1, help="How many documents are published.")] = 10_000,
    rounds: Annotated[int, typer.Option(min=1, help="How many turns each kind of request has.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 3.0,
) -> None:
    """Print the seconds and memory of the documents, and pages per second by id and by text."""
    with database.portal(1000, console) as place, portal.signer() as signer:
        asyncio.run(_forget(place))
        first, again = _published(place, documents)
        loaded, held = asyncio.run(_loaded(place))
        console.print(
            f"{documents:,} documents published by the command in {first:.1f} s, once more in {again:.1f} s; loaded in {loaded:.2f} s, {held:.1f} MiB"
        )
        with server(portal.portico(place, signer, planner=True)) as running:
            tokens = [signer.token(customer) for customer in asyncio.run(database.customer_ids(place, 500))]
            loads = {way: load.Load([running.port], running.path, body, tokens, seconds=seconds) for way, body in BODIES.items()}
            seen = _turns(loads, rounds)
        asyncio.run(_forget(place))
    console.print(_table(seen, rounds))


def manifest(count: int) -> str:
    """Return a manifest of different documents of a common size."""
    selection = "customer { id name invoices(first: $first) { nodes { id number status } } }"
    texts = [f"query Bench{number}($first: Int) {{ {selection} }}" for number in range(count)]
    return json.dumps({f"sha256:{hashlib.sha256(text.encode()).hexdigest()}": text for text in texts})


def _published(place: Place, count: int) -> tuple[float, float]:
    """Return the seconds of the publishing command, and of a second run of it."""
    with tempfile.TemporaryDirectory(prefix="portico-documents-") as folder:
        path = Path(folder) / "manifest.json"
        path.write_text(manifest(count), encoding="utf-8")
        environment = os.environ | {"PORTICO_DATABASE_URL": place.admin_url, "PORTICO_DATA_DIR": folder}
        _gateway(environment, "clients", "add", CLIENT, "--name", "Bench", "--first-party")
        first, again = (_gateway(environment, "documents", "publish", str(path), "--client", CLIENT) for _ in range(2))
        return first, again


def _gateway(environment: dict[str, str], *arguments: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "gateway", *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


async def _loaded(place: Place) -> tuple[float, float]:
    """Return the seconds of loading the registry, and its memory in MiB."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        registry = Registry([], "required")
        tracemalloc.start()
        began = perf_counter()
        texts = [PersistedTextRow(**record) for record in await connection.fetch(blocks()["trusted.texts"].sql)]
        registry.replace([ApiClient(**record) for record in await connection.fetch(blocks()["clients.all"].sql)], texts)
        took = perf_counter() - began
        del texts
        return took, tracemalloc.get_traced_memory()[0] / 1024**2
    finally:
        tracemalloc.stop()
        await connection.close()


async def _forget(place: Place) -> None:
    connection = await asyncpg.connect(place.admin_url)
    try:
        await connection.execute(FORGET)
    finally:
        await connection.close()


def _turns(loads: dict[str, load.Load], rounds: int) -> dict[str, list[load.Seen]]:
    """Run both loads in turn. The first round is for warming up and does not count."""
    seen: dict[str, list[load.Seen]] = {way: [] for way in loads}
    for nth in range(rounds + 1):
        for way, requests in loads.items():
            figures = load.put(requests)
            if nth:
                seen[way].append(figures)
    return seen


def _table(seen: dict[str, list[load.Seen]], rounds: int) -> Table:
    table = Table(title=f"The Summary page, {rounds} rounds in turns", caption="Medians (smallest to largest); ratio within a round.")
    for name in ("Requested by", "bytes sent", "requests/s", "p50 ms", "by id is"):
        table.add_column(name, justify="left" if name == "Requested by" else "right")
    ratios = [one.rate / other.rate for one, other in zip(seen["id"], seen["text"], strict=True)]
    for way, turns in seen.items():
        rates = [one.rate for one in turns]
        share = f"{median(ratios):.2f} × ({min(ratios):.2f}–{max(ratios):.2f})" if way == "id" else ""
        table.add_row(
            way, f"{len(BODIES[way]):,}", f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})", f"{median(one.p50 for one in turns):.1f}", share
        )
    return table


if __name__ == "__main__":
    typer.run(main)
