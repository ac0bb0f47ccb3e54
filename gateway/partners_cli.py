"""The command line of the registry: `documents …`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

import schema as portal_schema
from gateway.compare import broken, schema_in
from gateway.console import console, counted, show
from gateway.documents import first_party, first_party_actions, of_staff
from gateway.in_database import day, in_database, refusing
from gateway.judging import judge_many
from gateway.registry import PORTAL, STAFF
from gateway.settings import Settings, WrongSetting, load
from resolvers import manifests
from resolvers.publishing import deprecation_of, problems, refuse_broken, store

documents = typer.Typer(no_args_is_help=True, help="The documents that clients may send by id.")

DataDir = Annotated[Path | None, typer.Option(help="Where the built-in Postgres lives.")]
Client = Annotated[str, typer.Option(help="The id of the client.")]
AnyClient = Annotated[str | None, typer.Option(help="Of this client only.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of documents.", callback=lambda ids: list(dict.fromkeys(ids)))]


@documents.command()
def publish(
    manifest: Annotated[Path, typer.Argument(help="A manifest of Apollo's, of GraphQL codegen's or of Relay's.")], client: Client, data_dir: DataDir = None
) -> None:
    """Publish every document of a manifest, or none. What was published before stays."""
    settings = load(data_dir=data_dir)
    entries = _entries(manifest)
    judged = judge_many([entry.body for entry in entries], settings.limits)
    refusing(lambda: refuse_broken(entries, judged))
    done = in_database(settings, lambda transaction: store(transaction, client, entries, judged))
    console.print(f"{counted(done.total, 'document')}, {done.added} of them new or changed.")


@documents.command("list")
def list_documents(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print what is published."""
    table = Table("Client", "Id", "Operations", "Cost", "Version", "Deprecated", "Sunset", "Retired", "Reason", box=None)
    for found in _listed(load(data_dir=data_dir), client):
        days = day(found.deprecated_at), day(found.sunset_at), day(found.retired_at)
        table.add_row(found.client_id, found.id, " ".join(found.names), str(found.cost), str(found.version), *days, found.deprecation)
    show(table)


@documents.command()
def stats(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print how often documents were used, and when first and last."""
    table = Table("Client", "Operations", "Uses", "First", "Last", "Deprecated", "Id", box=None)
    for found in _listed(load(data_dir=data_dir), client):
        days = day(found.first_used_at), day(found.last_used_at), day(found.deprecated_at)
        table.add_row(found.client_id, " ".join(found.names), str(found.uses), *days, found.id)
    show(table)


@documents.command()
def check(
    schema: Annotated[Path | None, typer.Option(help="A schema (SDL); left out, the one of this program.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Check a manifest instead of what is published.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Name each document that a schema would break, and by this program's own schema also by its limits. Exit with 1 if there is one."""
    settings = load(data_dir=data_dir)
    texts = [(entry.id, entry.body) for entry in _entries(manifest)] if manifest else _published(settings)
    found = broken(schema_in(schema) if schema else portal_schema.build(), texts)
    if not schema:
        partners = set() if manifest else _partners(settings)
        found += _too_much(settings, [(name, text) for name, text in texts if name not in dict(found)], partners)
    for name, problem in found:
        console.print(f"{name}: {problem}")
    console.print(f"{counted(len(texts), 'document')}, {len({name for name, _ in found})} of them broken.")
    if found:
        raise typer.Exit(1)


def _published(settings: Settings) -> list[tuple[str, str]]:
    """Every document that is answered, with the name by which it is told; the shipped ones are published when a process starts."""
    stored = [document for document in _listed(settings, None) if document.retired_at is None]
    known = {document.body for document in stored if document.client_id in (PORTAL, STAFF)}
    own = [(name, text) for shipped in (first_party(), first_party_actions(), of_staff()) for name, text in shipped.items() if text not in known]
    return [(f"{document.client_id} {' '.join(document.names)} {document.id}", document.body) for document in stored] + own


def _partners(settings: Settings) -> set[str]:
    return {client.id for client in in_database(settings, lambda transaction: transaction.run("clients.all")) if client.kind == "PARTNER"}


def _too_much(settings: Settings, texts: list[tuple[str, str]], partners: set[str]) -> list[tuple[str, str]]:
    """Which of these valid documents the limits of this program do not take, or their clients may not call. A name begins with the client's id."""
    judged = judge_many([text for _, text in texts], settings.limits)
    return [(name, error) for (name, _), found in zip(texts, judged, strict=True) for error in problems(found, is_partner=name.partition(" ")[0] in partners)]


@documents.command()
def deprecate(
    ids: Ids,
    client: Client,
    reason: Annotated[str, typer.Option(help="What to send instead, and why: text, with a URL or the id of a document.")] = "",
    sunset: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day (UTC) from which on they may no longer be answered.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Take it back.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Flag documents that will be retired. They are still answered; answers (headers and `extensions.deprecation`) and the log say it.

    Run again, it replaces the reason and the sunset; the day on which they were first deprecated stays.
    """
    sunset_at = sunset and sunset.replace(tzinfo=UTC)
    values = refusing(lambda: deprecation_of(reason, sunset_at, now=datetime.now(UTC)))
    changed = _changed("trusted.deprecate", ids, load(data_dir=data_dir), client_id=client, is_deprecated=not back, **values)
    console.print(f"{changed} of {len(ids)} documents {'deprecated no longer' if back else 'deprecated'}.")
    if changed < len(ids):
        raise typer.Exit(1)


@documents.command()
def retire(ids: Ids, client: Client, data_dir: DataDir = None) -> None:
    """Take documents back. Publishing them again brings them back."""
    changed = _changed("trusted.retire", ids, load(data_dir=data_dir), client_id=client)
    console.print(f"{changed} of {len(ids)} documents retired.")
    if changed < len(ids):
        raise typer.Exit(1)


def _changed(block: str, ids: list[str], settings: Settings, **values: Any) -> int:
    """How many documents the block found."""
    wanted = [manifests.normalized(identifier) for identifier in ids]
    return len(in_database(settings, lambda transaction: transaction.run(block, ids=wanted, **values)))


def _entries(path: Path) -> list[manifests.Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}).") from None
    return refusing(lambda: manifests.read(text))


def _listed(settings: Settings, client: str | None) -> list[Any]:
    found = in_database(settings, lambda transaction: transaction.run("trusted.listed", of_client=client, is_deprecated=None, is_retired=None))
    return sorted(found, key=lambda document: (document.client_id, document.names, document.id))
