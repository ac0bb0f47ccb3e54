"""Run a server of the current working tree with the benchmark's database: `python -c` with this text, so that it also runs in trees of other commits.

It prints one line of JSON, and ends at the end of standard input. It uses only what all commits since the built-in bucket have.
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict

import asyncpg
from rich.console import Console

try:
    from bench.runner import database, portal
    from bench.runner.processes import Command, server
except ImportError:  # commits before the rooms of bench
    from bench import database, portal  # type: ignore[no-redef,attr-defined]  # modules of those commits
    from bench.processes import Command, server  # type: ignore[no-redef,import-not-found]  # as above

CUSTOMERS = 1000
SETTINGS = {"PORTICO_MAX_FILES_PER_PARENT": "1000000", "PORTICO_CUSTOMER_BUDGET": "0"}


async def owners(place: database.Place) -> list[tuple[str, str]]:
    """Return two customers, each with the id of one of their invoices."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico"})
    try:
        rows = await connection.fetch("select customer_id, min(id) as id from invoice group by customer_id order by customer_id limit 2")
    finally:
        await connection.close()
    return [(row["customer_id"], row["id"]) for row in rows]


def keep(*_: object) -> None:
    """Remove nothing: in place of the removal of databases of older trees, which fails in some commits on the lock files next to them."""


def main() -> None:
    console = Console(stderr=True)
    database._forget_old = keep
    with database.portal(CUSTOMERS, console) as place, portal.signer() as signer, tempfile.TemporaryDirectory(prefix="portico-uploads-") as folder:
        command = portal.portico(place, signer, planner=True)
        command = Command(command.arguments, {**command.environment, **SETTINGS, "PORTICO_DATA_DIR": folder}, command.folder)
        (uploader, invoice), (other, _) = asyncio.run(owners(place))
        with server(command) as running:
            line = asdict(running) | {"folder": folder, "invoice": invoice, "uploader": signer.token(uploader), "other": signer.token(other)}
            print(json.dumps(line), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
