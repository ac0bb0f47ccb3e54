"""Against a cluster of Citus: nodes that are lost, under the mixed load of `tests/faults` and in the middle of a commit. Clients see outages and nothing else; each effect is there once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.sharding.tables import IN_TWO_PHASES
from tests.auditing import violations
from tests.conftest import ADA
from tests.faults.checks import assert_effects_of, assert_nothing_open, assert_reads, captures_of, is_back, running
from tests.faults.database_faults import outages_seen, pids_of
from tests.faults.mixed_load import MixedLoad
from tests.faults.site import LOST, Site, administrator, new_customer
from tests.lifecycle.conftest import new_id
from tests.servers.clusters import Cluster
from tests.servers.nodes import Node, nodes_of
from tests.template import DATABASE
from tests.waiting import until

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
CUSTOMERS = 8
COORDINATOR, WORKER = 0, 1
PAID = "select count(*) from payment where customer_id = any($1) and status = 'SUCCEEDED'"
# Citus ends transactions that were prepared and not committed once a minute, which a test does not wait for.
RECOVERED_SOON = "alter system set citus.recover_2pc_interval = '1s'"
PORT_OF = "select n.nodeport from pg_dist_placement p join pg_dist_node n using (groupid) where p.shardid = get_shard_id_for_distribution_column('portico.customer', cast($1 as text))"
DRAFT = """
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
values ($1, $2, $2, 'MANUAL', 'OPEN', 'USD', now(), current_date, 500, 500, now())"""
NUMBER = "select issue_number($1, 'lost', 2026, 'lost-', 4, '')"
NUMBERS = "select number from invoice where customer_id = any($1) and number <> id"
HANGS = "select count(*) > 0 from pg_stat_activity where wait_event = 'SyncRep'"


@pytest.fixture
async def nodes(urls: Urls) -> AsyncIterator[list[Node]]:
    nodes = await nodes_of(urls.admin)
    await set_up(nodes[COORDINATOR].url, RECOVERED_SOON)
    yield nodes
    await set_up(nodes[COORDINATOR].url, "alter system reset citus.recover_2pc_interval")


async def set_up(url: str, statement: str) -> None:
    async with administrator(url) as admin:
        await admin.execute(statement)
        await admin.execute("select pg_reload_conf()")


@asynccontextmanager
async def crashed(node: Node) -> AsyncIterator[None]:
    await asyncio.to_thread(node.stop, "immediate")
    try:
        yield
    finally:
        await asyncio.to_thread(node.start)


@asynccontextmanager
async def shut_down(node: Node) -> AsyncIterator[None]:
    await asyncio.to_thread(node.stop, "fast")
    try:
        yield
    finally:
        await asyncio.to_thread(node.start)


@asynccontextmanager
async def silent(node: Node) -> AsyncIterator[None]:
    """Stop all processes of the node: connections stay open, and nothing is answered."""
    stopped = pids_of(node.data)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("lost", [crashed, shut_down, silent])
@pytest.mark.parametrize("number", [COORDINATOR, WORKER], ids=["coordinator", "worker"])
async def test_a_lost_node_costs_no_effect(
    lost: Callable[[Node], AbstractAsyncContextManager[None]], number: int, urls: Urls, nodes: list[Node], root: Path, tmp_path: Path
) -> None:
    site = Site(Cluster(tmp_path, urls), tmp_path, urls)
    with site.server(root):
        async with site.load(CUSTOMERS) as load:
            elsewhere = await those_elsewhere(load, urls, nodes[number])
            async with running(site, load):
                async with lost(nodes[number]):
                    await outages_seen(load)
                    for customer in elsewhere:
                        await assert_reads(load, customer)
                await is_back(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes - {"IN_PROGRESS"} == {"200", "503"}
            await assert_nothing_open(site)
            await assert_effects_of(site, load)
            async with site.admin() as admin:
                ids = {shopper.customer_id for shopper in load.shoppers}
                assert await captures_of(site) == await admin.fetchval(PAID, list(ids))
                assert await violations(admin, ids) == []


async def those_elsewhere(load: MixedLoad, urls: Urls, node: Node) -> list[int]:
    """Return the numbers of two customers of the load whose rows are on another node."""
    async with administrator(urls.admin) as admin:
        ports = [await admin.fetchval(PORT_OF, shopper.customer_id) for shopper in load.shoppers]
    numbers = [number for number, port in enumerate(ports) if f":{port}/" not in node.url]
    return [numbers[0], numbers[-1]]


@pytest.mark.parametrize("table", [*IN_TWO_PHASES, "job_pass"])
async def test_what_belongs_to_rows_of_a_customer_is_committed_with_them(admin: asyncpg.Connection, table: str) -> None:
    """Citus says which statements it sends to workers. `job_pass` is the control."""
    messages: list[str] = []

    def note(_: object, message: asyncpg.PostgresLogMessage) -> None:
        messages.append(str(message))

    admin.add_log_listener(note)
    await admin.execute("set citus.log_remote_commands = on")
    try:
        async with admin.transaction():
            await admin.execute("update search_entry set words = words where owner_id = $1", ADA.customer_id)
            await admin.execute(f"delete from {table} where false")
    finally:
        await admin.execute("set citus.log_remote_commands = off")
        admin.remove_log_listener(note)
    assert any("UPDATE" in message for message in messages)
    assert any("PREPARE TRANSACTION" in message for message in messages) == (table != "job_pass")


async def test_a_coordinator_that_is_lost_at_the_commit_gives_no_number_twice(urls: Urls, nodes: list[Node]) -> None:
    """The worker's commit waits for a standby that does not exist, and ends after the coordinator is lost."""
    (customer_id, lost), (another, next_one) = [await draft(urls) for _ in range(2)]
    async with administrator(urls.admin) as admin:
        port = await admin.fetchval(PORT_OF, customer_id)
    async with hanging_commits(next(node for node in nodes if f":{port}/" in node.url)) as worker:
        numbering = asyncio.create_task(number_it(urls, customer_id, lost))
        await until(lambda: worker.fetchval(HANGS))
        await asyncio.to_thread(nodes[COORDINATOR].stop, "immediate")
        with suppress(*LOST):
            await numbering
    await asyncio.to_thread(nodes[COORDINATOR].start)
    async with administrator(urls.admin) as admin:
        await until(lambda: admin.fetchval("select recover_prepared_transactions() = 0"))
        await number_it(urls, another, next_one)
        numbers = [record[0] for record in await admin.fetch(NUMBERS, [customer_id, another])]
        assert len({*numbers}) == len(numbers) > 0
        assert await admin.fetchval("select count(*) from invoice_number where number = any($1)", numbers) == len(numbers)


async def draft(urls: Urls) -> tuple[str, str]:
    """Write an invoice without a number of a new customer. Returns their ids."""
    async with administrator(urls.admin) as admin:
        customer_id, invoice = await new_customer(admin), new_id("inv")
        await admin.execute(DRAFT, customer_id, invoice)
    return customer_id, invoice


async def number_it(urls: Urls, customer_id: str, invoice: str) -> None:
    async with administrator(urls.admin) as admin, admin.transaction():
        await admin.execute(f"set local app.customer_id = '{customer_id}'")
        await admin.execute(NUMBER, invoice)


@asynccontextmanager
async def hanging_commits(node: Node) -> AsyncIterator[asyncpg.Connection]:
    """Let commits of a worker hang within the context, after they were written."""
    await set_up(node.url, "alter system set synchronous_standby_names = 'nobody'")
    try:
        async with administrator(node.url) as connection:
            yield connection
    finally:
        await set_up(node.url, "alter system reset synchronous_standby_names")
