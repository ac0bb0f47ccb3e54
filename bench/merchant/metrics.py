"""The times of `metrics` over 24 months, and of pages of `openItems`, among 200,000 customers with a subscription each, 600,000 invoices and payments, and 100,000 open items.

python -m bench.merchant.metrics [--customers 200000] [--rounds 5]
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from auth.viewer import Viewer
from billing.states import Actor
from db.batches import page_of
from db.blocks import Block, blocks
from db.builtin import embedded
from db.callers import Caller
from db.deployment.migrate import migrate
from db.pages import Window, keyset_arguments
from db.pool import Database, Pool
from db.unit_of_work import UnitOfWork
from resolvers.context import Context
from resolvers.reads.facts import fetch_rows
from resolvers.reads.reports import metrics

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STARTS = [datetime(2024 + number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in range(10, 36)]
CURRENCIES = "(array['EUR', 'USD', 'CHF'])[1 + n % 3]"

# Triggers and foreign keys are off: the rows are written as an operation would leave them.
FILL = f"""
insert into plan (id, code, name, description, created_at) values ('plan_bench', 'bench', 'Bench', '', now());
insert into price (id, plan_id, code, currency, unit_minor, billing_interval, created_at)
select 'price_' || currency, 'plan_bench', 'bench-' || currency, currency, 1290, 'MONTH', now() from unnest(array['EUR', 'USD', 'CHF']) currency;
insert into customer (id, name, email, currency, time_zone, created_at)
select 'cus_' || lpad(n::text, 26, '0'), 'Customer ' || n, n || '@example.com', {CURRENCIES}, (array['UTC', 'Europe/Zurich', 'America/New_York', 'Pacific/Auckland'])[1 + n % 4], '{NOW}'
  from generate_series(1, COUNT) n;
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, started_at, renewal_minor, anchor_at, billing_zone, canceled_at, created_at)
select 'cus_' || lpad(n::text, 26, '0'), 'sub_' || lpad(n::text, 26, '0'), 'plan_bench', 'price_' || {CURRENCIES}, {CURRENCIES}, 1 + n % 3,
       case when n % 5 = 0 then 'CANCELED' else 'ACTIVE' end, '{NOW}'::timestamptz - n % 900 * interval '1 day', 1290, '{NOW}', 'UTC',
       case when n % 5 = 0 then '{NOW}'::timestamptz - n % 300 * interval '1 day' end, '{NOW}'::timestamptz - n % 900 * interval '1 day'
  from generate_series(1, COUNT) n where n % 5 <> 0 or n % 900 > n % 300;
call add_subscription_states();
insert into subscription_state (customer_id, subscription_id, began_at, status, price_id, quantity, currency)
select customer_id, id, canceled_at, 'CANCELED', price_id, quantity, currency from subscription where status = 'CANCELED';
update subscription_state t set status = 'ACTIVE', ended_at = s.canceled_at
  from subscription s where s.customer_id = t.customer_id and s.id = t.subscription_id and s.status = 'CANCELED' and t.began_at < s.canceled_at;
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, paid_minor, paid_at, collection, created_at)
select 'cus_' || lpad(n::text, 26, '0'), 'inv_' || i || lpad(n::text, 25, '0'), 'INV-' || i || '-' || n, 'RENEWAL', 'PAID', {CURRENCIES}, at.issued_at, (at.issued_at)::date, 1290, 1290,
       1290, at.issued_at, 'NONE', at.issued_at
  from generate_series(1, COUNT) n cross join generate_series(1, 3) i
 cross join lateral (select '{NOW}'::timestamptz - ((n * 7 + i * 241) % 900) * interval '1 day' as issued_at) at;
insert into payment (customer_id, id, status, currency, amount_minor, method_kind, processor, created_at, settled_at)
select customer_id, 'pay_' || substr(id, 5), 'SUCCEEDED', currency, 1290, 'CARD', 'sandbox', issued_at, issued_at from invoice;
insert into payment_allocation (customer_id, id, payment_id, invoice_id, currency, amount_minor, created_at)
select customer_id, 'alo_' || substr(id, 5), 'pay_' || substr(id, 5), id, currency, 1290, issued_at from invoice;
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, collection, collect_at, created_at)
select 'cus_' || lpad(n::text, 26, '0'), 'inv_9' || lpad(n::text, 25, '0'), 'INV-9-' || n, 'MANUAL', 'OPEN', {CURRENCIES}, at.issued_at, at.issued_at::date + 14, 100 + n * 37 % 90000,
       100 + n * 37 % 90000, (array['NONE', 'RETRYING', 'GIVEN_UP', 'WAITING_FOR_METHOD'])[1 + n % 4], case when n % 4 = 1 then '{NOW}'::timestamptz + interval '1 day' end, at.issued_at
  from generate_series(1, COUNT / 2) n cross join lateral (select '{NOW}'::timestamptz - n % 300 * interval '1 day' as issued_at) at;
