"""What time brings: each occasion has one event, by the days of the customer's time zone, and what is long past has none."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from billing.states import Actor
from db.pool import Database
from db.unit_of_work import Caller, UnitOfWork
from jobs.coming import EVENTS, ComingResult, note_coming
from tests.lifecycle.conftest import START, Life
from tests.lifecycle.events.feed import object_topics
from tests.lifecycle.events.test_by_sql import TIMED
from tests.lifecycle.payments.test_paying import invoice, schedule


async def written(life: Life, pool: Database, at: datetime) -> list[tuple[str, str]]:
    """Run the job at an instant and return what it told of the customer."""
    before = len(await object_topics(life))
    await run_job(pool, at)
    return sorted((await object_topics(life))[before:])


async def run_job(pool: Database, at: datetime) -> None:
    session = UnitOfWork(pool, Caller(None, Actor.SYSTEM, at), acquire_seconds=20)
    done = ComingResult()
    try:
        await note_coming(session, EVENTS, done=done)
    finally:
        await session.close()
    assert done.failures == 0


async def test_an_invoice_is_overdue_once_the_day_after_in_the_customers_zone(life: Life, pool: Database) -> None:
    owed, paid = await invoice(life), await invoice(life)
    await life.admin.execute("update invoice set status = 'VOID' where id = $1", paid)
    midnight = datetime(2027, 1, 31, 23, tzinfo=UTC)  # of Zurich
    assert await written(life, pool, midnight - timedelta(minutes=1)) == []
    assert await written(life, pool, midnight) == [("invoice.overdue", owed)]
    assert await written(life, pool, midnight + timedelta(hours=1)) == []
    await life.admin.execute("update invoice set due_on = due_on + 3 where id = $1", owed)
    assert await written(life, pool, midnight + timedelta(days=2)) == []
    assert await written(life, pool, midnight + timedelta(days=3)) == [("invoice.overdue", owed)]


async def test_installments_become_due_and_overdue(life: Life, pool: Database) -> None:
    first, second = await schedule(life, 300, 400)
    assert await written(life, pool, START) == [("installment.due", first)]
    assert await written(life, pool, START + timedelta(days=1)) == [("installment.overdue", first)]
    assert await written(life, pool, START + timedelta(days=31)) == [("installment.due", second), ("installment.overdue", second)]


async def test_the_end_of_a_trial_and_a_renewal_are_told_before(life: Life, pool: Database) -> None:
    trial = await life.subscribe("business", is_past_trial=False)
    ends_at = await life.admin.fetchval("select trial_ends_at from subscription where id = $1", trial)
    assert await written(life, pool, ends_at - timedelta(days=5)) == []
    assert await written(life, pool, ends_at - timedelta(days=3)) == [("subscription.trial_ending", trial)]
    assert await written(life, pool, ends_at - timedelta(days=2)) == []
    life.now += timedelta(hours=1)
    running = await life.subscribe("storage")
    renews_at = await life.admin.fetchval("select renews_at from subscription where id = $1", running)
    assert ("invoice.upcoming", running) not in await written(life, pool, renews_at - timedelta(days=9))
    assert ("invoice.upcoming", running) in await written(life, pool, renews_at - timedelta(days=7))
    assert ("invoice.upcoming", running) not in await written(life, pool, renews_at - timedelta(days=1))


async def test_a_card_is_told_of_30_days_before_it_expires_or_when_it_is_saved_later(life: Life, pool: Database) -> None:
    method = await life.admin.fetchval("update payment_method set expires_on = '2027-04-30' where customer_id = $1 returning id", life.customer_id)
    assert await written(life, pool, datetime(2027, 3, 30, 12, tzinfo=UTC)) == []
    assert await written(life, pool, datetime(2027, 3, 31, 12, tzinfo=UTC)) == [("payment_method.expiring", method)]
    assert await written(life, pool, datetime(2027, 4, 1, 12, tzinfo=UTC)) == []


async def test_what_came_more_than_7_days_ago_is_not_told(life: Life, pool: Database) -> None:
    """As on a database that was upgraded, or after an import."""
    old, recent = await invoice(life, due_in=-8), await invoice(life, due_in=-7)
    await life.admin.execute("update payment_method set expires_on = '2027-02-22' where customer_id = $1", life.customer_id)
    await life.admin.execute("update payment_method set created_at = '2026-01-01' where customer_id = $1", life.customer_id)
    assert await written(life, pool, START) == [("invoice.overdue", recent)]
    assert old != recent


async def test_several_passes_at_once_tell_each_once(life: Life, pool: Database, owner: asyncpg.Connection) -> None:
    owed = await invoice(life)
    await asyncio.gather(*(run_job(pool, START + timedelta(days=1)) for _ in range(3)))
    assert [event for event in await object_topics(life) if event[0] in TIMED] == [("invoice.overdue", owed)]
    assert await owner.fetchval("select count(*) from timed_event where customer_id = $1", life.customer_id) == 1
