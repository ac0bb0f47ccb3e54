"""A database of the revision before the newest, full of demo data, is upgraded and goes on: nothing is lost, the money agrees, and every page answers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import demo
from db.audit import audit
from db.builtin import embedded
from db.deployment.migrate import VERSIONS
from db.deployment.revisions import revisions
from db.pool import Database, Pool
from gateway.documents.document_cache import first_party
from tests.conftest import ADA, Portal, closing_pool, demo_customer
from tests.db.migrations.old_database import connected
from tests.db.migrations.previous_revision import GENERATED, NOW, Upgraded, counts, upgraded_from_previous

VIEWERS = [demo_customer(person.email) for person in demo.PERSONAS]


@pytest.fixture(scope="module")
async def upgraded(urls: embedded.Urls) -> AsyncIterator[Upgraded]:
    async with upgraded_from_previous(urls, "upgrade") as database:
        yield database


@pytest.fixture(scope="module")
async def pages(upgraded: Upgraded, portal: Portal) -> AsyncIterator[Portal]:
    """The portal over the upgraded database."""
    async with closing_pool(Database(upgraded.urls.app, Pool(max_size=4), server_settings={})) as database:
        yield Portal(portal.schema, portal.documents, portal.planner, database, portal.files, portal.payments)


async def test_the_database_is_at_the_newest_revision_with_the_rows_of_before(upgraded: Upgraded) -> None:
    async with connected(upgraded.urls.admin) as connection:
        assert await connection.fetchval("select version_num from alembic_version") == revisions()[0]
        rows = await counts(connection)
    assert {table: rows[table] for table in upgraded.rows if table in rows and rows[table] < upgraded.rows[table]} == {}
    assert rows["customer"] >= 0.8 * (GENERATED + len(demo.PERSONAS))
    assert len([table for table, count in rows.items() if count]) > 20


async def test_the_money_agrees_after_the_upgrade(upgraded: Upgraded) -> None:
    async with connected(upgraded.urls.admin) as connection:
        invariants = await audit(connection, now=NOW + timedelta(minutes=1))
    assert len(invariants) > 10
    assert [(invariant.name, invariant.violations[:3]) for invariant in invariants if invariant.total] == []


# The variables of the pages that need some.
VARIABLES: dict[str, dict[str, Any]] = {
    "Statement": {"currency": "USD", "startsOn": "2026-01-01", "endsOn": "2026-12-31"},
    "Downloads": {"ids": ["inv_01m829w97ne1msh76cygrhecz9"]},
}


async def test_every_page_of_the_portal_answers_after_the_upgrade(pages: Portal, upgraded: Upgraded) -> None:
    viewers = [viewer for viewer in VIEWERS if viewer.customer_id not in upgraded.left_out]
    assert ADA in viewers
    for viewer in viewers:
        ids = "customer { subscriptions(first: 1) { nodes { id } } paymentSchedules(first: 1) { nodes { id } } invoices(first: 1) { nodes { id } } }"
        things = (await pages.execute(f"{{ {ids} }}", viewer)).data["customer"]
        for name, text in first_party().items():
            kind = {"Subscription": "subscriptions", "PaymentSchedule": "paymentSchedules", "Invoice": "invoices"}.get(name)
            for node in things[kind]["nodes"] if kind else [VARIABLES.get(name, {})]:
                executed, planned = await pages.execute(text, viewer, **node), await pages.plan(text, viewer, **node)
                assert executed.errors == [], (name, viewer)
                assert planned is not None
                assert planned.data == executed.data, (name, viewer)


LATER = """
alter table customer add column test_rank integer not null default 1;
create table note_of_test (id text primary key);
"""
# Row security is forced on the owner too, so that this updates no row. Nothing tells so while the table is empty.
WITHOUT_EFFECT = """
alter table customer add column test_rank integer;
update customer set test_rank = 1;
alter table customer alter test_rank set default 1, alter test_rank set not null;
"""
REVISION = """
from pathlib import Path
from typing import Any

from db.migrations import run_script

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    run_script(Path(__file__).with_name("9999_later.sql"))
"""


def later(folder: Path, script: str) -> tuple[Path, Path]:
    """The revisions, and one more."""
    revision = folder / "9999_later"
    revision.mkdir()
    (revision / "9999_later.py").write_text(REVISION.format(before=revisions()[0]))
    (revision / "9999_later.sql").write_text(script)
    return VERSIONS, folder


async def test_a_revision_that_is_added_later_is_tried_in_the_same_way(urls: embedded.Urls, tmp_path: Path) -> None:
    async with upgraded_from_previous(urls, "later", later(tmp_path, LATER)) as upgraded, connected(upgraded.urls.admin) as connection:
        assert "note_of_test" not in upgraded.rows
        assert await connection.fetchval("select count(*) from customer where test_rank = 1") == upgraded.rows["customer"] > GENERATED


async def test_a_revision_that_works_without_rows_only_is_noticed(urls: embedded.Urls, tmp_path: Path) -> None:
    with pytest.raises(asyncpg.NotNullViolationError, match="test_rank"):
        async with upgraded_from_previous(urls, "broken", later(tmp_path, WITHOUT_EFFECT)):
            pass
