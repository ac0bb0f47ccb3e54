"""The commands `documents …`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

import schema as portal_schema
from gateway.cli.commands.console import console, counted, show
from gateway.cli.commands.in_database import day, in_database, refusing
from gateway.cli.commands.schema_diff import broken, schema_in
from gateway.documents.document_cache import first_party, first_party_actions, first_party_streams, of_staff
from gateway.documents.registry import PORTAL, STAFF
from gateway.documents.validation import validate_many
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from resolvers.documents import manifests
from resolvers.documents.publishing import deprecation_of, problems, refuse_broken, store


@dataclass(frozen=True, slots=True)
class DeprecationChange:
    """The reason of a deprecation, the instant from which the documents may no longer be executed, and whether it is withdrawn."""

    reason: str
    sunset_at: datetime | None
    is_withdrawn: bool


def publish(manifest: Path, client: str, data_dir: Path | None) -> None:
    settings = load(data_dir=data_dir)
    entries = _entries(manifest)
    results = validate_many([entry.body for entry in entries], settings.limits)
    refusing(lambda: refuse_broken(entries, results))
    done = in_database(settings, lambda transaction: store(transaction, client, entries, results))
    console.print(f"{counted(done.total, 'document')}, {done.added} of them new or changed.")


def print_list(client: str | None, data_dir: Path | None) -> None:
    table = Table("Client", "Id", "Operations", "Cost", "Version", "Deprecated", "Sunset", "Retired", "Reason", box=None)
    for row in _rows(load(data_dir=data_dir), client):
        days = day(row.deprecated_at), day(row.sunset_at), day(row.retired_at)
        table.add_row(row.client_id, row.id, " ".join(row.names), str(row.cost), str(row.version), *days, row.deprecation)
    show(table)


def print_uses(client: str | None, data_dir: Path | None) -> None:
    table = Table("Client", "Operations", "Uses", "First", "Last", "Deprecated", "Id", box=None)
    for row in _rows(load(data_dir=data_dir), client):
        days = day(row.first_used_at), day(row.last_used_at), day(row.deprecated_at)
        table.add_row(row.client_id, " ".join(row.names), str(row.uses), *days, row.id)
    show(table)


def check(schema: Path | None, manifest: Path | None, data_dir: Path | None) -> None:
    """Exits with 1 if a document would break."""
    settings = load(data_dir=data_dir)
    texts = [(entry.id, entry.body) for entry in _entries(manifest)] if manifest else _published(settings)
    failures = broken(schema_in(schema) if schema else portal_schema.build(), texts)
    if not schema:
        partners = set() if manifest else _partners(settings)
        failures += _too_much(settings, [(name, text) for name, text in texts if name not in dict(failures)], partners)
    for name, problem in failures:
        console.print(f"{name}: {problem}")
    console.print(f"{counted(len(texts), 'document')}, {len({name for name, _ in failures})} of them broken.")
    if failures:
        raise typer.Exit(1)


def _published(settings: Settings) -> list[tuple[str, str]]:
    """Return every published document with the name for its line. The shipped ones are included, because they are published when a process starts."""
    stored = [document for document in _rows(settings, None) if document.retired_at is None]
    known = {document.body for document in stored if document.client_id in (PORTAL, STAFF)}
    documents = (first_party(), first_party_actions(), first_party_streams(), of_staff())
    own = [(name, text) for shipped in documents for name, text in shipped.items() if text not in known]
    return [(f"{document.client_id} {' '.join(document.names)} {document.id}", document.body) for document in stored] + own


def _partners(settings: Settings) -> set[str]:
    return {client.id for client in in_database(settings, lambda transaction: transaction.run("clients.all")) if client.kind == "PARTNER"}


def _too_much(settings: Settings, texts: list[tuple[str, str]], partners: set[str]) -> list[tuple[str, str]]:
    """Return the valid documents that exceed a limit or that their clients may not call, with the reason. A name begins with the client's id."""
    results = validate_many([text for _, text in texts], settings.limits)
    return [
        (name, error) for (name, _), result in zip(texts, results, strict=True) for error in problems(result, is_partner=name.partition(" ")[0] in partners)
    ]


def deprecate(ids: list[str], client: str, deprecation: DeprecationChange, data_dir: Path | None) -> None:
    """Exits with 1 if the client has not all of these documents."""
    values = refusing(lambda: deprecation_of(deprecation.reason, deprecation.sunset_at, now=datetime.now(UTC)))
    is_deprecated = not deprecation.is_withdrawn
    changed = _changed("trusted.deprecate", ids, load(data_dir=data_dir), client_id=client, is_deprecated=is_deprecated, **values)
    console.print(f"{changed} of {len(ids)} documents {'deprecated' if is_deprecated else 'deprecated no longer'}.")
    if changed < len(ids):
        raise typer.Exit(1)


def retire(ids: list[str], client: str, data_dir: Path | None) -> None:
    """Exits with 1 if the client has not all of these documents."""
    changed = _changed("trusted.retire", ids, load(data_dir=data_dir), client_id=client)
    console.print(f"{changed} of {len(ids)} documents retired.")
    if changed < len(ids):
        raise typer.Exit(1)


def _changed(block: str, ids: list[str], settings: Settings, **values: Any) -> int:
    """Return how many documents the block changed."""
    wanted = [manifests.normalized(identifier) for identifier in ids]
    return len(in_database(settings, lambda transaction: transaction.run(block, ids=wanted, **values)))


def _entries(path: Path) -> list[manifests.Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}).") from None
    return refusing(lambda: manifests.read(text))


def _rows(settings: Settings, client: str | None) -> list[Any]:
    rows = in_database(settings, lambda transaction: transaction.run("trusted.listed", of_client=client, is_deprecated=None, is_retired=None))
    return sorted(rows, key=lambda document: (document.client_id, document.names, document.id))
