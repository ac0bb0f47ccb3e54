"""The commands `catalog …`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import typer

from billing.catalog.items import Catalog, CatalogUse
from billing.catalog.planning import CatalogChange, problems
from billing.catalog.planning import plan as planned
from billing.states import Actor
from db.unit_of_work import Transaction
from gateway.cli.commands.console import console, counted, say_error
from gateway.cli.commands.in_database import in_database
from gateway.cli.merchant.catalog_diff import lines_of
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.letterhead import letterhead
from gateway.wiring.payments import numbering
from resolvers.catalog.catalog_file import BadCatalogFile, CatalogFile, FileFault, read_catalog, refuse
from resolvers.catalog.file_export import catalog_text, json_schema
from resolvers.catalog.price_moves import schedule_moves
from resolvers.catalog.stored import locked_catalog, stored_catalog, write_changes
from resolvers.changes.writing import WriteContext, system_writer

# What the event of an application is called in the audit trail.
EVENT = "applyCatalog"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed, and how many subscriptions are to move to another price."""

    changes: tuple[CatalogChange, ...]
    moved: int


def export(data_dir: Path | None) -> None:
    stored = in_database(load(data_dir=data_dir), stored_catalog)
    typer.echo(catalog_text(stored.items), nl=False)


def plan(path: Path, data_dir: Path | None) -> None:
    """Exits with 2 if there is a change, and with 1 if the file is refused."""
    settings = load(data_dir=data_dir)
    file = _read(path)
    result = in_database(settings, lambda transaction: _plan(transaction, file))
    changes = result if isinstance(result, tuple) else _refuse(path, result)
    _print(changes)
    if changes:
        raise typer.Exit(2)


def apply(path: Path, client: str, data_dir: Path | None) -> None:
    """Apply a file in the name of a client. Exits with 1 if the file is refused."""
    settings = load(data_dir=data_dir)
    file = _read(path)
    result = in_database(settings, lambda transaction: _apply(transaction, file, settings, client=client))
    done = result if isinstance(result, Applied) else _refuse(path, result)
    _print(done.changes)
    if done.moved:
        console.print(f"{counted(done.moved, 'subscription')} will move at the next renewal.")


def print_schema() -> None:
    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


async def _plan(transaction: Transaction, file: CatalogFile) -> "tuple[CatalogChange, ...] | list[FileFault]":
    stored = await stored_catalog(transaction, is_counted=True)
    if faults := _faults(file, stored.items, stored.use):
        return faults
    return planned(stored.items, file.wanted, stored.use)


async def _apply(transaction: Transaction, file: CatalogFile, settings: Settings, *, client: str) -> "Applied | list[FileFault]":
    stored = await locked_catalog(transaction, is_counted=True)
    if faults := _faults(file, stored.items, stored.use):
        return faults
    changes = planned(stored.items, file.wanted, stored.use)
    by = system_writer(datetime.now(UTC), numbering(settings), letterhead=letterhead(settings))
    moved = await schedule_moves(transaction, stored, await write_changes(transaction, stored, changes, by=by), by=by)
    if changes:
        await _note(transaction, len(changes), client=client, by=by)
    return Applied(changes, moved)


async def _note(transaction: Transaction, changes: int, *, client: str, by: WriteContext) -> None:
    """Append the event of the application to the audit trail."""
    nobody = dict.fromkeys(("customer_id", "actor_subject", "actor_issuer", "acting_subject", "acting_issuer", "acting_client"))
    event = {"event": EVENT, "outcome": "OK", "detail": f"{changes} changes", "request_id": ""}
    await transaction.run("audit.append", id=by.new_id("aud"), actor=Actor.SYSTEM, client=client, **nobody, **event)


def _faults(file: CatalogFile, stored: Catalog, use: CatalogUse) -> list[FileFault]:
    try:
        refuse(file, problems(stored, file.wanted, use))
    except BadCatalogFile as error:
        return error.faults
    return []


def _read(path: Path) -> CatalogFile:
    try:
        return read_catalog(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}).") from None
    except BadCatalogFile as error:
        _refuse(path, error.faults)


def _refuse(path: Path, faults: list[FileFault]) -> NoReturn:
    """Print each fault with its line, and exit with 1."""
    for fault in faults:
        say_error(f"{path}:{fault.line}: {f'{fault.path}: ' if fault.path else ''}{fault.code}: {fault.message}")
    raise typer.Exit(1)


def _print(changes: tuple[CatalogChange, ...]) -> None:
    for line in lines_of(changes):
        console.print(line)
    if not changes:
        console.print("No change.")
