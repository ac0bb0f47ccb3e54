"""The worker as a process, or inside the server of a demo: the billing clock, letters that are left, the sweep of attachments, and the upkeep."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from billing.dunning import Ending, RetryPolicy
from db.pool import Database, Pool
from gateway.files import bucket_of
from gateway.identity import post
from gateway.payments import payments
from gateway.postgres import Place
from gateway.settings import Settings, WrongSetting
from jobs.attachments import Swept, sweep
from jobs.clock import Billing, Pass, tick
from jobs.upkeep import forget
from jobs.worker import Duties, work
from resolvers.letters import send

# After an outage of Postgres the worker comes back this often.
AGAIN_SECONDS = 5.0


def policy(settings: Settings) -> RetryPolicy:
    """Raises WrongSetting."""
    try:
        return RetryPolicy(settings.retry_days, Ending(settings.dunning_ending))
    except ValueError as error:
        raise WrongSetting(f"PORTICO_RETRY_DAYS: {error}") from None


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one pass of everything did: how many letters were sent, and how many rows forgotten."""

    clock: Pass
    letters: int
    swept: Swept
    forgotten: int


async def tick_once(settings: Settings, place: Place, at: datetime | None) -> Ticked:
    """One pass of the billing clock, as of an instant, and then all else that a worker does, as of now: what is being written now must not be looked at from later."""
    async with _duties(settings, place) as duties:
        now = datetime.now(UTC)
        done = await tick(duties.billing, at or now)
        system = duties.system(now)
        return Ticked(done, await send(system, duties.post), await sweep(system, duties.bucket, now=now), await forget(system, now=now))


async def run_worker(settings: Settings, place: Place, *, on_ready: Callable[[], None], stop: asyncio.Event) -> None:
    """Until `stop` is set. While Postgres is away it waits, and then goes on."""
    async with _duties(settings, place) as duties:
        on_ready()
        while not stop.is_set():
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await _work(duties, place, stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_SECONDS)


def stopping() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


@asynccontextmanager
async def _duties(settings: Settings, place: Place) -> AsyncIterator[Duties]:
    """What a worker works with. It only deletes from the bucket, so it needs no address to which others upload."""
    takings, bucket = payments(settings), bucket_of(settings, "", b"")
    pool = Pool(settings.clock_concurrency + 1, command_seconds=settings.command_seconds)
    try:
        async with Database(place.app_url, pool, server_settings=place.server_settings) as database:
            yield Duties(Billing(database, takings.processors, policy(settings), settings.clock_concurrency), bucket, post(settings))
    finally:
        await takings.close()
        await bucket.close()


async def _work(duties: Duties, place: Place, stop: asyncio.Event) -> None:
    connection = await asyncpg.connect(place.app_url, timeout=5, command_timeout=30, server_settings=place.server_settings)
    try:
        await work(duties, connection, lambda: datetime.now(UTC), stop)
    finally:
        connection.terminate()
