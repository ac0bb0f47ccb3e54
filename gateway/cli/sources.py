"""The signatures of `import-from …`, the commands that read customers from another system, and of `export`; implemented in `merchant`."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Command, DataDir

sources = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Read customers from another system into a folder, for `import`.")


@sources.command("stripe", cls=Command)
def from_stripe(
    out: Annotated[Path, typer.Option(help="The folder to write: an empty one, or one that this command has written from the same account.")],
    time_zone: Annotated[str, typer.Option(help="The time zone of the customers, such as Europe/Zurich; Stripe has none.")] = "UTC",
    pdfs: Annotated[bool, typer.Option("--pdfs", help="Also download the PDF of each invoice.")] = False,
    per_second: Annotated[float, typer.Option(min=0.1, max=100, help="How many requests may be sent in a second.")] = 20.0,
    data_dir: DataDir = None,
) -> None:
    """Read an account of Stripe, with the restricted key in PORTICO_STRIPE_IMPORT_KEY, and change nothing there.

    Writes the files that `import` reads, `catalog.yaml` for `catalog apply`, and `skipped.jsonl` with what has no counterpart. A run that was stopped goes on where it
    was; after one that was finished another reads everything again.
    """
    from gateway.cli.merchant import stripe_commands

    stripe_commands.read(out, stripe_commands.ReadOptions(time_zone, pdfs, per_second), data_dir)
