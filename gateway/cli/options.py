"""Options that several commands share, and the step before a command runs."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from gateway.cli.lazy_dataclasses import compile_methods_on_use

# The default app of tokens that the command line issues.
CLIENT = "portico-cli"
Port = Annotated[int | None, typer.Option(help="The port to listen on; 0 takes a free one.")]
Workers = Annotated[int | None, typer.Option(min=1, help="How many processes serve it; else PORTICO_WORKERS.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the built-in Postgres and the demo secret live.")]
Distribute = Annotated[
    bool, typer.Option("--distribute", help="On the coordinator of Citus: then place the tables on its workers, by customer. A preview: see docs/scaling.md.")
]


class Command(TyperCommand):
    """A command that first calls the context's object, which sets up the log. Printing help does not call it, and so does not import it."""

    def invoke(self, ctx: Any) -> Any:
        compile_methods_on_use()
        if callable(ctx.obj):
            _without_collection(ctx.obj)
        return super().invoke(ctx)


def _without_collection(set_up: Callable[[], None]) -> None:
    """Call `set_up` without garbage collection, and exclude from it what `set_up` imports: that stays, and collecting took a tenth of a server's start."""
    gc.disable()
    try:
        set_up()
    finally:
        gc.freeze()
        gc.enable()
