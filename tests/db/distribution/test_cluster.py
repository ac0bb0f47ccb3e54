"""Against a cluster of Citus: which statements go to one shard, and that no customer sees another one's rows, whatever plan a connection has kept.

`python -m tests.db.distribution.prepare` makes the database and prints the variables with which these run.
"""

import asyncio
import json
import os
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from db.builtin import embedded
from db.callers import Caller
from db.pool import Database, Pool
from db.revisions.lookup import RevisionKey, confirmed_revisions
from db.unit_of_work import SessionEnded, UnitOfWork
from gateway.documents.document_cache import first_party
from planner import BoundPlan
from tests.conftest import ADA, BIG, NOW, STAFF, Portal, closing_pool, demo_customer
from tests.lifecycle.events.test_types import NOUNS
from tests.template import DATABASE

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
# With the connection of the customer that lists what the document is about.
DETAILS = {"Subscription": "subscriptions", "PaymentSchedule": "paymentSchedules", "Invoice": "invoices"}
VARIABLES = {"Statement": {"currency": "USD", "startsOn": "2026-01-01", "endsOn": "2026-12-31"}, "Downloads": {"ids": ["inv_01m829w97ne1msh76cygrhecz9"]}}
SESSION = """
insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) values ($1, $2, 'PASSWORD', now(), now(), now() + interval '1 day')
on conflict do nothing"""
OWNERS = "select customer_id from portal_invoice"
GRETA = demo_customer("greta@example.com")


PAYLOAD = "mutation ($name: String!) { updateProfile(input: {name: $name}) { customer { id name invoices(first: 3) { nodes { id } } } userErrors { code } } }"


def caller_of(viewer: Viewer) -> Caller:
    return Caller(viewer.customer_id, viewer.kind, NOW, is_of_token=True)


def unit_of_work(database: Database, viewer: Viewer) -> UnitOfWork:
    return UnitOfWork(database, caller_of(viewer), acquire_seconds=20)


@pytest.mark.parametrize("name", first_party())
async def test_a_page_of_a_customer_is_a_router_query(portal: Portal, documents: dict[str, str], name: str) -> None:
    variables = VARIABLES.get(name, {})
    if name in DETAILS:
        listed = await portal.execute(f"{{ customer {{ {DETAILS[name]}(first: 1) {{ nodes {{ id }} }} }} }}", ADA)
        variables = {"id": listed.data["customer"][DETAILS[name]]["nodes"][0]["id"]}
    bound = bound_for(portal, documents[name], ADA, variables)
    session = portal.session(ADA)
    ((text,),) = await session.fetch(f"explain (format json) {bound.plan.sql}", bound.values)
    await session.close()
    assert tasks(json.loads(text)) == [1]


def bound_for(portal: Portal, text: str, viewer: Viewer, variables: dict[str, Any]) -> BoundPlan:
    document, operation = portal.prepare(text)
    assert document.plans is not None
    bound = document.plans.bind(operation, variables, viewer)
    assert bound is not None
    return bound