"""

FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "ageing DAYS_31_60": {"ageing": ["DAYS_31_60"]},
    "ageing CURRENT": {"ageing": ["CURRENT"]},
    "collection GIVEN_UP, in EUR": {"collection": ["GIVEN_UP"], "currency": "EUR"},
    "at least 800.00": {"minimum_minor": 80_000},
    "promised (none is)": {"is_promised": True},
    "of one customer": {"of_customer": "cus_" + "42".zfill(26)},
}


async def fill(admin_url: str, customers: int) -> None:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico", "session_replication_role": "replica"}, command_timeout=3_600)
    try:
        await connection.execute(FILL.replace("COUNT", str(customers)))
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


def session_of(database: Database) -> UnitOfWork:
    return UnitOfWork(database, Caller(None, Actor.STAFF, NOW, scopes=("staff",)))


async def measure_metrics(database: Database, rounds: int) -> None:
    times = []
    for _ in range(rounds):
        session = session_of(database)
        begun = time.perf_counter()
        rows = await metrics(date(2024, 12, 1), date(2026, 11, 1), None, Context(Viewer(Actor.STAFF, None, ("staff",), "bench"), session))
        times.append(time.perf_counter() - begun)
        await session.close()
    print(f"metrics of 24 months: {len(rows)} rows, median {median(times):.2f} s, longest {max(times):.2f} s", flush=True)
    for name in ("mrr", "active_subscriptions", "ended_subscriptions", "collected", "refunded", "open_amount"):
        session = session_of(database)
        begun = time.perf_counter()
        await fetch_rows(session, f"reports.{name}", starts=STARTS, until_at=STARTS[-1], currency=None)
        print(f"  {name:24} {time.perf_counter() - begun:6.2f} s", flush=True)
        await session.close()


async def measure_pages(database: Database, rounds: int) -> None:
    block = blocks()["open_items.listed"]
    for about, filters in FILTERS.items():
        for order in block.orders:
            times = [await page_time(database, block, Window(order, 50), filters) for _ in range(rounds)]
            print(f"openItems {about:28} {order:13} median {median(times):7.1f} ms  longest {max(times):7.1f} ms", flush=True)
    deep = Window("overdue_days", 50, after=(date(2026, 6, 1), "inv_9" + "0" * 25))
    print(f"openItems, a page in the middle: {median([await page_time(database, block, deep, {}) for _ in range(rounds)]):.1f} ms", flush=True)
    begun = time.perf_counter()
    session = session_of(database)
    await fetch_rows(session, "open_items.totals")
    await session.close()
    print(f"openItemTotals: {(time.perf_counter() - begun) * 1000:.0f} ms", flush=True)


async def page_time(database: Database, block: Block, window: Window, filters: dict[str, Any]) -> float:
    """Return the milliseconds of a page, by the statement of the loader."""
    statement = page_of(block, window, is_staff=True, filters=frozenset(filters))
    values = {"keys": [""], "customer_ids": [None], "size": window.size} | filters | keyset_arguments(window)
    session = session_of(database)
    begun = time.perf_counter()
    await session.fetch(statement.sql, [values[name] for name in statement.parameters])
    took = (time.perf_counter() - begun) * 1000
    await session.close()
    return took


async def measure(url: embedded.Urls, rounds: int) -> None:
    async with Database(url.app, Pool(1), server_settings={}) as database:
        await measure_metrics(database, rounds)
        await measure_pages(database, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as url:
        asyncio.run(migrate(url.admin))
        begun = time.perf_counter()
        asyncio.run(fill(url.admin, arguments.customers))
        print(f"{arguments.customers} customers in {time.perf_counter() - begun:.0f} s", flush=True)
        asyncio.run(measure(url, arguments.rounds))


if __name__ == "__main__":
    main()
