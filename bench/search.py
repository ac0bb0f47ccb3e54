"""The time of `customers(search:)` among 200,000 customers, each with two invoices and a card: by a part of each thing that is searched, rare and frequent.

python -m bench.search [--customers 200000] [--rounds 20]
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import asyncpg

from billing.states import Actor
from db.blocks import blocks, positional
from db.builtin import embedded
from db.callers import Caller
from db.deployment.migrate import migrate
from db.pages import Window, page_sql
from db.pool import Database, Pool
from db.unit_of_work import UnitOfWork

NOW = datetime(2026, 11, 23, tzinfo=UTC)

CUSTOMERS = """
insert into customer (id, name, email, company_name, external_id, currency, created_at)
select 'cus_' || lpad(n::text, 26, '0'), initcap(left(md5('first' || n % 5000), 6)) || ' ' || initcap(left(md5('last' || n % 40000), 8)), left(md5('mail' || n), 10) || '@example.com',
       case when n % 3 = 0 then 'Works ' || left(md5('company' || n % 9000), 7) || ' Ltd' end, 'ERP-' || n, 'USD', $2::timestamptz - n * interval '1 minute'
  from generate_series(1, $1::int) n"""
INVOICES = """
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, collection, created_at)
select c.id, 'inv_' || i || right(c.id, 25),
       'INV-2026-' || lpad((i * 1000000 + right(c.id, 20)::bigint)::text, 7, '0'), 'MANUAL', 'OPEN', 'USD', $1::timestamptz, ($1::timestamptz)::date, 100, 100, 'NONE', $1::timestamptz
  from customer c cross join generate_series(1, 2) i"""
METHODS = """
insert into payment_method (customer_id, id, kind, last4, fingerprint, processor, processor_reference, is_default, created_at)
select c.id, 'pm_' || right(c.id, 26), 'CARD', right(c.id, 4), 'f', 'sandbox', 'sandbox_' || right(c.id, 16), true, $1 from customer c"""

SEARCHES = {
    "no search": "",
    "the whole e-mail address": "{mail}@example.com",
    "a part of an e-mail address": "{mail}",
    "a part of an external id": "rp-1234",
    "an invoice's number": "2026-1004711",
    "the last digits of a card": "4711",
    "a part of a name": "{name}",
    "a part of a company": "works {company}",
    "something that most have": "example.com",
    "something that nobody has": "zzzzqq",
    "two characters": "ab",
}


async def fill(admin_url: str, count: int) -> None:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico"})
    try:
        await connection.execute(CUSTOMERS, count, NOW)
        await connection.execute(INVOICES, NOW)
        await connection.execute(METHODS, NOW)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def examples(admin_url: str) -> dict[str, str]:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico"})
    try:
        row = await connection.fetchrow(
            "select left(email, 10) as mail, left(name, 5) as name, substr(company_name, 7, 6) as company from customer where company_name is not null limit 1"
        )
        return {**row}
    finally:
        await connection.close()


async def measure(url: embedded.Urls, rounds: int) -> None:
    words = await examples(url.admin)
    async with Database(url.app, Pool(1), server_settings={}) as database:
        for about, pattern in SEARCHES.items():
            values = {"search": pattern.format(**words)}
            block = blocks()["customers.matching" if pattern else "customers.listed"]
            sql, names = positional(page_sql(block, Window("newest", 21), limit="21"))
            times, rows = [], 0
            for _ in range(rounds):
                session = UnitOfWork(database, Caller(None, Actor.STAFF, NOW, scopes=("staff",)))
                begun = time.perf_counter()
                rows = len(await session.fetch(sql, [values[name] for name in names]))
                times.append((time.perf_counter() - begun) * 1000)
                await session.close()
            print(f"{about:32} {rows:3} rows  median {median(times):6.1f} ms  95 % {quantiles(times, n=20)[-1]:6.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as url:
        asyncio.run(migrate(url.admin))
        begun = time.perf_counter()
        asyncio.run(fill(url.admin, arguments.customers))
        print(f"{arguments.customers} customers in {time.perf_counter() - begun:.0f} s", flush=True)
        asyncio.run(measure(url, arguments.rounds))


if __name__ == "__main__":
    main()
