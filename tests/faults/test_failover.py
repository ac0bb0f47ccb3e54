"""The primary dies and its synchronous standby is promoted, under a mixed load: every confirmed effect is on the new primary, once."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from db.builtin.embedded import Urls
from tests.faults.checks import assert_effects, assert_nothing_open, assert_whole_pool, is_back, running
from tests.faults.database_faults import outages_seen
from tests.faults.site import Site, administrator
from tests.servers.clusters import Cluster, control, standby
from tests.waiting import until

pytestmark = pytest.mark.in_turns(3)

CUSTOMERS = 6
SOCKET = ".s.PGSQL.5432"
SYNCHRONOUS = "select count(*) = 1 from pg_stat_replication where sync_state in ('sync', 'quorum')"


@pytest.fixture
def address() -> Iterator[Path]:
    """A folder whose socket is a link to that of the present primary, as a virtual address or a name is."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        yield Path(folder)


def point_to(address: Path, place: Cluster) -> None:
    (address / "next").symlink_to(Path(unquote(place.urls.admin.partition("host=")[2])) / SOCKET)
    os.replace(address / "next", address / SOCKET)


async def test_after_a_failover_nothing_that_was_confirmed_is_missing_or_there_twice(place: Cluster, address: Path, root: Path, tmp_path: Path) -> None:
    point_to(address, place)
    site = Site(place, tmp_path, Urls(*(url.partition("host=")[0] + "host=" + quote(str(address), safe="") for url in (place.urls.admin, place.urls.app))))
    with standby(place, place.data.parent / "standby") as other, site.server(root) as server:
        await make_synchronous(place)
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                await asyncio.to_thread(control, place.data, "stop", "-m", "immediate")
                await outages_seen(load)
                await asyncio.to_thread(other.promote)
                site.place = other
                point_to(address, other)
                await is_back(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes - {"IN_PROGRESS"} == {"200", "503"}
            await assert_whole_pool(site, server, load.shoppers[0].customer_id)
            await assert_nothing_open(site)
            await assert_effects(site, load)
        assert server.process.poll() is None


async def make_synchronous(place: Cluster) -> None:
    """Have each commit wait for the standby, without which a failover loses what was confirmed last."""
    async with administrator(place.urls.admin) as admin:
        await admin.execute("alter system set synchronous_standby_names = '*'")
        await admin.execute("select pg_reload_conf()")
        await until(lambda: admin.fetchval(SYNCHRONOUS))
