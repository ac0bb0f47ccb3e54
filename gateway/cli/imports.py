"""The signatures of the commands of imports, which are implemented in `merchant.import_commands`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.options import Command, DataDir

Folder = Annotated[Path, typer.Argument(help="A folder with a file for each kind of line, see docs/import/README.md.")]
Kind = Literal["customers", "payment_methods", "subscriptions", "payment_schedules", "invoices", "payments", "credits"]


def add_to(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("import", cls=Command)(import_folder)
    cli.command("import-release", cls=Command)(release)
    cli.command("import-format", cls=Command)(print_format)


def import_folder(
    folder: Folder,
    source: Annotated[str, typer.Option(help="The name of the system that the files are from. External ids are its own.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, and roll it back.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Import at most so many customers.")] = None,
    on_error: Annotated[Literal["stop", "skip"], typer.Option(help="Whether a line that is skipped ends the run.")] = "stop",
    only: Annotated[Kind | None, typer.Option(help="Read only the lines of this kind.")] = None,
    report: Annotated[Path, typer.Option(help="Where the report goes, with one line for each line of the files.")] = Path("report.jsonl"),
    data_dir: DataDir = None,
) -> None:
    """Bring existing customers in from files. Nothing is billed, mailed or told.

    The same command goes on where it was interrupted, and takes up what was changed in the files. Exits with 1 if a line was skipped, and with 2 if the run ended early.
    """
    from gateway.cli.merchant import import_commands

    arguments = import_commands.ImportArguments(folder, source, dry_run, limit, on_error == "stop", only, report)
    import_commands.import_folder(arguments, data_dir)


def release(
    customer: Annotated[str | None, typer.Option(help="The id of a customer.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All customers whose subscriptions the import holds.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Release imported subscriptions: from then on they renew and are billed here.

    What renews within a day, has no usable payment method although it needs one, or has a period that is over, stays held, and is printed. Exits with 1 then.
    """
    from gateway.cli.merchant import release_commands

    release_commands.release(customer, everyone, data_dir)


def print_format(
    kind: Annotated[Kind | None, typer.Option(help="Print the JSON Schema of a kind of line.")] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Print the reasons of the report instead.")] = False,
) -> None:
    """Print the fields of the files of an import, as they stand in docs/import/README.md."""
    from gateway.cli.merchant import import_commands

    import_commands.print_format(kind, is_reasons=reasons)
