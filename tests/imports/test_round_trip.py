"""Customers who are exported and imported into an empty database are the same there, and stay so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

import demo
from db.builtin import embedded
from db.pool import Database, Pool
from tests.conftest import NOW, Portal, closing_pool
from tests.depth import by_depth
from tests.imports.round_trip import Side, counts, differences, exported, imported, statements, summary
from tests.lifecycle.conftest import fill
from tests.template import create_database

GENERATED = by_depth(150, 400, 20_000)


@dataclass(frozen=True)
class Sides:
    """The two databases, the customers who are in both completely, by their ids in both, and the result of the import."""

    source: Side
    target: Side
    customers: dict[str, str]
    skipped: dict[str, int]
    told: dict[str, int]
    folder: Path


@asynccontextmanager
async def side(portal: Portal, urls: embedded.Urls) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(closing_pool(Database(urls.app, Pool(max_size=6), server_settings={})))
        admin = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
        stack.push_async_callback(admin.close)
        yield Side(replace(portal, database=database), admin)


@pytest.fixture(scope="module")
async def sides(portal: Portal, urls: embedded.Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    folder = tmp_path_factory.mktemp("round") / "files"
    folder.mkdir()
    source, target = await create_database(urls, "exported"), await create_database(urls, "imported")
    await demo.seed(source.admin, customers=GENERATED, now=NOW, progress=lambda _: None)
    await fill(target.admin)
    complete = await exported(source.admin, folder, now=NOW)
    async with side(portal, source) as one, side(portal, target) as other:
        before = await counts(other.admin)
        result = await imported(target.admin, folder, tmp_path_factory.mktemp("scratch"), now=NOW)
        told = {table: count - before[table] for table, count in (await counts(other.admin)).items()}
        ids = {row["external_id"]: row["id"] for row in await other.admin.fetch("select id, external_id from customer")}
        yield Sides(one, other, {name: ids[name] for name in sorted(complete) if name in ids}, dict(result.reasons), told, folder)


async def test_every_customer_is_imported_and_nothing_is_skipped(sides: Sides) -> None:
    assert sides.skipped == {}
    assert len(sides.customers) > GENERATED * 0.9


async def test_nothing_is_billed_mailed_or_told_by_an_import(sides: Sides) -> None:
    assert {table: count for table, count in sides.told.items() if count} == {}


async def test_the_summary_of_every_customer_is_the_same(sides: Sides, documents: dict[str, str]) -> None:
    names, differing = await sides.target.names(), {}
    for name, customer_id in sides.customers.items():
        one = await summary(sides.source, name, {}, text=documents["Summary"])
        other = await summary(sides.target, customer_id, names, text=documents["Summary"])
        if found := [
            x
            for x in differences(one, other)
            if not any(k in x for k in ("renewsAt", "status", "suspendedBy", "renewalAmount", "activeSubscriptions", "nextPayment"))
        ]:
            differing[name] = found
    assert not differing, (len(differing), dict(list(differing.items())[:5]))


async def test_the_statement_of_every_customer_is_the_same(sides: Sides) -> None:
    differing = {}
    for name, customer_id in sides.customers.items():
        codes = [row[0] for row in await sides.source.admin.fetch("select distinct currency from invoice where customer_id = $1 order by 1", name)]
        one, other = await asyncio.gather(statements(sides.source, name, codes, now=NOW), statements(sides.target, customer_id, codes, now=NOW))
        if one != other:
            differing[name] = list(differences(one, other))
    assert not differing, (len(differing), dict(list(differing.items())[:5]))
