"""Prepare a database of Citus for tests: `python -m tests.db.distribution.prepare postgresql://postgres@127.0.0.1:5432/portico`.

The database is empty, on a coordinator with workers, and the URL is that of a superuser; `portico_app` logs in without a password. It is migrated, filled with the demo and
generated customers, and distributed. Then tests run against it with the two variables that this prints.
"""

import asyncio
import os
import sys

import demo
from db.connections import connect, is_distributed
from db.deployment.migrate import migrate
from db.distribution.distribute import distribute
from tests.template import DATABASE, GENERATED, NOW


async def prepare(url: str) -> None:
    await migrate(url)
    connection = await connect(url)
    is_prepared = await is_distributed(connection)
    await connection.close()
    if not is_prepared:
        await demo.seed(url, customers=int(os.environ.get("CUSTOMERS", GENERATED)), now=NOW, progress=lambda _: None)
    result = await distribute(url, shards=8)
    print(f"# {len(result.tables)} tables on {result.workers} workers")
    print(f"export {DATABASE}={url} PORTICO_TEST_NOW={NOW.isoformat()}")


if __name__ == "__main__":
    asyncio.run(prepare(sys.argv[1]))
