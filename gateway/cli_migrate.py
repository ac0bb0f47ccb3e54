"""The command `migrate`."""

import asyncio
from pathlib import Path

from gateway import preparing
from gateway.console import console
from gateway.postgres import postgres
from gateway.settings import load


def migrate(data_dir: Path | None) -> None:
    with postgres(load(data_dir=data_dir), on_create=say_creating) as place:
        asyncio.run(preparing.migrate(place))
    console.print("The database is up to date.")


def say_creating() -> None:
    console.print("Creating the database")
