"""Replicas that die, hang, are promoted or name something else, while customers read: no query fails, and each state is one line of the log."""

import asyncio
import logging
import os
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import CannotReach, DatabaseUrls
from gateway.wiring.replicas import check_replicas
from tests.journeys.replicas.conftest import READ, Place, Reader, admin_of, events_of, reader, replicas_in, used
from tests.servers.clusters import Cluster, control, standby
from tests.template import create_database
from tests.waiting import until

pytestmark = pytest.mark.in_turns(3)

CALLERS = 6


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico")


@asynccontextmanager
async def third(place: Place) -> AsyncIterator[Cluster]:
    """A replica that a test may break."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        # Its data directory is the user's who runs Postgres.
        os.chmod(folder, 0o755)
        with standby(place.primary, Path(folder) / "data") as replica:
            yield replica


@asynccontextmanager
async def reading(one: Reader) -> AsyncIterator[None]:
    """Read all the time with several callers. An answer other than 200 without errors fails the test."""
    over = asyncio.Event()
    tasks = [asyncio.create_task(one.reading(f"caller {number}", over)) for number in range(CALLERS)]
    try:
        await asyncio.sleep(0.3)
        yield
    finally:
        over.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


async def numbered(caplog: pytest.LogCaptureFixture, wanted: set[int | None]) -> None:
    """Wait until running queries are answered by these replicas only."""

    async def are_these() -> bool:
        before = len(caplog.records)
        await asyncio.sleep(0.5)
        return replicas_in(caplog.records[before:]) == wanted

    await until(are_these)


def pids_of(data: Path) -> list[int]:
    """Return the postmaster of a data directory and its children."""
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    children = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and _parent(path) == postmaster]
    return [postmaster, *children]


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


async def test_a_killed_replica_fails_no_query_and_is_used_again_when_it_is_back(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    async with third(place) as replica, reader(place, start(replica_urls=(replica.urls.app,))) as one:
        await used(caplog.records, one, 1)
        async with reading(one):
            for pid in pids_of(replica.data):
                with suppress(ProcessLookupError):  # a child ends when its connection or its postmaster does
                    os.kill(pid, signal.SIGKILL)
            await numbered(caplog, {None})
            assert await one.rename("Meanwhile")
            for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):  # nobody may have waited for the killed process, which then still has its number
                (replica.data / name).unlink()
            await asyncio.to_thread(control, replica.data, "start", "-o", f"-h '' -k {replica.data}")
            await numbered(caplog, {1})
        assert one.names[-1] == "Meanwhile"
        assert one.answers > 50
    lines = Counter(line.partition(":")[0] for line in events_of(caplog.records))
    assert lines["replica 1 answers queries"] == 2
    assert 1 <= lines["replica 1 is not used"] <= 3  # the cause changes: killed, no socket, starting


async def test_a_silent_replica_fails_no_query(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    """All processes of the replica are stopped: connections stay open, and nothing is answered."""
    async with third(place) as replica, reader(place, start(replica_urls=(replica.urls.app,))) as one:
        await used(caplog.records, one, 1)
        stopped = pids_of(replica.data)
        async with reading(one):
            began = monotonic()
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            try:
                await numbered(caplog, {None})
                await until(lambda: asyncio.sleep(0, monotonic() - began > 4))
                # All go on, also those whose statement was on its way to the replica, and long before it would have timed out.
                assert min(one.answered_at.values()) > began + 2
            finally:
                for pid in reversed(stopped):
                    os.kill(pid, signal.SIGCONT)
            await numbered(caplog, {1})
        slowest = max(vars(record)["milliseconds"] for record in caplog.records if record.name == "portico.operation")
        assert slowest < 5000, "an operation waited for the silent replica for longer than a probe"
    assert sum(line.startswith("replica 1 is not used") for line in events_of(caplog.records)) <= 2


async def test_a_promoted_replica_is_dropped_and_the_other_reads_on(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    async with third(place) as replica, reader(place, start(replica_urls=(replica.urls.app, place.urls[0]))) as one:
        await used(caplog.records, one, 1, 2)
        async with reading(one):
            await asyncio.to_thread(replica.promote)
            await numbered(caplog, {2})
            assert await one.rename("After the promotion")
            await one.read(position=one.position)
        async with admin_of(replica) as admin:  # the control: what it would have answered
            assert await admin.fetchval("select name from customer where id = $1", one.viewer.customer_id) == "Before"
        for _ in range(10):
            assert await one.read() == "After the promotion"
    assert [line for line in events_of(caplog.records) if "promoted" in line] == ["replica 1 is not used: is not a standby any more: it was promoted"]


async def test_a_conflict_with_recovery_is_read_on_the_primary(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    """A replica with no patience cancels statements that need rows which the primary has vacuumed."""
    async with third(place) as replica, reader(place, start(replica_urls=(replica.urls.app,))) as one:
        async with admin_of(replica) as admin:
            await admin.execute("alter system set max_standby_streaming_delay = 0")
            await admin.execute("select pg_reload_conf()")
        await used(caplog.records, one, 1)
        async with reading(one), admin_of(place.primary) as admin, asyncio.timeout(60):
            number = 0
            while number < 40 or one.answers <= 50:
                await admin.execute("update customer set name = $2, version = version + 1 where id = $1", one.viewer.customer_id, f"Name {number}")
                await admin.execute("vacuum customer")
                number += 1
        assert not [line for line in events_of(caplog.records) if "not used" in line]


async def refusal(place: Place, *urls: str) -> str:
    """Return the line with which a server would not start; empty if it would."""
    primary = place.primary.urls
    try:
        await check_replicas(Settings(replica_urls=urls), DatabaseUrls(primary.admin, primary.app))
    except CannotReach as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def unrelated() -> Iterator[str]:
    """The URL of a cluster that was not copied from the template of all others."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, embedded.running(Path(folder) / "data") as urls:
        yield urls.admin


