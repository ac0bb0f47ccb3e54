"""The checks after a fault find what they are for: here the rows, the records of the processor and the servers are as a fault could leave them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from payments.sandbox_ledger import Ledger
from tests.faults.checks import assert_effects, assert_nothing_grew, assert_nothing_open, assert_whole_pool, goes_on, running
from tests.faults.mixed_load import MixedLoad
from tests.faults.site import Measured, Server, Site

# What is left wrong, and what mends it again. $1 is the customer.
WRONG = {
    "a confirmed quantity is lost": (
        "update subscription set quantity = quantity + 1 where customer_id = $1",
        "update subscription set quantity = quantity - 1 where customer_id = $1",
    ),
    "a confirmed subscription is lost": (
        "update subscription set id = id || '0' where customer_id = $1",
        "update subscription set id = left(id, -1) where customer_id = $1",
    ),
    "a confirmed file is lost": (
        "update attachment set id = id || '0' where customer_id = $1",
        "update attachment set id = left(id, -1) where customer_id = $1",
    ),
    "a payment stays open": (
        "update payment set status = 'PROCESSING', settled_at = null where customer_id = $1",
        "update payment set status = 'SUCCEEDED', settled_at = created_at where customer_id = $1",
    ),
    "a charge stays unsettled": (
        "update charge set settled_at = null where customer_id = $1",
        "update charge set settled_at = now() where customer_id = $1",
    ),
    "a payment pays more than it has": (
        "update payment_allocation set amount_minor = amount_minor + 1 where customer_id = $1",
        "update payment_allocation set amount_minor = amount_minor - 1 where customer_id = $1",
    ),
}
CAPTURE = "capture"


@pytest.fixture(scope="module")
def server(site: Site, root: Path) -> Iterator[Server]:
    with site.server(root) as server:
        yield server


async def test_effects_that_are_lost_or_there_twice_are_found(site: Site, server: Server) -> None:
    async with site.load(2) as load:
        async with running(site, load):
            await goes_on(load, answers=80)
        await assert_effects(site, load)
        results = {name: await is_detected(site, load, *statements) for name, statements in WRONG.items()}
        assert results == dict.fromkeys(WRONG, True)
        await assert_effects(site, load)


async def is_detected(site: Site, load: MixedLoad, wrong: str, right: str) -> bool:
    """Return whether the check fails while the rows of the load's customers are wrong. One of these statements must change rows."""
    ids = [shopper.customer_id for shopper in load.shoppers]
    async with site.admin() as admin:
        await admin.execute("set session_replication_role = replica")
        changed = [await admin.execute(wrong, identifier) for identifier in ids]
        assert set(changed) != {"UPDATE 0"}, wrong
        try:
            await assert_effects(site, load)
        except AssertionError:
            return True
        finally:
            for identifier in ids:
                await admin.execute(right, identifier)
    return False


async def test_a_second_capture_is_detected(site: Site, server: Server) -> None:
    async with site.load(1) as load:
        async with running(site, load):
            await goes_on(load)
        await assert_effects(site, load)
        async with site.admin() as admin:
            payment = await admin.fetchval("select id from payment where customer_id = $1 limit 1", load.shoppers[0].customer_id)
        Ledger(site.data_dir / "sandbox.sqlite3").count(CAPTURE, payment)
        with pytest.raises(AssertionError, match="captured more than once"):
            await assert_effects(site, load)
        with closing(sqlite3.connect(site.data_dir / "sandbox.sqlite3")) as ledger, ledger:
            ledger.execute("delete from call where seq = (select max(seq) from call where key = ?)", (payment,))
        await assert_effects(site, load)


async def test_a_pool_with_a_lost_place_is_detected(site: Site, server: Server, root: Path) -> None:
    async with site.load(1) as load:
        customer_id = load.shoppers[0].customer_id
        await assert_whole_pool(site, server, customer_id)
        with site.server(root, pool_size="3") as smaller, pytest.raises(AssertionError):
            await assert_whole_pool(site, smaller, customer_id, seconds=3)


async def test_what_grew_and_what_stays_open_are_found(site: Site, server: Server) -> None:
    now = server.measure()
    assert_nothing_grew(now, server)
    for before in (Measured(now.descriptors - 40, now.megabytes), Measured(now.descriptors, now.megabytes / 2)):
        with pytest.raises(AssertionError):
            assert_nothing_grew(before, server)
    await assert_nothing_open(site)
    async with site.admin() as admin, admin.transaction():
        await admin.execute("select 1")
        with pytest.raises(AssertionError):
            await assert_nothing_open(site, seconds=1)
