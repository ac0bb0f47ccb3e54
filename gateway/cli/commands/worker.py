"""The commands that run the billing clock: `worker` and `tick`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from gateway.cli.commands.console import console, say_error
from gateway.http import log_format
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import DatabaseUrls, check, postgres
from gateway.wiring.issuer import secret_of_portal
from gateway.wiring.payments import require_processor
from gateway.wiring.worker import run_worker, stopping, tick_once, until_reachable


def worker(data_dir: Path | None) -> None:
    settings = load(data_dir=data_dir)
    production.require(settings, secret_of_portal, require_processor)
    log_format.configure(as_json=settings.is_production, level=settings.log_level)
    with postgres(settings) as urls:
        production.warn(settings)
        asyncio.run(_work(settings, urls))


async def _work(settings: Settings, urls: DatabaseUrls) -> None:
    stop = stopping()
    await until_reachable(urls, stop)
    await run_worker(settings, urls, on_ready=lambda: console.print("READY"), stop=stop)


def tick(at: datetime | None, data_dir: Path | None, *, is_confirmed: bool) -> None:
    """Exits with 1 if anything failed."""
    settings = load(data_dir=data_dir)
    instant = at.replace(tzinfo=UTC) if at else None
    production.refuse_future(settings, instant, datetime.now(UTC), is_confirmed=is_confirmed)
    production.require(settings, secret_of_portal, require_processor)
    with postgres(settings) as place:
        asyncio.run(check(place))
        ticked = asyncio.run(tick_once(settings, place, instant))
    for line in ticked.lines:
        console.print(line)
    if ticked.failures:
        say_error(f"{ticked.failures}. The log above says why; the next tick tries again.")
        raise typer.Exit(1)
