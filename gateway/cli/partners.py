"""The signatures of the commands `documents …`, which are implemented in `commands.documents`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Command

documents = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The documents that clients may send by id.")

DataDir = Annotated[Path | None, typer.Option(help="Where the built-in Postgres lives.")]
Client = Annotated[str, typer.Option(help="The id of the client.")]
AnyClient = Annotated[str | None, typer.Option(help="Of this client only.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of documents.", callback=lambda ids: list(dict.fromkeys(ids)))]


@documents.command(cls=Command)
def publish(
    manifest: Annotated[Path, typer.Argument(help="A manifest of Apollo's, of GraphQL codegen's or of Relay's.")], client: Client, data_dir: DataDir = None
) -> None:
    """Publish every document of a manifest, or none. What was published before stays."""
    from gateway.cli.commands import documents as documents_command

    documents_command.publish(manifest, client, data_dir)


@documents.command("list", cls=Command)
def list_documents(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print what is published."""
    from gateway.cli.commands import documents as documents_command

    documents_command.print_list(client, data_dir)


@documents.command(cls=Command)
def stats(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print how often documents were used, and when first and last."""
    from gateway.cli.commands import documents as documents_command

    documents_command.print_uses(client, data_dir)


@documents.command(cls=Command)
def check(
    schema: Annotated[Path | None, typer.Option(help="A schema (SDL); left out, the one of this program.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Check a manifest instead of what is published.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Name each document that a schema would break.

    By this program's own schema, also each that its limits do not take. Exits with 1 if there is one.
    """
    from gateway.cli.commands import documents as documents_command

    documents_command.check(schema, manifest, data_dir)


@documents.command(cls=Command)
def deprecate(
    ids: Ids,
    client: Client,
    reason: Annotated[str, typer.Option(help="What to send instead, and why: text, with a URL or the id of a document.")] = "",
    sunset: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day (UTC) from which on they may no longer be answered.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Take it back.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Flag documents that will be retired.

    They are still answered; answers (headers and `extensions.deprecation`) and the log say it. Run again, it replaces the reason and the sunset; the day on which
    they were first deprecated stays.
    """
    from gateway.cli.commands import documents as documents_command

    deprecation = documents_command.DeprecationChange(reason, sunset and sunset.replace(tzinfo=UTC), back)
    documents_command.deprecate(ids, client, deprecation, data_dir)


@documents.command(cls=Command)
def retire(ids: Ids, client: Client, data_dir: DataDir = None) -> None:
    """Take documents back. Publishing them again brings them back."""
    from gateway.cli.commands import documents as documents_command

    documents_command.retire(ids, client, data_dir)