def tasks(plan: Any) -> list[int]:
    """Return the number of tasks of each distributed query in a plan."""
    if isinstance(plan, list):
        return [count for part in plan for count in tasks(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan["Task Count"]] if "Task Count" in plan else []
    return own + [count for name, part in plan.items() if name != "Remote Plan" for count in tasks(part)]


@pytest.fixture
async def single(urls: embedded.Urls) -> Any:
    """A pool of one connection, which all units of work share."""
    async with closing_pool(Database(urls.app, Pool(max_size=1), server_settings={})) as database:
        yield database


async def invoices_of(admin: asyncpg.Connection, viewer: Viewer) -> int:
    return int(await admin.fetchval("select count(*) from invoice where customer_id = $1", viewer.customer_id))


async def test_two_customers_take_turns_on_one_connection_with_prepared_statements(single: Database, admin: asyncpg.Connection) -> None:
    """More often than Postgres needs to decide for a generic plan, if it may."""
    totals = {viewer: await invoices_of(admin, viewer) for viewer in (ADA, BIG, GRETA)}
    assert all(totals.values())
    for viewer in (ADA, BIG, GRETA) * 8:
        session = unit_of_work(single, viewer)
        for sql, arguments in ((f"{OWNERS} where customer_id = $1", [viewer.customer_id]), (f"{OWNERS} where $1 = 1", [1]), (OWNERS, [])):
            rows = await session.fetch(sql, arguments)
            assert {row["customer_id"] for row in rows} == {viewer.customer_id}
            assert len(rows) == totals[viewer]
        await session.close()


async def test_many_customers_share_a_pool(urls: embedded.Urls, admin: asyncpg.Connection) -> None:
    people = [
        Viewer(ADA.kind, record[0], ADA.scopes, ADA.client) for record in await admin.fetch("select customer_id from invoice group by 1 order by 1 limit 20")
    ]
    assert len(people) > 10
    async with closing_pool(Database(urls.app, Pool(max_size=3), server_settings={})) as database:

        async def read(viewer: Viewer) -> None:
            for _ in range(4):
                session = unit_of_work(database, viewer)
                rows = await session.fetch(f"{OWNERS} where $1 = 1", [1])
                assert {row["customer_id"] for row in rows} == {viewer.customer_id}
                await session.close()

        await asyncio.gather(*map(read, people))


async def test_each_customer_has_a_revision_of_their_own(portal: Portal, documents: dict[str, str], single: Database, admin: asyncpg.Connection) -> None:
    """By the look-up that checks the caller, and beside the rows of the page, on one connection."""
    for viewer in (ADA, BIG, GRETA):  # of whom the demo has no events
        await admin.execute("update customer set name = name where id = $1", viewer.customer_id)
    before = {viewer: await revision_of(portal, documents["Summary"], single, viewer) for viewer in (ADA, BIG, GRETA)}
    assert len({*before.values()}) == 3
    await admin.execute("update customer set name = name where id = $1", GRETA.customer_id)
    after = {viewer: await revision_of(portal, documents["Summary"], single, viewer) for viewer in (GRETA, BIG, ADA)}
    assert {viewer for viewer in before if before[viewer] != after[viewer]} == {GRETA}


async def test_all_customers_have_another_revision_after_a_change_of_the_catalog(
    portal: Portal, documents: dict[str, str], single: Database, admin: Any
) -> None:
    text = documents["Subscriptions"]
    before = {viewer: await revision_of(portal, text, single, viewer) for viewer in (ADA, BIG, GRETA)}
    await admin.execute("update plan set name = name")
    assert all([await revision_of(portal, text, single, viewer) != before[viewer] for viewer in before])


async def revision_of(portal: Portal, text: str, single: Database, viewer: Viewer) -> str:
    bound = bound_for(portal, text, viewer, {})
    assert bound.plan.revised is not None
    (revision,) = await confirmed_revisions(single, [RevisionKey(caller_of(viewer), bound.plan.revised.is_of_catalog)], acquire_seconds=20)
    session = unit_of_work(single, viewer)
    ((*_, beside, _, _),) = await session.fetch(bound.plan.revised.sql, bound.revised_values)
    await session.close()
    assert beside == revision
    return revision


async def test_the_look_up_of_a_revision_refuses_a_session_that_is_another_customers(single: Database, admin: asyncpg.Connection) -> None:
    own, other = "ses_00000000000000000000000ada", "ses_00000000000000000000000big"
    for viewer, identifier in ((ADA, own), (BIG, other)):
        await admin.execute(SESSION, viewer.customer_id, identifier)
    for session_id, is_accepted in ((own, True), (other, False)) * 3:
        looked_up = confirmed_revisions(single, [RevisionKey(replace(caller_of(ADA), session_id=session_id), False)], acquire_seconds=20)
        if is_accepted:
            assert await looked_up
        else:
            with pytest.raises(SessionEnded):
                await looked_up
    for viewer, identifier in ((ADA, own), (BIG, other)):
        await admin.execute("delete from portal_session where customer_id = $1 and id = $2", viewer.customer_id, identifier)


async def test_a_payload_has_the_rows_of_who_called(portal: Portal, admin: asyncpg.Connection) -> None:
    names = {viewer: await admin.fetchval("select name from customer where id = $1", viewer.customer_id) for viewer in (ADA, BIG)}
    for name in ("Someone", "Somebody"):
        for viewer in (ADA, BIG):
            answer = await portal.execute_with_plans(PAYLOAD, viewer, name=name)
            assert not answer.errors
            payload = answer.data["updateProfile"]["customer"]
            assert (payload["id"], payload["name"]) == (viewer.customer_id, name)
            ids = [node["id"] for node in payload["invoices"]["nodes"]]
            assert await admin.fetchval("select count(*) from invoice where customer_id = $1 and id = any($2)", viewer.customer_id, ids) == 3
    for viewer, name in names.items():
        await portal.execute_with_plans(PAYLOAD, viewer, name=name)


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
async def test_a_stale_plan_shows_nothing_of_another_customer(app: asyncpg.Connection, mode: str) -> None:
    """A plan without parameters is kept with the shard of the customer for whom it was made. It is what the program never prepares."""
    await app.execute(f"set plan_cache_mode = {mode}")
    await app.execute(f"prepare owners as {OWNERS}")
    for viewer in (ADA, BIG, ADA, GRETA):
        async with app.transaction():
            await app.execute(f"set local app.customer_id = '{viewer.customer_id}'")
            await app.execute("set local app.actor = 'CUSTOMER'")
            rows = await app.fetch("execute owners")
        assert {row["customer_id"] for row in rows} <= {viewer.customer_id}
        assert rows or viewer is not ADA
    await app.execute("deallocate owners; reset plan_cache_mode")


async def test_staff_read_what_is_owed_by_customers_of_all_shards(portal: Portal) -> None:
    text = "query ($ageing: [Ageing!]) { openItems(first: 100, filter: {ageing: $ageing}) { totalCount nodes { customer { id } } } openItemTotals { ageing itemCount } }"
    counts = {}
    for ageing in (None, "CURRENT", "DAYS_1_30", "DAYS_31_60", "DAYS_61_90", "DAYS_OVER_90"):
        answer = await portal.execute(text, STAFF, ageing=ageing and [ageing])
        assert not answer.errors
        counts[ageing] = answer.data["openItems"]["totalCount"]
        assert len({node["customer"]["id"] for node in answer.data["openItems"]["nodes"]}) > (ageing is None)
    totals = [(total["ageing"], total["itemCount"]) for total in answer.data["openItemTotals"]]
    summed = {ageing: sum(count for of, count in totals if ageing in (None, of)) for ageing in counts}
    assert summed == counts


async def test_staff_find_customers_of_all_shards(portal: Portal) -> None:
    answer = await portal.execute('{ customers(search: "example.com", first: 100) { totalCount nodes { id } } }', STAFF)
    assert not answer.errors
    assert {ADA.customer_id, BIG.customer_id, GRETA.customer_id} <= {node["id"] for node in answer.data["customers"]["nodes"]}


CHANGES = """
select e.type, e.changes from event e
 where e.customer_id = $1 and e.object_id = $2 and e.seq = (select max(n.seq) from event n where n.customer_id = $1 and n.object_id = $2)"""


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_change_of_a_row_is_an_event_with_its_columns(admin: asyncpg.Connection, noun: str) -> None:
    """What compares two rows is called on a worker, where rows have the type of their shard."""
    table, column = NOUNS[noun][0], {"customer": "name", "refund": "note"}.get(noun, "metadata")
    key = "id" if noun == "customer" else "customer_id"
    owner, identifier, before = await admin.fetchrow(f"select {key}, id, {column} from {table} order by id limit 1")
    change = f"update {table} set {column} = $3 where {key} = $1 and id = $2"
    await admin.execute(change, owner, identifier, f'{{"of": "{identifier}"}}')
    topic, changes = await admin.fetchrow(CHANGES, owner, identifier)
    await admin.execute(change, owner, identifier, before)
    assert (topic, changes) == (f"{noun}.updated", [column])


async def test_without_a_caller_nothing_is_seen(app: asyncpg.Connection) -> None:
    assert await app.fetch(OWNERS) == []
