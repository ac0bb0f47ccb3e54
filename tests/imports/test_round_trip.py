"""Customers who are exported and imported into an empty database are the same there, and stay so."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import asyncpg
import pytest

import demo
from db.builtin import embedded
from db.pool import Database, Pool
from tests.conftest import NOW, Portal, closing_pool
from tests.depth import by_depth
from tests.imports.round_trip import Side, counts, differences, exported, imported, released, statements, summary
from tests.lifecycle.conftest import fill
from tests.template import create_database

GENERATED = by_depth(150, 400, 20_000)


@dataclass(frozen=True)
class Sides:
    """The two databases, the customers who are in both completely and released, by their ids in both, why others stay held, and the result of the import."""

    source: Side
    target: Side
    customers: dict[str, str]
    held: dict[str, list[str]]
    skipped: dict[str, int]
    told: dict[str, int]


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
        held = {name: await released(other, ids[name], now=NOW) for name in sorted(complete) if name in ids}
        yield Sides(one, other, {name: ids[name] for name, codes in held.items() if not codes}, held, dict(result.reasons), told)


async def test_every_customer_is_imported_and_nothing_is_skipped(sides: Sides) -> None:
    assert sides.skipped == {}
    assert len(sides.held) > GENERATED * 0.9


async def test_only_what_renews_today_or_has_no_method_stays_held(sides: Sides) -> None:
    codes = Counter(code for some in sides.held.values() for code in some)
    assert codes.keys() <= {"RENEWS_SOON", "PAYMENT_METHOD_REQUIRED"}, codes
    assert len(sides.customers) > GENERATED * 0.6, codes


async def test_nothing_is_billed_mailed_or_told_by_an_import(sides: Sides) -> None:
    assert {table: count for table, count in sides.told.items() if count} == {}


async def test_the_summary_of_every_customer_is_the_same(sides: Sides, documents: dict[str, str]) -> None:
    names, differing = await sides.target.names(), {}
    for name, customer_id in sides.customers.items():
        one = await summary(sides.source, name, {}, text=documents["Summary"])
        other = await summary(sides.target, customer_id, names, text=documents["Summary"])
        if found := list(differences(one, other)):
            differing[name] = found
    import json; open('/tmp/diff.json','w').write(json.dumps(differing,indent=1,default=str))
    assert not differing, (len(differing), dict(list(differing.items())[:5]))


async def test_the_statement_of_every_customer_is_the_same(sides: Sides) -> None:
    differing = {}
    for name, customer_id in sides.customers.items():
        codes = [row[0] for row in await sides.source.admin.fetch("select distinct currency from invoice where customer_id = $1 order by 1", name)]
        one, other = await asyncio.gather(statements(sides.source, name, codes, now=NOW), statements(sides.target, customer_id, codes, now=NOW))
        if one != other:
            differing[name] = list(differences(one, other))
    assert not differing, (len(differing), dict(list(differing.items())[:5]))
