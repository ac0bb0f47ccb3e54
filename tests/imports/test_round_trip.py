"""Customers who are exported and imported into an empty database are the same there, and stay so."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import demo
from db.builtin import embedded
from db.pool import Database, Pool
from jobs.clock import Billing, tick
from payments.sandbox import Sandbox
from tests.auditing import audited
from tests.conftest import NOW, SECRET, Portal, closing_pool
from tests.depth import by_depth
from tests.imports.round_trip import KINDS, Side, anonymous, counts, differences, exported, imported, is_tie, released, statements, summary
from tests.lifecycle.conftest import end_life, fill
from tests.template import create_database

pytestmark = pytest.mark.in_turns(3)

GENERATED = by_depth(120, 20_000)
BILLED = by_depth(20, 1_000)
# What the import fills in: until when a coupon that has had no effect yet counts as used.
EXPECTED = re.compile(r"^subscriptions\.coupon\.usedUntil: None ")
CANCELED_WITH_COUPON = """
insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at, periods_left, used_until)
select s.customer_id, 'red_' || substr(s.id, 5), (select min(id) from coupon where duration = 'REPEATING'), s.id, s.created_at, 1, s.canceled_at
  from subscription s
 where s.status = 'CANCELED' and not exists (select from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id)
 order by s.id desc limit 1"""
# Thirteen months, in the steps of a worker that runs once a week.
PERIOD, STEP = timedelta(days=397), timedelta(days=7)


@dataclass(frozen=True)
class Sides:
    """The two databases, the customers who are in both completely and released, by their ids in both, why others stay held, and the result of the import."""

    source: Side
    target: Side
    customers: dict[str, str]
    held: dict[str, list[str]]
    skipped: dict[str, int]
    outside: dict[str, int]
    folder: Path
    again: Path


@asynccontextmanager
async def side(portal: Portal, urls: embedded.Urls) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(closing_pool(Database(urls.app, Pool(max_size=6), server_settings={})))
        admin = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
        stack.push_async_callback(admin.close)
        yield Side(replace(portal, database=database), admin)


@asynccontextmanager
async def both(portal: Portal, urls: embedded.Urls, name: str, *, customers: int, folders: tuple[Path, Path]) -> AsyncIterator[Sides]:
    """Export generated customers of one new database, and import and release them in another."""
    folder, scratch = folders
    source, target = await create_database(urls, f"{name}_exported"), await create_database(urls, f"{name}_imported")
    await demo.seed(source.admin, customers=customers, now=NOW, progress=lambda _: None)
    await redeem_for_a_canceled_subscription(source.admin)
    await fill(target.admin)
    complete = await exported(source.admin, folder, now=NOW)
    async with audited(target.admin, is_whole=True), side(portal, source) as one, side(portal, target) as other:
        before = await counts(other.admin)
        result = await imported(target.admin, folder, scratch, now=NOW)
        outside = {table: count - before[table] for table, count in (await counts(other.admin)).items()}
        ids = {row["external_id"]: row["id"] for row in await other.admin.fetch("select id, external_id from customer")}
        again = folder.parent / f"{folder.name}-again"
        await asyncio.to_thread(again.mkdir)
        await exported(target.admin, again, now=NOW)
        held = {name: await released(other, ids[name], now=NOW) for name in sorted(complete) if name in ids}
        yield Sides(one, other, {name: ids[name] for name, codes in held.items() if not codes}, held, dict(result.reasons), outside, folder, again)


async def redeem_for_a_canceled_subscription(url: str) -> None:
    """Let a coupon of a canceled subscription have periods left, as those have that were canceled before all of them were used. Neither export nor import has it."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico", "app.events": "off"})
    try:
        assert await connection.execute(CANCELED_WITH_COUPON) == "INSERT 0 1"
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def sides(portal: Portal, urls: embedded.Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sides]:
    async with both(portal, urls, "round", customers=GENERATED, folders=(tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("scratch"))) as made:
        yield made


