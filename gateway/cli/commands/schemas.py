"""The commands `schema` and `schema diff`."""

import sys
from pathlib import Path

import typer

import schema
from gateway.cli.commands.console import console
from gateway.cli.commands.schema_diff import BREAKING, differences, schema_in


def print_schema() -> None:
    sys.stdout.write(schema.print_sdl(schema.build()))


def diff(old: Path, new: Path) -> None:
    """Exits with 1 if a change breaks clients."""
    changes = differences(schema_in(old), schema_in(new))
    for severity, words in changes:
        console.print(f"{severity:9} {words}")
    if any(severity == BREAKING for severity, _ in changes):
        raise typer.Exit(1)
