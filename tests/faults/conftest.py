"""A Postgres of its own for each module, which its tests may break, and servers on it."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.site import LOCK_TIMEOUT, Site, administrator
from tests.lifecycle.conftest import fill
from tests.servers.clusters import Cluster, cluster

# So few that a test can take all of them.
CONNECTIONS = 30


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, cluster(Path(folder)) as place:
        asyncio.run(prepare(place))
        place.restart("fast")
        yield place


async def prepare(place: Cluster) -> None:
    await fill(place.urls.admin)
    async with administrator(place.urls.admin) as admin:
        await admin.execute(LOCK_TIMEOUT)
        await admin.execute(f"alter system set max_connections = {CONNECTIONS}")


@pytest.fixture(scope="module")
def place() -> Iterator[Cluster]:
    with own_cluster() as place:
        yield place


@pytest.fixture(scope="module")
def site(place: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(place, tmp_path_factory.mktemp("site"), place.urls)
