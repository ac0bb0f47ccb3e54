"""The command `migrate`."""

import asyncio
from pathlib import Path

from db.distribution.distribute import Distribution
from gateway.cli.commands import preparing
from gateway.cli.commands.console import console
from gateway.wiring.configuration.settings import load
from gateway.wiring.database import postgres


def migrate(data_dir: Path | None, *, distribute: bool = False) -> None:
    with postgres(load(data_dir=data_dir), on_create=say_creating) as place:
        if distribute:
            say_distributed(asyncio.run(preparing.distribute(place)))
        else:
            asyncio.run(preparing.migrate(place))
            console.print("The database is up to date.")


def say_distributed(result: Distribution) -> None:
    if result.tables:
        console.print(f"{len(result.tables)} tables were placed on {result.workers} workers. Restart servers and workers.")
    else:
        console.print(f"The database is distributed over {result.workers} workers.")


def say_creating() -> None:
    console.print("Creating the database")
