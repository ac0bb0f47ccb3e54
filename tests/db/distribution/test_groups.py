"""The schema of a group of shards, made over the tables of a database that is not distributed: pages read the same rows there, and row security holds. This needs no Citus."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from db.deployment.roles import APP_SETTINGS
from db.distribution.functions import EXPRESSIONS, adapt_functions
from db.distribution.groups import PLACED, as_sql, definitions_of, group_statements
from db.outages import Conflict, ReadOnly
from db.pool import Database, Pool
from db.sharding.groups import GUARD, schema_of
from db.sharding.tables import REFERENCE, SHARDED
from db.unit_of_work import UnitOfWork
from db.workers import routing
from gateway.documents.document_cache import first_party
from gateway.http.graphql.execution import run_planned
from gateway.http.requests import GraphQLRequest
from tests.conftest import ADA, BIG, EMPTY, Portal, closing_pool, token
from tests.planner.test_first_party import DETAILS, VARIABLES
from tests.waiting import until

GROUP = schema_of(1)
TABLES = [*(table.name for table in SHARDED), *REFERENCE]
# What the catalog of Citus says on a worker: where shard 1 is, and which node this is.
CATALOG = f"""
create table {GROUP}.pg_dist_placement as select cast(1 as bigint) as shardid, 1 as groupid;
create table {GROUP}.pg_dist_local_group as select 1 as groupid;
grant select on {GROUP}.pg_dist_placement, {GROUP}.pg_dist_local_group to portico_app"""
OWNED = """
select c.relname as relation, a.attname as key
  from pg_class c join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
 where c.relnamespace = $1::regnamespace and c.relkind = 'v' and (a.attname in ('customer_id', 'owner_id') or c.relname = 'customer' and a.attname = 'id')"""
EVERYWHERE = "select -2147483648 as lowest, 2147483647 as highest, 1 as shard, 'localhost' as host, 1 as port"
READ = "query Read { customer { id name } }"
RENAME = "mutation Rename($name: String!) { updateProfile(input: { name: $name }) { customer { name } userErrors { code } } }"


@pytest.fixture(scope="module")
async def group(urls: embedded.Urls) -> AsyncIterator[Database]:
    """The database as the server reads it: the schema of a group that has all customers."""
    admin = await asyncpg.connect(urls.admin)
    definitions = await definitions_of(admin)
    statements = ";\n".join([f"drop schema if exists {GROUP} cascade", *group_statements(GROUP, dict(zip(TABLES, TABLES, strict=True)), definitions)])
    await admin.execute(f"{statements};\n{PLACED.format(shard=1)};\n{CATALOG}")
    async with closing_pool(Database(urls.app, Pool(4), server_settings=APP_SETTINGS | {"search_path": GROUP}, guard=GUARD)) as database:
        yield database
    await admin.execute(f"drop schema {GROUP} cascade")
    await admin.close()


@pytest.fixture
async def moved(admin: asyncpg.Connection, group: Database) -> AsyncIterator[None]:
    """The shards of the group are on another worker."""
    await admin.execute(f"update {GROUP}.pg_dist_placement set groupid = 2")
    yield
    await admin.execute(f"update {GROUP}.pg_dist_placement set groupid = 1")


@asynccontextmanager
async def reading(group: Database, portal: Portal) -> AsyncIterator[UnitOfWork]:
    """A unit of work of Ada that reads from the group."""
    session = portal.session(ADA)
    await session.read_from(group)
    try:
        yield session
    finally:
        await session.close()


@pytest.mark.parametrize("name", first_party())
async def test_every_page_is_the_same_in_the_schema_of_a_group(portal: Portal, group: Database, documents: dict[str, str], name: str) -> None:
    there = replace(portal, database=group)
    for viewer in (ADA, BIG, EMPTY):
        variables = VARIABLES.get(name, {})
        if name in DETAILS:
            listed = await portal.execute(f"{{ customer {{ {DETAILS[name]}(first: 1) {{ nodes {{ id }} }} }} }}", viewer)
            variables = {"id": next((node["id"] for node in listed.data["customer"][DETAILS[name]]["nodes"]), "none")}
        planned, direct = await portal.plan(documents[name], viewer, **variables), await there.plan(documents[name], viewer, **variables)
        assert planned is not None
        assert direct is not None
        assert direct.data == planned.data
        assert direct.statements == 3
        executed = await there.execute(documents[name], viewer, **variables)
        assert (executed.data, executed.errors) == (planned.data, [])


async def test_no_row_of_another_customer_is_seen_through_any_view(portal: Portal, group: Database, admin: asyncpg.Connection) -> None:
    seen = set()
    for relation, key in await admin.fetch(OWNED, GROUP):
        async with reading(group, portal) as session:
            try:
                rows = {row[0] for row in await session.fetch(f"select distinct {key} from {relation} where {key} is not null and $1 = 1", [1])}
            except Conflict:  # the application may not read it anywhere
                assert relation in ("event_counter", "search_entry")
                continue
        assert rows <= {ADA.customer_id}, relation
        seen |= {relation} if rows else set()
    assert len(seen) > 20
    assert await admin.fetchval(f"select count(distinct customer_id) from {GROUP}.portal_invoice") > 10  # the control


async def test_without_a_caller_nothing_is_seen(app: asyncpg.Connection, group: Database) -> None:
    for relation in ("customer", "invoice", "portal_invoice", "portal_summary", "payment_method"):
        assert await app.fetchval(f"select count(*) from {GROUP}.{relation}") == 0


async def test_nothing_is_written_there(portal: Portal, group: Database) -> None:
    async with reading(group, portal) as session:
        with pytest.raises(Conflict, match="insufficient_privilege"):
            await session.fetch("update customer set name = name where id = $1 returning 1", [ADA.customer_id])
    async with reading(group, portal) as session:
        with pytest.raises(ReadOnly):
            await session.fetch("update portico.customer set name = name where id = $1 returning 1", [ADA.customer_id])


async def test_the_settings_of_a_session_are_those_of_the_application(portal: Portal, group: Database) -> None:
    expected = {name: APP_SETTINGS[name] for name in ("statement_timeout", "lock_timeout", "jit", "plan_cache_mode")}
    expected |= {"transaction_read_only": "on", "transaction_isolation": "repeatable read", "search_path": GROUP, "app.customer_id": ADA.customer_id or ""}
    async with reading(group, portal) as session:
        for name, value in expected.items():
            assert [row[0] for row in await session.fetch("select current_setting($1)", [name])] == [value]


async def test_shards_that_have_moved_answer_nothing_and_the_database_answers(portal: Portal, group: Database, documents: dict[str, str], moved: None) -> None:
    """Although their rows are still there."""
    async with reading(group, portal) as session:
        with pytest.raises(Conflict):
            await session.fetch("select id from customer where id = $1", [ADA.customer_id])
    assert await read_first_on(group, portal, documents["Summary"]) is None


async def test_shards_that_are_not_there_answer_nothing_and_the_database_answers(
    portal: Portal, group: Database, documents: dict[str, str], admin: Any
) -> None:
    await admin.execute(f"alter view {GROUP}.portal_customer rename to gone")
    assert await read_first_on(group, portal, documents["Summary"]) is None
    await admin.execute(f"alter view {GROUP}.gone rename to portal_customer")
    assert await read_first_on(group, portal, documents["Summary"]) is group


async def read_first_on(group: Database, portal: Portal, text: str) -> Database | None:
    """Read a page from the group, and return where it was read in the end."""
    document, operation = portal.prepare(text)
    session = portal.session(ADA)
    await session.read_from(group)
    body = await run_planned(document, operation, GraphQLRequest(text, {}, None, False), portal.context(ADA, session))
    replica = session.replica
    await session.close()
    planned = await portal.plan(text, ADA)
    assert planned is not None
    assert json.loads(body or b"")["data"] == planned.data
    return replica


async def test_a_view_that_is_repeated_is_that_of_the_migrations(admin: asyncpg.Connection, group: Database) -> None:
    """As the statement of another version is not: the distributed database has another one."""
    definitions = [await admin.fetchval("select pg_get_viewdef(to_regclass($1))", f"{schema}.open_document") for schema in ("portico", GROUP)]
    assert definitions[1].replace(f"{GROUP}.", "portico.").replace(f"{GROUP}.", "") in (definitions[0], definitions[0].replace("FROM ", "FROM portico."))


async def test_the_revision_of_an_answer_is_that_of_the_coordinator(portal: Portal, group: Database) -> None:
    """Which does not name the version of the schema."""
    revisions = []
    for database in (portal.database, group):
        session = UnitOfWork(database, portal.session(ADA).caller)
        ((revision,),) = await session.fetch("select customer_revision($1)", [True])
        revisions.append(revision.split(" "))
        await session.close()
    assert revisions[0][-len(revisions[1]) :] == revisions[1]
    assert len(revisions[1]) > 2


async def test_functions_that_were_adapted_are_functions_in_sql_again(admin: asyncpg.Connection) -> None:
    transaction = admin.transaction()
    await transaction.start()
    try:
        names = [record["signature"] for record in await admin.fetch(EXPRESSIONS)]
        await adapt_functions(admin)
        adapted = [await admin.fetchval("select pg_get_functiondef(to_regprocedure($1))", f"portico.{name.removeprefix('portico.')}") for name in names]
        assert len(names) > 3
        assert all("LANGUAGE plpgsql" in definition and "LANGUAGE sql" in as_sql(definition) for definition in adapted)
        await admin.execute("set local check_function_bodies = on; set local search_path = portico")
        for definition in adapted:
            await admin.execute(as_sql(definition))
    finally:
        await transaction.rollback()


@pytest.fixture
def server_of_groups(urls: embedded.Urls, group: Database, start_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server to which the coordinator says that all customers are in the group."""

    async def is_distributed(_: object) -> bool:
        return True

    monkeypatch.setattr(routing, "is_distributed", is_distributed)
    monkeypatch.setattr(routing, "GROUPS", EVERYWHERE)
    monkeypatch.setattr(routing, "located", lambda url, _: url)
    return start_server(urls.app)


