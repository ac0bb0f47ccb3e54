"""The speed of numbering invoices in one series, where each transaction waits for the one before it.

python -m bench.numbers [--invoices 5000] [--at-once 4] [--writers 16]

First by the billing clock: subscriptions that are due at once, each of its own customer, who has no payment method, so that nothing is charged. Then by concurrent
connections that only insert and number invoices: that is the limit of the series itself.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench import clock
from billing.money.numbers import Numbering
from db.blocks import blocks, with_literals
from db.builtin import embedded
from db.deployment.migrate import migrate

INSERT = """
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, created_at)
values ($1, $2, $2, 'MANUAL', 'OPEN', 'USD', $3, $3::timestamptz::date, 100, 100, $3)"""
NUMBERS = """
select count(*) as issued, count(distinct i.number) as numbers, (select last from invoice_series where year = 2027) as last from invoice i"""


async def write(url: embedded.Urls, count: int, writers: int) -> float:
    """Return the seconds that `writers` connections take for `count` invoices."""
    left = iter(range(count))
    connections = [await asyncpg.connect(url.app) for _ in range(writers)]
    begun = time.perf_counter()
    await asyncio.gather(*(_write(connection, left) for connection in connections))
    took = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return took


async def _write(connection: "asyncpg.Connection[asyncpg.Record]", left: Iterator[int]) -> None:
    place = Numbering().place(clock.NOW)
    for number in left:
        customer, invoice = f"cus_{number % 1000 + 1:026}", f"inv_bench{number:021}"
        await connection.execute(f"begin; set local app.customer_id = '{customer}'")
        await connection.execute(INSERT, customer, invoice, clock.NOW)
        values = {"key": invoice, "series": place.series, "year": place.year, "prefix": place.prefix, "digits": place.digits, "suffix": place.suffix}
        await connection.execute(with_literals(blocks()["invoices.issue_number"].sql, values) + "; commit")


async def check(admin_url: str) -> int:
    """Return the number of invoices. Raises AssertionError if a number occurs twice or is missing."""
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico"})
    row = await connection.fetchrow(NUMBERS)
    await connection.close()
    assert row is not None
    assert row["issued"] == row["numbers"] == row["last"], row
    return int(row["issued"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=5000)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--writers", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as url:
        asyncio.run(migrate(url.admin))
        asyncio.run(clock.fill(url.admin, arguments.invoices, has_methods=False))
        took, longest, steps = asyncio.run(clock.measure(url, arguments.at_once))
        print(
            f"by the clock, {arguments.at_once} at once: {steps} invoices in {took:.1f} s, {steps / took:.0f} a second; longest transaction {longest * 1000:.0f} ms"
        )
        took = asyncio.run(write(url, arguments.invoices, arguments.writers))
        print(f"by {arguments.writers} writers: {arguments.invoices} invoices in {took:.1f} s, {arguments.invoices / took:.0f} a second")
        print(f"{asyncio.run(check(url.admin))} numbers, none twice and none missing")


if __name__ == "__main__":
    main()
