"""What the commands have in common: options with one meaning, and what happens before a command runs."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

# The app of tokens that are made here and name no other.
CLIENT = "portico-cli"
Port = Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the built-in Postgres and the demo secret live.")]


class Command(TyperCommand):
    """A command that calls the context's object before it runs: `main` gives one that sets up the log. Printing help runs nothing, and so imports nothing for it."""

    def invoke(self, ctx: Any) -> Any:
        if callable(ctx.obj):
            ctx.obj()
        return super().invoke(ctx)