async def test_every_customer_is_imported_and_nothing_is_skipped(sides: Sides) -> None:
    assert sides.skipped == {}
    assert len(sides.held) > GENERATED * 0.9


async def test_an_export_of_what_the_import_holds_is_what_was_imported(sides: Sides) -> None:
    for kind in KINDS:
        first, second = (by_name(one / f"{kind}.jsonl") for one in (sides.folder, sides.again))
        results = [f"{name} {each}" for name in first for each in differences(first[name], second.get(name)) if not EXPECTED.search(f"{kind}{each}")]
        assert len(first) == len(second)
        assert not results, (kind, len(results), results[:10])


def by_name(path: Path) -> dict[str, Any]:
    """Return lines by their external ids; those of credits, which have none in the database, by all else that they say."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        json.dumps(line | {"externalId": ""}, sort_keys=True) if "credits" in path.name else line["externalId"]: {**line, "externalId": ""} for line in lines
    }


async def test_only_what_renews_today_or_has_no_method_stays_held(sides: Sides) -> None:
    codes = Counter(code for some in sides.held.values() for code in some)
    assert codes.keys() <= {"RENEWS_SOON", "PAYMENT_METHOD_REQUIRED"}, codes
    assert len(sides.customers) > GENERATED * 0.6, codes


async def test_nothing_is_billed_mailed_or_told_by_an_import(sides: Sides) -> None:
    assert {table: count for table, count in sides.outside.items() if count} == {}


async def test_the_summary_of_every_customer_is_the_same(sides: Sides, documents: dict[str, str]) -> None:
    names, differing = await sides.target.names(), {}
    for name, customer_id in sides.customers.items():
        one = await summary(sides.source, name, {}, text=documents["Summary"])
        other = await summary(sides.target, customer_id, names, text=documents["Summary"])
        if (results := list(differences(one, other))) and not await is_tie(sides.source, name, results):
            differing[name] = results
    assert not differing, (len(differing), dict(list(differing.items())[:5]))


async def test_the_statement_of_every_customer_is_the_same(sides: Sides) -> None:
    differing = {}
    for name, customer_id in sides.customers.items():
        codes = [row[0] for row in await sides.source.admin.fetch("select distinct currency from invoice where customer_id = $1 order by 1", name)]
        one, other = await asyncio.gather(statements(sides.source, name, codes, now=NOW), statements(sides.target, customer_id, codes, now=NOW))
        if one != other:
            differing[name] = list(differences(one, other))
    assert not differing, (len(differing), dict(list(differing.items())[:5]))


async def test_thirteen_months_of_the_clock_come_to_the_same_money(
    portal: Portal, urls: embedded.Urls, tmp_path_factory: pytest.TempPathFactory, documents: dict[str, str]
) -> None:
    folders = tmp_path_factory.mktemp("billed"), tmp_path_factory.mktemp("scratch")
    async with both(portal, urls, "billed", customers=BILLED, folders=folders) as sides:
        # The named customers are in the source alone, and one of them has thousands of rows.
        for person in demo.PERSONAS:
            await end_life(sides.source.admin, person.id)
        now = NOW
        while now < NOW + PERIOD:
            now += STEP
            await asyncio.gather(*(tick(Billing(one.database, {"sandbox": Sandbox(SECRET)}), now) for one in (sides.source, sides.target)))
        invoices = await sides.target.admin.fetchval("select count(*) from invoice where imported_at is null")
        assert invoices > 10 * len(sides.customers)
        differing = {}
        for name, customer_id in sides.customers.items():
            codes = [row[0] for row in await sides.source.admin.fetch("select distinct currency from invoice where customer_id = $1 order by 1", name)]
            pages = []
            for each, identifier in ((sides.source, name), (sides.target, customer_id)):
                page = anonymous(await summary(each, identifier, {}, text=documents["Summary"], now=now))
                pages.append([*await statements(each, identifier, codes, now=now), page])
            if (results := list(differences(*pages))) and not await is_tie(sides.source, name, results):
                differing[name] = results
        assert not differing, (len(differing), dict(list(differing.items())[:5]))
