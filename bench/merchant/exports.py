"""The memory of the worker while it makes the export of a customer with very many rows.

python -m bench.merchant.exports [--rows 200000]
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench.statements import Watch
from billing.states import Actor
from db.builtin import embedded
from db.callers import Caller
from db.deployment.migrate import migrate
from db.pool import Database, Pool
from db.unit_of_work import UnitOfWork
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import bucket_of
from gateway.wiring.worker import printing
from resolvers.exports.archive import ArchiveSources, write_archive

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CUSTOMER = "cus_" + "1".zfill(26)

# Foreign keys are off. Payments that failed have no receipt, so no PDF is made of them.
FILL = f"""
insert into customer (id, name, email, currency, time_zone, created_at) values ('{CUSTOMER}', 'Grace', 'grace@example.com', 'EUR', 'UTC', '{NOW}');
insert into subscription_event (customer_id, id, subscription_id, kind, actor, note, happened_at)
select '{CUSTOMER}', 'evt_' || lpad(n::text, 26, '0'), 'sub_' || lpad('1', 26, '0'), 'RENEWED', 'SYSTEM', 'Renewed for another month', '{NOW}' from generate_series(1, COUNT) n;
insert into payment (customer_id, id, status, currency, amount_minor, method_kind, processor, created_at, decline_code)
select '{CUSTOMER}', 'pay_' || lpad(n::text, 26, '0'), 'FAILED', 'EUR', 1290, 'CARD', 'sandbox', '{NOW}', 'card_declined' from generate_series(1, COUNT) n;
"""


async def fill(admin_url: str, rows: int) -> None:
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": "portico", "session_replication_role": "replica"}, command_timeout=3_600)
    try:
        await connection.execute(FILL.replace("COUNT", str(rows)))
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def measure(app_url: str, folder: Path, about: str) -> None:
    """Print the seconds, the bytes, and how far the memory of this process rose above what it was before."""
    settings = Settings(data_dir=folder)
    async with Database(app_url, Pool(2), server_settings={}) as database:

        def session(actor: Actor) -> UnitOfWork:
            return UnitOfWork(database, Caller(CUSTOMER, actor, NOW))

        async def report() -> None:
            """Do nothing: there is no lease."""

        bucket = bucket_of(settings, "", b"")
        sources = ArchiveSources(CUSTOMER, lambda: session(Actor.SYSTEM), lambda: session(Actor.CUSTOMER), bucket, printing(settings), report, NOW)
        watch = Watch()
        await asyncio.sleep(0.2)
        before, begun = watch.peak_mb, time.perf_counter()
        with tempfile.TemporaryFile() as target:
            missing = await write_archive(target, sources)
            print(
                f"{about}: {time.perf_counter() - begun:.1f} s, {target.tell() / 1e6:.0f} MB, {len(missing)} missing; memory {before:.0f} MB before, "
                f"at most {watch.peak_mb - before:.1f} MB more",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="How many events, and as many payments.")
    arguments = parser.parse_args()
    for rows in (arguments.rows // 100, arguments.rows):
        with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as urls:
            asyncio.run(migrate(urls.admin))
            asyncio.run(fill(urls.admin, rows))
            asyncio.run(measure(urls.app, Path(folder), f"{rows} events and {rows} payments"))


if __name__ == "__main__":
    main()
