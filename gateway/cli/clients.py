"""The signatures of the commands `clients …`, which are implemented in `commands.clients`."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Command
from gateway.cli.partners import DataDir

clients = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The apps that call.")


@clients.command(cls=Command)
def add(
    identifier: Annotated[str, typer.Argument(help="Its id, such as acme-books.")],
    name: Annotated[str, typer.Option(help="As customers see it. Left out, the id.")] = "",
    contact: Annotated[str, typer.Option(help="Whom to write to.")] = "",
    first_party: Annotated[bool, typer.Option("--first-party", help="An app of ours, a tool of staff or a service instead of a partner's.")] = False,
    service: Annotated[
        bool, typer.Option("--service", help="A program of ours that gets staff tokens at /oauth/token, with exactly these scopes, and may send any text.")
    ] = False,
    mode: Annotated[
        str | None,
        typer.Option(help="For an app of ours: open, log, prefer or required. Partners are always required. Left out: required, for a service open."),
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="Whose tokens it has: a name in PORTICO_ISSUERS. Left out, ours.")] = None,
    issuer_client_id: Annotated[str | None, typer.Option(help="What that issuer calls it (client_id, azp). Left out, the same id.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="What customers may let it do, or what a service may do; may be given several times.")] = None,
    units: Annotated[int, typer.Option(min=1, max=1_000_000, help="Cost units a minute.")] = 1000,
    public_key: Annotated[
        Path | None, typer.Option(help="A public key as JWK, for private_key_jwt, in place of what it had; left out, a secret is made.")
    ] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Of an app that is there: a new secret in place of what it had.")] = False,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="For how many hours the secret or key of before stays valid.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Register an app, or change it.

    A partner's secret is printed once, and stays until another is asked for.
    """
    from gateway.cli.commands import clients as clients_command

    if service and first_party:
        raise typer.BadParameter("An app is one of --service and --first-party.")
    kind = "SERVICE" if service else "FIRST_PARTY" if first_party else "PARTNER"
    mode, scopes = mode or ("open" if service else "required"), tuple(scope or ([] if service else ["read"]))
    app = clients_command.App(identifier, name or identifier, contact, kind, mode, scopes, issuer, issuer_client_id, units)
    clients_command.add(app, clients_command.NewCredential(public_key, new_secret, overlap_hours), data_dir)


@clients.command("list", cls=Command)
def list_clients(data_dir: DataDir = None) -> None:
    """Print the apps that are registered."""
    from gateway.cli.commands import clients as clients_command

    clients_command.print_list(data_dir)


@clients.command(cls=Command)
def disable(identifier: str, back: Annotated[bool, typer.Option("--back", hidden=True)] = False, data_dir: DataDir = None) -> None:
    """Refuse every token of an app, at once.

    Its documents, grants and secret stay for when it is enabled again.
    """
    from gateway.cli.commands import clients as clients_command

    if back:
        clients_command.enable(identifier, data_dir)
    else:
        clients_command.disable(identifier, data_dir)


@clients.command(cls=Command)
def enable(identifier: str, data_dir: DataDir = None) -> None:
    """Take the tokens of a disabled app again.

    Those that were issued before are taken too.
    """
    from gateway.cli.commands import clients as clients_command

    clients_command.enable(identifier, data_dir)


@clients.command(cls=Command)
def grant(identifier: str, customer: Annotated[str, typer.Option(help="The id of the customer.")], scope: list[str], data_dir: DataDir = None) -> None:
    """Let an app act for a customer who has agreed to it elsewhere.

    Customers do it by `grantAccess`.
    """
    from gateway.cli.commands import clients as clients_command

    clients_command.grant(identifier, customer, set(scope), data_dir)