async def test_a_server_reads_customers_from_groups_and_writes_by_the_coordinator(
    server_of_groups: str, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "portico")
    name = await admin.fetchval("select name from customer where id = $1", ADA.customer_id)
    async with httpx.AsyncClient(base_url=server_of_groups, timeout=20, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:

        async def answer(query: str, **variables: Any) -> Any:
            return (await client.post("/graphql", json={"query": query, "variables": variables})).json()["data"]

        def shards(operation: str) -> list[int | None]:
            return [fields.get("shard") for fields in map(vars, caplog.records) if fields.get("operation") == operation]

        async def is_direct() -> bool:
            assert (await answer(READ))["customer"]["id"] == ADA.customer_id
            return 1 in shards("Read")

        async def is_logged() -> bool:
            return len(shards("Later")) > 0

        await until(is_direct)
        for written in ("Someone", name):
            assert (await answer(RENAME, name=written))["updateProfile"]["customer"]["name"] == written
            assert (await answer(READ))["customer"]["name"] == written
        await admin.execute(f"update {GROUP}.pg_dist_placement set groupid = 2")
        assert (await answer(READ.replace("Read", "Later")))["customer"]["name"] == name
        await admin.execute(f"update {GROUP}.pg_dist_placement set groupid = 1")
        await until(is_logged)
        assert shards("Later") == [None]
