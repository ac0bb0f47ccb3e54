"""The signatures of the commands `catalog …`, which are implemented in `merchant.catalog_commands`."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import CLIENT, Command, DataDir

catalog = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What is sold: plans, prices, coupons and cancellation options, as a file.")

File = Annotated[Path, typer.Argument(help="A catalog file (YAML), see docs/catalog.md.")]


@catalog.command(cls=Command)
def export(data_dir: DataDir = None) -> None:
    """Print the catalog of the database as a file."""
    from gateway.cli.merchant import catalog_commands

    catalog_commands.export(data_dir)


@catalog.command(cls=Command)
def plan(file: File, data_dir: DataDir = None) -> None:
    """Print what `apply` would change. Exits with 0 if that is nothing, with 2 if there is a change, and with 1 if the file is refused."""
    from gateway.cli.merchant import catalog_commands

    catalog_commands.plan(file, data_dir)


@catalog.command(cls=Command)
def apply(file: File, data_dir: DataDir = None) -> None:
    """Make the catalog of the database equal to a file, in one transaction.

    What is stored and not in the file is archived; nothing is deleted. Prints what was changed. Exits with 1 if the file is refused, and then nothing was written.
    """
    from gateway.cli.merchant import catalog_commands

    catalog_commands.apply(file, CLIENT, data_dir)


@catalog.command("schema", cls=Command)
def print_schema() -> None:
    """Print the JSON Schema of catalog files, as it stands in docs/catalog.schema.json."""
    from gateway.cli.merchant import catalog_commands

    catalog_commands.print_schema()
