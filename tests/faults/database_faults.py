"""Faults of Postgres, for `test_database.py` and for the soak. Each returns when it is over; those that last, last until clients have seen outages."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.faults.mixed_load import MixedLoad
from tests.faults.site import LOST, Site
from tests.waiting import until

# The number of outages after which a lasting fault is ended.
OUTAGES = 12
TERMINATE = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'portico%'"
OF_SERVERS = "select count(*) from pg_stat_activity where application_name like 'portico%'"


@dataclass(frozen=True)
class Fault:
    """What happens; the outcomes of requests that may be seen besides 200; and the causes that the log then has, of which one is sure."""

    come: Callable[[Site, MixedLoad], Awaitable[None]]
    outcomes: frozenset[str] = frozenset({"503"})
    causes: frozenset[str] = frozenset()
    is_seen: bool = True


async def outages_seen(load: MixedLoad, outages: int = OUTAGES) -> None:
    """Wait for so many further outages."""
    before = load.seen.count("503")
    await until(lambda: asyncio.sleep(0, load.seen.count("503") >= before + outages), 40)


async def answers_again(site: Site) -> None:
    """Wait until Postgres has recovered."""

    async def answers() -> bool:
        with suppress(*LOST):
            async with site.admin() as admin:
                return bool(await admin.fetchval("select true"))
        return False

    await until(answers, 40)


async def kill_a_backend(site: Site, load: MixedLoad) -> None:
    """Kill a server process of Postgres with SIGKILL, as the kernel does when memory is low: Postgres ends all connections and recovers."""
    async with site.admin() as admin:
        pid = await admin.fetchval("select pid from pg_stat_activity where application_name = 'portico' limit 1")
    site.place.kill_backend(pid)
    await answers_again(site)


async def terminate_connections(site: Site, load: MixedLoad) -> None:
    async with site.admin() as admin:
        await admin.execute(TERMINATE)


async def restart_fast(site: Site, load: MixedLoad) -> None:
    await asyncio.to_thread(site.place.restart, "fast")


async def restart_immediately(site: Site, load: MixedLoad) -> None:
    await asyncio.to_thread(site.place.restart, "immediate")


async def fall_silent(site: Site, load: MixedLoad) -> None:
    """Stop all processes of Postgres: connections stay open, new ones are accepted by the kernel, and nothing is answered."""
    stopped = pids_of(site.place.data)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        await outages_seen(load)
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


async def take_all_connections(site: Site, load: MixedLoad) -> None:
    """Take every connection that the role of the application may have, and then end those of the servers and take theirs as well."""
    taken: list[asyncpg.Connection] = []
    try:
        async with site.admin() as admin:
            while True:
                with suppress(asyncpg.TooManyConnectionsError):
                    while True:
                        taken.append(await asyncpg.connect(site.place.urls.app))
                if not await admin.fetchval(OF_SERVERS):
                    break
                await admin.execute(TERMINATE)
        await outages_seen(load)
    finally:
        for connection in taken:
            connection.terminate()


async def hold_a_lock(site: Site, load: MixedLoad) -> None:
    """Hold a lock on all customers for longer than the lock timeout. Reads are not affected."""
    async with site.admin() as admin, admin.transaction():
        await admin.execute("lock table customer in exclusive mode")
        await outages_seen(load)


async def make_read_only(site: Site, load: MixedLoad) -> None:
    """Set default_transaction_read_only, which our transactions override."""
    for setting in ("on", "off"):
        async with site.admin() as admin:
            await admin.execute(f"alter system set default_transaction_read_only = {setting}")
            await admin.execute("select pg_reload_conf()")
        before = load.seen.count("200")
        await until(lambda before=before: asyncio.sleep(0, load.seen.count("200") > before + 40))  # type: ignore[misc]  # mypy cannot type a default


def pids_of(data: Path) -> list[int]:
    """Return the process ids of the Postgres of a data directory and its children, the parent first."""
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    children = [int(child) for task in Path(f"/proc/{postmaster}/task").iterdir() for child in (task / "children").read_text().split()]
    return [postmaster, *children]


# What a client sees of connections that are lost, and what the log says of them.
BROKEN_OFF = frozenset(
    {"57P01 admin_shutdown", "57P02 crash_shutdown", "57P03 cannot_connect_now", "08003 connection_does_not_exist", "ECONNREFUSED", "ENOENT"}
)
FAULTS = {
    "a backend is killed": Fault(kill_a_backend, causes=BROKEN_OFF),
    "the connections are terminated": Fault(terminate_connections, causes=BROKEN_OFF, is_seen=False),
    "Postgres is restarted": Fault(restart_fast, causes=BROKEN_OFF),
    "Postgres crashes": Fault(restart_immediately, causes=BROKEN_OFF),
    "Postgres falls silent": Fault(fall_silent, causes=frozenset({"timeout", "no connection in time"})),
    "all connections are taken": Fault(take_all_connections, causes=frozenset({"53300 too_many_connections"})),
    "a lock is held": Fault(hold_a_lock, causes=frozenset({"55P03 lock_not_available"})),
    "transactions are read-only by default": Fault(make_read_only, outcomes=frozenset(), is_seen=False),
}
