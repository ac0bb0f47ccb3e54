"""The billing clock as a process, or inside the server of a demo."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg

from billing.dunning import Ending, RetryPolicy
from db import session as unit_of_work
from gateway.payments import payments
from gateway.postgres import Place
from gateway.settings import Settings, WrongSetting
from jobs.clock import Billing, Pass, tick
from jobs.worker import work

# After an outage of Postgres the worker comes back this often.
AGAIN_SECONDS = 5.0


def policy(settings: Settings) -> RetryPolicy:
    """Raises WrongSetting."""
    try:
        return RetryPolicy(settings.retry_days, Ending(settings.dunning_ending))
    except ValueError as error:
        raise WrongSetting(f"PORTICO_RETRY_DAYS: {error}") from None


async def tick_once(settings: Settings, place: Place, at: datetime | None) -> Pass:
    """One pass, as of an instant."""
    takings = payments(settings)
    pool = unit_of_work.Pool(settings.clock_concurrency + 1, command_seconds=settings.command_seconds)
    try:
        async with unit_of_work.database(place.app_url, pool, server_settings=place.server_settings) as database:
            return await tick(Billing(database, takings.processors, policy(settings), settings.clock_concurrency), at or datetime.now(UTC))
    finally:
        await takings.close()


async def run_worker(settings: Settings, place: Place, *, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Until `stop` is set. While Postgres is away it waits, and then goes on."""
    takings = payments(settings)
    pool = unit_of_work.Pool(settings.clock_concurrency + 1, command_seconds=settings.command_seconds)
    try:
        async with unit_of_work.database(place.app_url, pool, server_settings=place.server_settings) as database:
            billing = Billing(database, takings.processors, policy(settings), settings.clock_concurrency)
            on_ready()
            while not stop.is_set():
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await _work(billing, place, stop)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AGAIN_SECONDS)
    finally:
        await takings.close()


def stopping() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _work(billing: Billing, place: Place, stop: asyncio.Event) -> None:
    connection = await asyncpg.connect(place.app_url, timeout=5, command_timeout=30, server_settings=place.server_settings)
    try:
        await work(billing, connection, lambda: datetime.now(UTC), stop)
    finally:
        connection.terminate()
