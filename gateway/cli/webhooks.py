"""The signatures of the commands `webhooks …`, which are implemented in `merchant.webhook_commands`."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli.options import Command
from gateway.cli.partners import DataDir

webhooks = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Where events are sent.")

Endpoint = Annotated[str, typer.Argument(help="The id of the endpoint.")]


@webhooks.command(cls=Command)
def save(
    url: Annotated[str | None, typer.Option(help="Where events are sent.")] = None,
    identifier: Annotated[str | None, typer.Option("--id", help="An endpoint to change; left out, a new one.")] = None,
    event_type: Annotated[list[str] | None, typer.Option("--type", help="A type of events; may be given several times. Left out: all.")] = None,
    document: Annotated[str | None, typer.Option(help="The id of a trusted document whose answer is sent; left out, ids are sent.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope of that document; may be given several times.")] = None,
    contact: Annotated[str | None, typer.Option(help="Who gets a letter when it is disabled.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    ed25519: Annotated[bool | None, typer.Option("--ed25519/--no-ed25519", help="Whether it has a signature v1a, too.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is sent events.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make an endpoint, or change one. The secret of a new one is printed once."""
    from gateway.cli.merchant import webhook_commands

    values: dict[str, Any] = {
        "id": identifier,
        "url": url,
        "types": event_type,
        "payload": "DOCUMENT" if document else None,
        "document_id": document,
        "scopes": scope,
        "contact_email": contact,
        "description": description,
        "signs_ed25519": ed25519,
        "is_enabled": enabled,
    }
    webhook_commands.save({name: value for name, value in values.items() if value is not None}, data_dir)


@webhooks.command("list", cls=Command)
def list_endpoints(data_dir: DataDir = None) -> None:
    """Print the endpoints."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.print_list(data_dir)


@webhooks.command(cls=Command)
def delete(endpoint: Endpoint, data_dir: DataDir = None) -> None:
    """Delete an endpoint with its deliveries."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.delete(endpoint, data_dir)


@webhooks.command(cls=Command)
def rotate(
    endpoint: Endpoint, hours: Annotated[int, typer.Option(help="For how many hours the secret of before signs too.")] = 24, data_dir: DataDir = None
) -> None:
    """Replace the secret of an endpoint. The new one is printed once."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.rotate(endpoint, hours, data_dir)


@webhooks.command(cls=Command)
def ping(endpoint: Endpoint, data_dir: DataDir = None) -> None:
    """Send a test event to an endpoint."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.ping(endpoint, data_dir)


@webhooks.command(cls=Command)
def redeliver(deliveries: Annotated[list[str], typer.Argument(help="Ids of deliveries.")], data_dir: DataDir = None) -> None:
    """Send deliveries once more."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.redeliver(deliveries, data_dir)


@webhooks.command(cls=Command)
def replay(
    endpoint: Endpoint,
    since: Annotated[datetime, typer.Option(help="As of this instant, in UTC, such as 2027-01-31T09:00:00.")],
    event_type: Annotated[list[str] | None, typer.Option("--type", help="Only this type of events; may be given several times.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Send an endpoint the events since an instant once more."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.replay(endpoint, since.replace(tzinfo=UTC), event_type or [], data_dir)


@webhooks.command("dry-run", cls=Command)
def dry_run(
    endpoint: Endpoint, event: Annotated[str | None, typer.Option(help="The id of an event; left out, the newest.")] = None, data_dir: DataDir = None
) -> None:
    """Print what an endpoint would be sent of an event."""
    from gateway.cli.merchant import webhook_commands

    webhook_commands.dry_run(endpoint, event, data_dir)
