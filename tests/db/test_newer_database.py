"""A program serves on a database whose tables and views have a column that it does not know, at the end of a view or in the middle."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import demo
from db.builtin import embedded
from db.deployment.migrate import APP, OWNER, migrate
from db.pool import Database, Pool
from gateway.documents.document_cache import first_party, first_party_actions
from tests.conftest import ADA, NOW, Portal, closing_pool
from tests.db.migrations.old_database import connected, new_database

TABLES = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> 'alembic_version'"
VIEWS = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relkind = 'v' order by oid"
COLUMNS = "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 order by attnum"
THINGS = """{ customer {
  subscriptions(first: 1) { nodes { id } } paymentSchedules(first: 1) { nodes { id } }
  active: subscriptions(first: 1, filter: { status: [ACTIVE] }) { nodes { id version } }
} }"""


async def at_the_end(connection: asyncpg.Connection, view: str) -> None:
    """With `create or replace view`, which adds columns nowhere else."""
    definition = (await connection.fetchval("select pg_get_viewdef($1::text::regclass)", view)).rstrip(" ;")
    await connection.execute(f"create or replace view {view} with (security_invoker = true) as select v.*, 'new' as test_note from ({definition}) v")


async def in_the_middle(connection: asyncpg.Connection, view: str) -> None:
    """By a new view of that name. What depends on the old one goes on with it."""
    first, *others = (record[0] for record in await connection.fetch(COLUMNS, view))
    await connection.execute(f"alter view {view} rename to old_{view}")
    columns = ", ".join([first, "'new' as test_note", *others])
    await connection.execute(f"create view {view} with (security_invoker = true) as select {columns} from old_{view}")
    await connection.execute(f"grant select on {view} to {APP}")


@dataclass(frozen=True)
class Newer:
    """The portal over the newer database, and the answers before and after the change, before any test writes to it."""

    pages: Portal
    before: dict[str, Any]
    after: dict[str, Any]


CHANGES = {"at the end": at_the_end, "in the middle": in_the_middle}


@pytest.fixture(scope="module", params=CHANGES)
async def newer(request: pytest.FixtureRequest, urls: embedded.Urls, portal: Portal) -> AsyncIterator[Newer]:
    """The portal over a demo whose every view has one more column, and the answers before and after that."""
    async with new_database(urls, "newer_database") as new:
        await migrate(new.admin)
        await demo.seed(new.admin, customers=0, now=NOW, progress=lambda _: None)
        async with pages_over(new, portal) as pages:
            before = await answers(pages)
        async with connected(new.admin) as connection:
            await connection.execute(f"set role {OWNER}")
            for (table,) in await connection.fetch(TABLES):
                await connection.execute(f"alter table {table} add column test_note text not null default 'new'")
            for (view,) in await connection.fetch(VIEWS):
                await CHANGES[request.param](connection, view)
            columns = [record[0] for record in await connection.fetch(COLUMNS, "portal_subscription")]
            assert columns.index("test_note") == (1 if request.param == "in the middle" else len(columns) - 1)
        async with pages_over(new, portal) as pages:
            yield Newer(pages, before, await answers(pages))


@asynccontextmanager
async def pages_over(urls: embedded.Urls, portal: Portal) -> AsyncIterator[Portal]:
    async with closing_pool(Database(urls.app, Pool(max_size=4), server_settings={})) as database:
        yield Portal(portal.schema, portal.documents, portal.planner, database, portal.files, portal.payments)


async def answers(pages: Portal) -> dict[str, Any]:
    """What the executor and the planner answer to every page of the portal."""
    things = (await pages.execute(THINGS)).data["customer"]
    variables: dict[str, dict[str, Any]] = {
        "Subscription": things["subscriptions"]["nodes"][0],
        "PaymentSchedule": things["paymentSchedules"]["nodes"][0],
        "Invoice": {"id": "inv_01m829w97ne1msh76cygrhecz9"},
        "Statement": {"currency": "USD", "startsOn": "2026-01-01", "endsOn": "2026-12-31"},
        "Downloads": {"ids": [things["paymentSchedules"]["nodes"][0]["id"]]},
    }
    documents = first_party().items()
    executed = {name: await pages.execute(text, ADA, **variables.get(name, {})) for name, text in documents}
    planned = {name: await pages.plan(text, ADA, **variables.get(name, {})) for name, text in documents}
    assert [name for name, answer in executed.items() if answer.errors] == []
    return {name: (executed[name].data, answer and answer.data) for name, answer in planned.items()}


async def test_loaders_and_planner_read_as_before(newer: Newer) -> None:
    assert {name for name, (_, planned) in newer.before.items() if planned is not None} == set(first_party())
    assert newer.after == newer.before


async def test_a_unit_of_work_reads_and_writes_as_before(newer: Newer) -> None:
    pages = newer.pages
    subscription = (await pages.execute(THINGS)).data["customer"]["active"]["nodes"][0]
    call = {"subscriptionId": subscription["id"], "expectedVersion": subscription["version"], "when": "PERIOD_END", "idempotencyKey": uuid4().hex}
    answer = await pages.execute(first_party_actions()["PauseSubscription"], ADA, input=call)
    assert answer.errors == []
    assert answer.data["pauseSubscription"]["userErrors"] == []
    assert (await pages.execute(THINGS)).data["customer"]["active"]["nodes"][0]["version"] == subscription["version"] + 1
