"""Full disks under a mixed load: of Postgres' data, of its write-ahead log, and of the uploaded files. Reads go on where they can, and nothing is half done."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from tests.faults.checks import assert_effects, assert_nothing_open, assert_reads, assert_whole_pool, is_back, running
from tests.faults.conftest import prepare
from tests.faults.database_faults import outages_seen
from tests.faults.site import LOST, Site
from tests.servers.clusters import Cluster, cluster, control
from tests.servers.small_disks import fill_up, make_room, small_disk
from tests.waiting import until

pytestmark = pytest.mark.in_turns(3)

# A data directory with all tables takes 90 MB, of which its log takes half.
MEGABYTES = 160
CUSTOMERS = 4


@pytest.fixture
def disks() -> Iterator[tuple[Cluster, Path, Path]]:
    """A Postgres whose data and whose write-ahead log are on small disks of their own."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, ExitStack() as stack:
        data = stack.enter_context(small_disk(Path(folder) / "data-disk", MEGABYTES))
        log = stack.enter_context(small_disk(Path(folder) / "log-disk", MEGABYTES))
        place = stack.enter_context(cluster(data))
        asyncio.run(prepare(place))
        control(place.data, "stop", "-m", "fast")
        subprocess.run(["cp", "-a", str(place.data / "pg_wal"), str(log / "pg_wal")], check=True)
        shutil.rmtree(place.data / "pg_wal")
        (place.data / "pg_wal").symlink_to(log / "pg_wal")
        start(place)
        yield place, data, log
        make_room(data)
        make_room(log)


def start(place: Cluster) -> None:
    control(place.data, "start", "-o", f"-h '' -k {place.data}")


async def test_a_full_disk_of_data_fails_what_needs_room_and_nothing_else(disks: tuple[Cluster, Path, Path], root: Path, tmp_path: Path) -> None:
    place, data, _ = disks
    site = Site(place, tmp_path, place.urls)
    with site.server(root) as server:
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                fill_up(data)
                await outages_seen(load)
                await assert_reads(load)
                make_room(data)
                await is_back(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes - {"IN_PROGRESS"} == {"200", "503"}
            assert "53100 disk_full" in site.causes()
            await assert_whole_pool(site, server, load.shoppers[0].customer_id)
            await assert_nothing_open(site)
            await assert_effects(site, load)


async def test_a_full_disk_of_the_log_ends_postgres_and_nothing_is_lost(disks: tuple[Cluster, Path, Path], root: Path, tmp_path: Path) -> None:
    """Postgres cannot go on without its log, and does not start again by itself while there is no room. Every effect that was confirmed is there afterwards."""
    place, _, log = disks
    site = Site(place, tmp_path, place.urls)
    with site.server(root) as server:
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                fill_up(log)
                await ended(place)
                await outages_seen(load)
                make_room(log)
                await asyncio.to_thread(start, place)
                await is_back(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes - {"IN_PROGRESS"} == {"200", "503"}
            assert "No space left on device" in place.log
            await assert_whole_pool(site, server, load.shoppers[0].customer_id)
            await assert_effects(site, load)


async def ended(place: Cluster) -> None:
    """Begin new files of the log until there is no room for one, and wait for the end of Postgres."""

    async def has_ended() -> bool:
        try:
            connection = await asyncpg.connect(place.urls.admin)
        except LOST:
            return not (place.data / "postmaster.pid").exists()
        try:
            await connection.execute("select pg_switch_wal()")
        except LOST:
            pass
        finally:
            connection.terminate()
        return False

    await until(has_ended, 40)


async def test_a_full_disk_of_files_fails_uploads_and_nothing_else(site: Site, root: Path, tmp_path: Path) -> None:
    with small_disk(site.data_dir / "bucket", 1) as bucket, site.server(root):
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                fill_up(bucket)
                await until(lambda: asyncio.sleep(0, load.seen.answers["upload", "503"] >= CUSTOMERS))
                make_room(bucket)
                await is_back(load)
            assert load.seen.wrong == []
            assert {action for action, outcome in load.seen.answers if outcome == "503"} == {"upload"}
            assert "ENOSPC" in site.causes()
            await assert_effects(site, load)
