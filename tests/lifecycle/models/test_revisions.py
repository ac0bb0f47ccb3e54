"""Where the server says that nothing has changed, the whole answer is the one that the caller has: at every step of random histories, and at any instant."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import asyncpg
import pytest

from db.pool import Database
from tests.conftest import Portal
from tests.lifecycle.conftest import living, new_id
from tests.lifecycle.models.histories import IS_LONG, Catalogue, History, for_sale
from tests.lifecycle.models.revisions import Answers, whole_documents

HISTORIES = 60 if IS_LONG else 3
STEPS = 40 if IS_LONG else 10
# Of the portal's documents those that revisions cover.
PAGES = ("Summary", "Subscriptions", "Subscription", "Invoice", "PaymentSchedule", "PaymentSchedules", "CreditNotes", "Profile")

totals: Counter[str] = Counter()
seeds: set[int] = set()

PENDING_FILE = """
insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
select customer_id, $2, id, $2, 'a.pdf', 'application/pdf', 10, repeat('0', 64), $2, $3, 'CUSTOMER', '', $4 from invoice where customer_id = $1 order by random() limit 1"""


@pytest.fixture
async def catalogue(owner: asyncpg.Connection) -> Catalogue:
    return await for_sale(owner)


def others(history: History) -> list[Callable[[], Awaitable[None]]]:
    """Return what a history does beside mutations and the clock: writes of the catalog, of imports, of uploads and of the merchant's own SQL."""
    life, chance = history.life, history.chance

    async def run(sql: str, *values: object) -> None:
        history.log.append(" ".join(sql.split())[:90])
        await life.admin.execute(sql, *values)

    async def catalog() -> None:
        table, change = chance.choice([("plan", "name = name || '.'"), ("price", "is_archived = not is_archived"), ("coupon", "name = name || '.'")])
        key = {
            "plan": chance.choice(history.catalogue.prices),
            "price": chance.choice(history.catalogue.prices),
            "coupon": chance.choice(history.catalogue.codes),
        }[table]
        where = {"plan": "id = (select plan_id from price where id = $1)", "price": "id = $1", "coupon": "code = $1"}[table]
        await run(f"update {table} set {change} where {where}", key)

    async def without_events() -> None:
        change = chance.choice(
            ["name = name || 'x'", "time_zone = case time_zone when 'Asia/Tokyo' then 'America/Los_Angeles' else 'Asia/Tokyo' end", "locale = 'de-CH'"]
        )
        async with life.admin.transaction():
            await life.admin.execute("set local app.events = off")
            await run(f"update customer set {change} where id = $1", life.customer_id)

    async def upload() -> None:
        at = life.now - timedelta(minutes=chance.randint(0, 80))
        await run(PENDING_FILE, life.customer_id, new_id("att"), chance.choice(["PENDING", "STORED"]), at)

    async def promise() -> None:
        until = life.now + timedelta(hours=chance.randint(-20, 60))
        await run(
            "update invoice set promised_on = cast($2 as timestamptz)::date, promise_until = $2 where customer_id = $1 and remaining_minor > 0",
            life.customer_id,
            until,
        )

    async def pause() -> None:
        resumes = life.now + timedelta(hours=chance.randint(-30, 60))
        await run(
            """update subscription set status = 'PAUSED', paused_at = started_at, resumes_at = $2, renews_at = null, renewal_minor = 700
                where customer_id = $1 and status = 'ACTIVE' and pending_kind is null and charging_payment_id is null""",
            life.customer_id, resumes,
        )  # fmt: skip

    async def rolled_back() -> None:
        """Change a customer twice, the first time in a savepoint that is rolled back."""
        async with life.admin.transaction():
            savepoint = life.admin.transaction()
            await savepoint.start()
            await run("update customer set name = name || 'y' where id = $1", life.customer_id)
            await savepoint.rollback()
            await run("update customer set company_name = coalesce(company_name, '') || 'z' where id = $1", life.customer_id)

    return [catalog, without_events, upload, promise, pause, rolled_back]


@pytest.mark.inconsistent_rows
@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_an_answer_that_has_not_changed_is_the_whole_answer(
    seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, catalogue: Catalogue, documents: dict[str, str]
) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(5_000 + seed), catalogue)
        await history.begin()
        texts = {name: documents[name] for name in PAGES} | whole_documents(portal.schema)
        answers = Answers(life, portal.documents, texts, history.chance, history.log)
        for _ in range(STEPS):
            await (history.step() if history.chance.random() < 0.6 else history.chance.choice(others(history))())
            for now in await answers.instants():
                await answers.compare(now)
    totals.update(answers.counts)
    seeds.add(seed)
    if len(seeds) == HISTORIES:
        assert totals["unchanged"] > totals["first"], totals
        assert totals["changed"] > totals["first"], totals
        assert totals["without"] == 0, totals
