"""The speed of renewals by the billing clock: 10,000 subscriptions that are due at once, each of its own customer, each invoiced and charged in the sandbox.

python -m bench.clock [--subscriptions 10000] [--at-once 4]
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench.runner.processes import family_cpu_seconds
from db.builtin import embedded
from db.deployment.migrate import migrate
from db.pool import Database, Pool
from demo.records.catalogue import PRICES, catalogue_rows
from demo.records.tables import CATALOGUE_TABLES, columns, record_of
from jobs.clock import Billing, tick
from payments.sandbox import Sandbox

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)

CUSTOMERS = """
insert into customer (id, name, email, time_zone, currency, tax_rate_ppm, created_at)
select 'cus_' || lpad(n::text, 26, '0'), 'Customer', n || '@example.com', 'Europe/Zurich', 'USD', 81000, $2 from generate_series(1, $1::int) n"""
METHODS = """
insert into payment_method (customer_id, id, kind, fingerprint, processor, processor_reference, is_default, created_at)
select c.id, 'pm_' || right(c.id, 26), 'CARD', 'f', 'sandbox', 'sandbox_' || right(c.id, 16), true, $1 from customer c"""
SUBSCRIPTIONS = """
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, started_at, period_starts_at, period_ends_at, anchor_at, billing_zone, renews_at,
       renewal_minor, created_at)
select c.id, 'sub_' || right(c.id, 26), p.plan_id, p.id, 'USD', 1, 'ACTIVE', begun, begun, $1, begun, 'UTC', $1, 541, $1
  from customer c, price p, lateral (select $1::timestamptz - interval '31 days' as begun) b where p.id = $2"""

# The interval at which the longest transaction is sampled while the clock runs.
LOOK_SECONDS = 0.05
LONGEST_LOCK = """
select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
 where state <> 'idle' and pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'"""


async def fill(admin_url: str, count: int, *, has_methods: bool = True) -> None:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico"})
    try:
        for kind, table in CATALOGUE_TABLES.items():
            await connection.copy_records_to_table(table, columns=columns(kind), records=map(record_of(kind), catalogue_rows()[kind]))
        await connection.execute(CUSTOMERS, count, NOW)
        if has_methods:
            await connection.execute(METHODS, NOW)
        await connection.execute(SUBSCRIPTIONS, NOW, PRICES["storage", "USD", "MONTH"].id)
        # Not the empty tables: for a table with statistics of no rows Postgres plans a scan of the whole table, and statements prepared now keep this plan as it grows.
        await connection.execute("analyze plan, price, customer, payment_method, subscription")
    finally:
        await connection.close()


async def measure(url: embedded.Urls, at_once: int) -> tuple[float, float, int]:
    """Return the seconds of the run, the longest transaction in seconds, and the number of steps."""
    async with Database(url.app, Pool(at_once + 1), server_settings={}) as database:
        watching = asyncio.create_task(_watch(url.admin))
        begun = time.perf_counter()
        done = await tick(Billing(database, {"sandbox": Sandbox("bench")}, concurrency=at_once), NOW)
        took = time.perf_counter() - begun
        watching.cancel()
        longest = (await asyncio.gather(watching, return_exceptions=True))[0]
    assert done.failures == 0
    return took, float(longest) if isinstance(longest, float) else 0.0, done.steps


async def _watch(admin_url: str) -> float:
    longest = 0.0
    connection = await asyncpg.connect(admin_url)
    try:
        while True:
            longest = max(longest, float(await connection.fetchval(LONGEST_LOCK)))
            await asyncio.sleep(LOOK_SECONDS)
    except asyncio.CancelledError:
        return longest
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as url:
        asyncio.run(migrate(url.admin))
        asyncio.run(fill(url.admin, arguments.subscriptions))
        postmaster = int((Path(folder) / "data/postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        before = time.process_time(), family_cpu_seconds(postmaster)
        took, longest, steps = asyncio.run(measure(url, arguments.at_once))
        cpu = [(after - earlier) / steps * 1000 for after, earlier in zip((time.process_time(), family_cpu_seconds(postmaster)), before, strict=True)]
    print(f"{steps} renewals, each invoiced and charged: {took:.1f} s, {steps / took:.0f} a second; longest transaction {longest * 1000:.0f} ms")
    print(f"CPU for each: {cpu[0]:.1f} ms in Python, {cpu[1]:.1f} ms in Postgres")


if __name__ == "__main__":
    main()
