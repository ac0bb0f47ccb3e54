"""The command `migrate`."""

import asyncio
from pathlib import Path

from gateway.cli.commands import preparing
from gateway.cli.commands.console import console
from gateway.wiring.configuration.settings import load
from gateway.wiring.database import postgres


def migrate(data_dir: Path | None) -> None:
    with postgres(load(data_dir=data_dir), on_create=say_creating) as place:
        asyncio.run(preparing.migrate(place))
    console.print("The database is up to date.")


def say_creating() -> None:
    console.print("Creating the database")