async def can_connect(url: str) -> bool:
    try:
        await (await asyncpg.connect(url)).close()
    except asyncpg.InvalidCatalogNameError:
        return False
    return True


async def test_a_url_of_something_else_stops_the_start_with_one_line(place: Place, unrelated: str, caplog: pytest.LogCaptureFixture) -> None:
    right = place.urls[0]
    other = await create_database(place.primary.urls, "neighbour")
    replica_of_neighbour = right.replace("/postgres?", "/neighbour?")
    await until(lambda: can_connect(replica_of_neighbour))  # once it is replayed
    refused = {
        unrelated: "PORTICO_REPLICA_URLS: number 2 is not a replica of the primary: its system identifier is another one.",
        place.primary.urls.app: "PORTICO_REPLICA_URLS: number 2 is not a standby: it takes writes.",
        other.app: "PORTICO_REPLICA_URLS: number 2 is not a standby: it takes writes.",
        replica_of_neighbour: "PORTICO_REPLICA_URLS: number 2 is another database of the primary's cluster.",
        place.replicas[1].urls.admin: "PORTICO_REPLICA_URLS: number 2 logs in as a superuser or with BYPASSRLS; let it use the role portico_app.",
        right.replace("/postgres?", "/none?"): "PORTICO_REPLICA_URLS: cannot log in to number 2: it has no database of this name (SQLSTATE 3D000).",
    }
    assert {url: await refusal(place, right, url) for url in refused} == refused
    assert await refusal(place, *place.urls) == ""
    # One that does not answer may answer later.
    assert await refusal(place, right, "postgresql://portico_app@127.0.0.1:1/postgres") == ""
    assert events_of(caplog.records) == ["replica 2 does not answer: Connection refused"]


async def test_a_running_server_does_not_use_what_is_no_replica(
    place: Place, start: Callable[..., str], unrelated: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The URLs of a running server may come to name something else, for instance after a failover."""
    address = start(replica_urls=(unrelated, place.primary.urls.app, "postgresql://portico_app@127.0.0.1:1/postgres"))
    async with reader(place, address) as one:
        await until(lambda: asyncio.sleep(0, len(events_of(caplog.records)) >= 3))
        for _ in range(10):
            assert await one.read() == "Before"
        await asyncio.sleep(1.5)
        assert replicas_in(caplog.records) == {None}
    assert sorted(events_of(caplog.records)) == [
        "replica 1 is not used: is not a replica of the primary: its system identifier is another one",
        "replica 2 is not used: is not a standby: it takes writes",
        "replica 3 is not used: ECONNREFUSED",
    ]


async def test_while_the_primary_is_away_the_answer_is_an_outage_and_then_all_is_well(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """A session cannot be checked without the primary, so replicas do not answer for it."""
    async with reader(place, start()) as one:
        await used(caplog.records, one, 1, 2)
        stopped = pids_of(place.primary.data)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            async with httpx.AsyncClient(base_url=one.http.base_url, timeout=20) as http:
                one.http, first = http, one.http
                answer = await one.send(READ)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        finally:
            for pid in reversed(stopped):
                os.kill(pid, signal.SIGCONT)
            one.http = first
        await used(caplog.records, one, 1, 2)
