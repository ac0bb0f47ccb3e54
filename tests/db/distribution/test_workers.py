"""Against a cluster of Citus: pages that are read on the workers are those that the coordinator answers, and shards that move are read where they are.

The database is that of `tests/db/distribution/prepare.py`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from db.builtin import embedded
from db.connections import connect
from db.distribution.distribute import distribute
from db.distribution.groups import drop_groups
from db.outages import Conflict, DatabaseUnavailable
from db.unit_of_work import UnitOfWork
from db.workers.hashing import hash_of
from db.workers.routing import ShardGroups, watch
from db.workers.shard_group import ShardGroup
from gateway.documents.document_cache import first_party
from tests.conftest import ADA, BIG, Portal, demo_customer
from tests.planner.test_first_party import DETAILS, VARIABLES
from tests.template import DATABASE
from tests.waiting import until

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
GRETA = demo_customer("greta@example.com")
SHARD = "select get_shard_id_for_distribution_column('portico.customer', cast($1 as text))"
NODES = "select nodename, nodeport from pg_dist_node where groupid > 0 and noderole = 'primary' order by groupid"
MOVE = "select citus_move_shard_placement({}, '{}', {}, '{}', {}, shard_transfer_mode => 'block_writes')"


@pytest.fixture
async def groups(urls: embedded.Urls) -> AsyncIterator[ShardGroups]:
    groups = ShardGroups(urls.app)
    watching = asyncio.create_task(watch(groups))
    await readable(groups, ADA, BIG, GRETA)
    yield groups
    watching.cancel()
    await asyncio.wait([watching])


async def readable(groups: ShardGroups, *viewers: Viewer) -> None:
    async def are() -> bool:
        return all(groups.choose(viewer.customer_id) for viewer in viewers)

    await until(are)


def group_of(groups: ShardGroups, viewer: Viewer) -> ShardGroup:
    group = groups.choose(viewer.customer_id)
    assert group is not None
    return group


def on(group: ShardGroup, portal: Portal, viewer: Viewer) -> UnitOfWork:
    assert group.database is not None
    session = portal.session(viewer)
    session.replica = group.database
    return session


async def test_the_hash_finds_the_shard_that_citus_has_chosen(groups: ShardGroups, admin: asyncpg.Connection) -> None:
    customers = [record[0] for record in await admin.fetch("select id from customer order by id limit 300")]
    numbers = {group.number for group in groups.items}
    assert len(numbers) >= 8
    chosen = {customer: max((group for group in groups.items if group.lowest <= hash_of(customer)), key=lambda group: group.lowest) for customer in customers}
    assert {group.number for group in chosen.values()} == numbers
    for customer, group in chosen.items():
        assert await admin.fetchval(SHARD, customer) == group.number


@pytest.mark.parametrize("name", first_party())
async def test_every_page_is_the_same_on_the_worker(portal: Portal, groups: ShardGroups, documents: dict[str, str], name: str) -> None:
    for viewer in (ADA, BIG, GRETA):
        database = group_of(groups, viewer).database
        assert database is not None
        variables = VARIABLES.get(name, {})
        if name in DETAILS:
            listed = await portal.execute(f"{{ customer {{ {DETAILS[name]}(first: 1) {{ nodes {{ id }} }} }} }}", viewer)
            variables = {"id": next((node["id"] for node in listed.data["customer"][DETAILS[name]]["nodes"]), "none")}
        planned = await portal.plan(documents[name], viewer, **variables)
        direct = await replace(portal, database=database).plan(documents[name], viewer, **variables)
        assert planned is not None
        assert direct is not None
        assert (direct.data, direct.statements) == (planned.data, 3)


async def test_the_executor_reads_levels_on_the_worker(
    portal: Portal, groups: ShardGroups, documents: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Their statements have records, whose type asyncpg looks up in the catalog, in which Citus hides shards."""
    for viewer in (ADA, BIG, GRETA):
        database = group_of(groups, viewer).database
        assert database is not None
        answer = await replace(portal, database=database).execute(documents["Summary"], viewer)
        assert (answer.data, answer.errors, answer.statements) == ((await portal.execute(documents["Summary"], viewer)).data, [], 5)
    assert "could not be read by levels" not in caplog.text


async def test_the_plan_of_a_statement_is_made_once(portal: Portal, groups: ShardGroups) -> None:
    sql = "select count(*), (select coalesce(sum(generic_plans), 0) from pg_prepared_statements) from portal_invoice where customer_id = $1"
    session = on(group_of(groups, ADA), portal, ADA)
    first, *_, last = [(await session.fetch(sql, [ADA.customer_id]))[0] for _ in range(5)]
    await session.close()
    assert first[0] > 0
    assert last[1] - first[1] >= 4


