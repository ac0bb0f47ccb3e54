"""Faults of Postgres under a mixed load: clients see outages and nothing else, the server recovers by itself, and each effect is there once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.checks import assert_effects, assert_nothing_grew, assert_nothing_open, assert_whole_pool, is_back, running
from tests.faults.database_faults import FAULTS
from tests.faults.site import Server, Site

pytestmark = pytest.mark.in_turns(4)

CUSTOMERS = 6


@pytest.fixture(scope="module")
def server(site: Site, root: Path) -> Iterator[Server]:
    """One process for all faults of this module; none of them ends it."""
    with site.server(root) as server:
        yield server


@pytest.mark.parametrize("name", FAULTS)
async def test_clients_see_outages_only_and_each_effect_once(name: str, site: Site, server: Server, record_property: Callable[[str, object], None]) -> None:
    fault = FAULTS[name]
    async with site.load(CUSTOMERS) as load:
        async with running(site, load):
            before = server.measure()
            site.causes()
            await fault.come(site, load)
            record_property("seconds until the last failure", round(await is_back(load), 2))
        assert load.seen.wrong == []
        assert load.seen.outcomes - {"IN_PROGRESS"} <= {"200"} | fault.outcomes
        assert load.seen.count(*fault.outcomes) > 0 or not fault.is_seen
        assert (site.causes() & fault.causes) or not fault.is_seen
        await assert_whole_pool(site, server, load.shoppers[0].customer_id)
        await assert_nothing_open(site)
        await assert_effects(site, load)
    assert_nothing_grew(before, server)
    assert server.process.poll() is None
