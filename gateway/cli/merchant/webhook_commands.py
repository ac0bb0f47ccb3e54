"""The commands `webhooks …`: the mutations of staff, called by the operator."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import typer
from rich.table import Table

from auth.permissions import EVERYTHING
from auth.viewer import Viewer
from billing.states import Actor
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from gateway.cli.commands.console import console, counted, show
from gateway.cli.commands.in_database import day, refusing
from gateway.wiring.configuration.settings import load
from gateway.wiring.database import check, postgres
from gateway.wiring.webhooks import webhooks_of_settings
from resolvers.context import Context
from resolvers.reads.facts import fetch_rows
from resolvers.webhooks import deliveries, endpoints

T = TypeVar("T")
CLIENT = "cli"


def save(values: dict[str, Any], data_dir: Path | None) -> None:
    saved = _as_staff(lambda context: endpoints.save(SimpleNamespace(**values), context), data_dir)
    console.print(f"{saved.endpoint.id} {saved.endpoint.url}")
    _print_secret(saved.secret)


def print_list(data_dir: Path | None) -> None:
    rows = _as_staff(lambda context: fetch_rows(context.session, "endpoints.listed"), data_dir)
    table = Table("id", "url", "types", "payload", "status", "since")
    for row in rows:
        table.add_row(row.id, row.url, " ".join(row.types) or "all", row.payload, row.disabled_reason or row.status, day(row.disabled_at or row.created_at))
    show(table)


def delete(endpoint: str, data_dir: Path | None) -> None:
    console.print(f"{_as_staff(lambda context: endpoints.delete(SimpleNamespace(endpoint_id=endpoint), context), data_dir)} is deleted.")


def rotate(endpoint: str, hours: int, data_dir: Path | None) -> None:
    rotated = _as_staff(lambda context: endpoints.rotate(SimpleNamespace(endpoint_id=endpoint, overlap_hours=hours), context), data_dir)
    _print_secret(rotated.secret)


def ping(endpoint: str, data_dir: Path | None) -> None:
    delivery = _as_staff(lambda context: endpoints.ping(SimpleNamespace(endpoint_id=endpoint), context), data_dir)
    console.print(f"{delivery.event_id} will be sent by the worker.")


def redeliver(ids: list[str], data_dir: Path | None) -> None:
    sent = _as_staff(lambda context: deliveries.redeliver(SimpleNamespace(delivery_ids=ids), context), data_dir)
    console.print(f"The worker sends {counted(len(sent), 'webhook')} once more.")


def replay(endpoint: str, since: datetime, types: list[str], data_dir: Path | None) -> None:
    """Replay all events since the instant, some thousands at a time."""
    total, start = 0, since
    while True:
        arguments = SimpleNamespace(endpoint_id=endpoint, since=start, types=types)
        replayed = _as_staff(lambda context, arguments=arguments: deliveries.replay(arguments, context), data_dir)  # type: ignore[misc]
        total += replayed.queued
        if replayed.continues_at is None or replayed.continues_at <= start:
            break
        start = replayed.continues_at
    console.print(f"The worker sends {counted(total, 'webhook')} once more.")


def dry_run(endpoint: str, event: str | None, data_dir: Path | None) -> None:
    dry = _as_staff(lambda context: deliveries.dry_run(SimpleNamespace(endpoint_id=endpoint, event_id=event), context), data_dir)
    typer.echo(dry.body if dry.body is not None else dry.problem)
    if dry.body is None:
        raise typer.Exit(1)


def _print_secret(secret: str | None) -> None:
    if secret:
        typer.echo(secret)


def _as_staff(work: Callable[[Context], Awaitable[T]], data_dir: Path | None) -> T:
    """Run a mutation in the operator's name. Raises WrongSetting, CannotReach."""
    settings = load(data_dir=data_dir)
    with postgres(settings) as urls:
        asyncio.run(check(urls))

        async def run() -> T:
            scopes = (EVERYTHING[Actor.STAFF],)
            caller = Caller(None, Actor.STAFF, datetime.now(UTC), scopes=scopes, client=CLIENT)
            async with Database(urls.app_url, Pool(max_size=2, is_prepared=urls.is_prepared), server_settings=urls.server_settings) as database:
                session = UnitOfWork(database, caller, acquire_seconds=30)
                try:
                    viewer = Viewer(Actor.STAFF, None, scopes, CLIENT, subject=CLIENT)
                    return await work(Context(viewer, session, issuer=settings.token_issuer, webhooks=webhooks_of_settings(settings, database)))
                finally:
                    await session.close()

        return refusing(lambda: asyncio.run(run()))