async def test_no_row_of_another_customer_is_seen_on_the_worker(portal: Portal, groups: ShardGroups, admin: asyncpg.Connection) -> None:
    """Neither in the group, which has many customers, nor in the shards under their own names."""
    group = group_of(groups, ADA)
    sql = "select distinct customer_id from {} where $1 = 1"
    for relation in ("invoice", "portal_invoice", "payment_method", "portal_payment", f"portico.customer_{group.number}"):
        session = on(group, portal, ADA)
        rows = await session.fetch(sql.format(relation).replace("customer_id", "id" if "customer_" in relation else "customer_id"), [1])
        await session.close()
        assert [row[0] for row in rows] == [ADA.customer_id]
    others = await admin.fetchval(f"select count(*) from customer where get_shard_id_for_distribution_column('portico.customer', id) = {group.number}")
    assert others > 10


async def test_what_is_written_by_the_coordinator_is_read_on_the_worker_at_once(portal: Portal, groups: ShardGroups, admin: asyncpg.Connection) -> None:
    name = await admin.fetchval("select name from customer where id = $1", ADA.customer_id)
    mutation = "mutation ($name: String!) { updateProfile(input: {name: $name}) { customer { name } userErrors { code } } }"
    for written in (*(f"Name {number}" for number in range(15)), name):
        assert not (await portal.execute(mutation, ADA, name=written)).errors
        session = on(group_of(groups, ADA), portal, ADA)
        ((read,),) = await session.fetch("select name from customer where id = $1", [ADA.customer_id])
        await session.close()
        assert read == written


async def test_shards_that_move_are_read_by_the_coordinator_until_their_schema_is_made(
    portal: Portal, groups: ShardGroups, urls: embedded.Urls, admin: asyncpg.Connection, app: asyncpg.Connection, documents: dict[str, str]
) -> None:
    before = await portal.plan(documents["Summary"], GRETA)
    assert before is not None
    group, nodes = group_of(groups, GRETA), [(record[0], record[1]) for record in await admin.fetch(NODES)]
    elsewhere = next(node for node in nodes if node != group.address)
    database = group.database
    await admin.execute(MOVE.format(group.number, *group.address, *elsewhere))
    assert database is not None
    session = portal.session(GRETA)
    session.replica = database
    with pytest.raises((Conflict, DatabaseUnavailable)):
        await session.fetch("select id from customer where id = $1", [GRETA.customer_id])
    await session.close()

    async def is_gone() -> bool:
        return groups.choose(GRETA.customer_id) is None

    await until(is_gone)
    assert await app.fetch("select id from portico.customer") == []  # the policies that the shards have taken along show nothing without a caller
    after = await portal.plan(documents["Summary"], GRETA)
    assert after is not None
    assert after.data == before.data
    await distribute(urls.admin)
    await readable(groups, GRETA)
    moved = group_of(groups, GRETA)
    assert moved.address == elsewhere
    # Often enough for the statement to stay prepared, with the plan for whoever was first.
    for viewer in (GRETA, *await neighbours_of(admin, GRETA)) * 3:
        planned, direct = await portal.plan(documents["Summary"], viewer), await replace(portal, database=moved.database).plan(documents["Summary"], viewer)
        assert planned is not None
        assert direct is not None
        assert direct.data == planned.data


async def neighbours_of(admin: asyncpg.Connection, viewer: Viewer) -> list[Viewer]:
    """Return some customers of the same group."""
    shard = await admin.fetchval(SHARD, viewer.customer_id)
    ids = await admin.fetch(f"select id from customer where get_shard_id_for_distribution_column('portico.customer', id) = {shard} order by id limit 5")
    return [replace(viewer, customer_id=record[0]) for record in ids]


async def test_without_schemas_the_coordinator_answers_and_a_later_run_makes_them_again(groups: ShardGroups, urls: embedded.Urls) -> None:
    await drop_groups(urls.admin)

    async def are_gone() -> bool:
        return not any(group.can_be_read for group in groups.items)

    await until(are_gone)
    assert [groups.choose(viewer.customer_id) for viewer in (ADA, BIG, GRETA)] == [None] * 3
    await distribute(urls.admin)
    await readable(groups, ADA, BIG, GRETA)
    assert None not in [groups.choose(viewer.customer_id) for viewer in (ADA, BIG, GRETA)]


async def test_a_worker_that_cannot_be_reached_is_read_by_the_coordinator(groups: ShardGroups, urls: embedded.Urls, monkeypatch: Any) -> None:
    connection = await connect(urls.admin)
    try:
        group = group_of(groups, ADA)
        monkeypatch.setattr("db.workers.routing.located", lambda *_: "postgresql://portico_app@127.0.0.1:1/portico")
        for probe in groups._probes.values():
            probe.terminate()

        async def is_gone() -> bool:
            return not group.can_be_read

        await until(is_gone)
        assert groups.choose(ADA.customer_id) is None
        monkeypatch.undo()
        await readable(groups, ADA)
        assert groups.choose(ADA.customer_id) is not None
    finally:
        await connection.close()
