"""The command line of the registry: `documents …` and `clients …`."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

import schema as portal_schema
from auth.assertions import usable
from auth.permissions import PARTNER_SCOPES
from auth.secret import hash_of
from auth.secret import new_secret as fresh_secret
from billing.ids import type_id
from billing.refusals import Refused
from billing.states import Actor
from db.pool import Database, Pool
from db.session import Caller, Session, Transaction
from gateway.compare import broken, schema_in
from gateway.console import console, show
from gateway.documents import first_party, first_party_actions
from gateway.judging import judge_many
from gateway.postgres import check as check_place
from gateway.postgres import postgres
from gateway.registry import PORTAL
from gateway.settings import Settings, WrongSetting, load
from resolvers import manifests
from resolvers.grants import give
from resolvers.publishing import MAX_REASON, problems, refuse_broken, store

documents = typer.Typer(no_args_is_help=True, help="The documents that clients may send by id.")
clients = typer.Typer(no_args_is_help=True, help="The apps that call.")

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")

T = TypeVar("T")
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
    _refusing(lambda: refuse_broken(entries, judged))
    done = _in_database(settings, lambda transaction: store(transaction, client, entries, judged))
    console.print(f"{done.total} documents, {done.added} of them new or changed.")


@documents.command("list")
def list_documents(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print what is published."""
    table = Table("Client", "Id", "Operations", "Cost", "Version", "Deprecated", "Retired", "Reason", box=None)
    for found in _listed(load(data_dir=data_dir), client):
        days = _day(found.deprecated_at), _day(found.retired_at)
        table.add_row(found.client_id, found.id, " ".join(found.names), str(found.cost), str(found.version), *days, found.deprecation)
    show(table)


@documents.command()
def stats(client: AnyClient = None, data_dir: DataDir = None) -> None:
    """Print how often documents were used, and when first and last."""
    table = Table("Client", "Operations", "Uses", "First", "Last", "Deprecated", "Id", box=None)
    for found in _listed(load(data_dir=data_dir), client):
        days = _day(found.first_used_at), _day(found.last_used_at), _day(found.deprecated_at)
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
    console.print(f"{len(texts)} documents, {len({name for name, _ in found})} of them broken.")
    if found:
        raise typer.Exit(1)


def _published(settings: Settings) -> list[tuple[str, str]]:
    """Every document that is answered, with the name by which it is told; the portal's own are published when a process starts."""
    stored = [document for document in _listed(settings, None) if document.retired_at is None]
    known = {document.body for document in stored if document.client_id == PORTAL}
    own = [(name, text) for name, text in (first_party() | first_party_actions()).items() if text not in known]
    return [(f"{document.client_id} {' '.join(document.names)} {document.id}", document.body) for document in stored] + own


def _partners(settings: Settings) -> set[str]:
    return {client.id for client in _in_database(settings, lambda transaction: transaction.run("clients.all")) if client.kind == "PARTNER"}


def _too_much(settings: Settings, texts: list[tuple[str, str]], partners: set[str]) -> list[tuple[str, str]]:
    """Which of these valid documents the limits of this program do not take, or their clients may not call. A name begins with the client's id."""
    judged = judge_many([text for _, text in texts], settings.limits)
    return [(name, error) for (name, _), found in zip(texts, judged, strict=True) for error in problems(found, is_partner=name.partition(" ")[0] in partners)]


@documents.command()
def deprecate(
    ids: Ids,
    client: Client,
    reason: Annotated[str, typer.Option(help="What to ask for instead, or by when.")] = "",
    back: Annotated[bool, typer.Option("--back", help="Take it back.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Flag documents that will be retired. They are still answered; answers and the log say it."""
    if len(reason) > MAX_REASON:
        raise WrongSetting(f"A reason has at most {MAX_REASON} characters.")
    changed = _changed("trusted.deprecate", ids, load(data_dir=data_dir), client_id=client, is_deprecated=not back, deprecation=reason.strip())
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
    return len(_in_database(settings, lambda transaction: transaction.run(block, ids=wanted, **values)))


@clients.command()
def add(
    identifier: Annotated[str, typer.Argument(help="Its id, such as acme-books.")],
    name: Annotated[str, typer.Option(help="As customers see it.")],
    contact: Annotated[str, typer.Option(help="Whom to write to.")] = "",
    first_party: Annotated[bool, typer.Option("--first-party", help="An app of ours instead of a partner's.")] = False,
    mode: Annotated[str, typer.Option(help="For an app of ours: open, log, prefer or required. Partners are always required.")] = "required",
    scope: Annotated[list[str] | None, typer.Option(help="What customers may let it do; may be given several times.")] = None,
    units: Annotated[int, typer.Option(min=1, max=1_000_000, help="Cost units a minute.")] = 1000,
    public_key: Annotated[
        Path | None, typer.Option(help="A public key as JWK, for private_key_jwt, in place of what it had; left out, a secret is made.")
    ] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Of an app that is there: a new secret in place of what it had.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Register an app, or change it. A partner's secret is printed once, and stays until another is asked for."""
    scopes = scope or ["read"]
    if not IDENTIFIER.fullmatch(identifier):
        raise WrongSetting("The id of a client has 2 to 63 small letters, digits and dashes.")
    if not set(scopes) <= PARTNER_SCOPES or mode not in ("open", "log", "prefer", "required") or (mode != "required" and not first_party):
        raise WrongSetting(f"Scopes are {', '.join(sorted(PARTNER_SCOPES))}; modes are open, log, prefer and required, which partners always have.")
    if first_party and (public_key or new_secret):
        raise WrongSetting("An app of ours has no secret and no key: its tokens come from signing in, or from an issuer of yours.")
    jwk = _public_key(public_key)
    kind = "FIRST_PARTY" if first_party else "PARTNER"

    async def work(transaction: Transaction) -> str | None:
        values = {"kind": kind, "name": name, "contact": contact, "mode": mode.upper(), "scopes": scopes, "units_per_minute": units}
        if await transaction.first("clients.save", id=identifier, **values) is None:
            raise WrongSetting(f"{identifier} is a client of another kind.")
        has_one = first_party or bool(await transaction.run("client_credentials.of_client", key=identifier))
        return await _renew(transaction, identifier, jwk) if jwk or new_secret or not has_one else None

    secret = _in_database(load(data_dir=data_dir), work)
    console.print(f"{identifier} is registered.")
    if secret:
        console.print(f"Its secret, which is not shown again: {secret}")


async def _renew(transaction: Transaction, identifier: str, jwk: str | None) -> str | None:
    """A key, or a secret, in place of what the client had; gives back the secret."""
    secret, credential = None if jwk else fresh_secret(), "credential-" + secrets.token_hex(8)
    await transaction.run("client_credentials.save", client_id=identifier, id=credential, secret_hash=hash_of(secret) if secret else None, jwk=jwk)
    await transaction.run("client_credentials.drop_others", client_id=identifier, id=credential)
    return secret


@clients.command("list")
def list_clients(data_dir: DataDir = None) -> None:
    """Print the apps that are registered."""
    table = Table("Id", "Kind", "Mode", "Scopes", "Units a minute", "Disabled", "Contact", box=None)
    for found in _in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.all")):
        table.add_row(found.id, found.kind, found.mode, " ".join(found.scopes), str(found.units_per_minute), _day(found.disabled_at), found.contact)
    show(table)


@clients.command()
def disable(identifier: str, back: Annotated[bool, typer.Option("--back", help="Let it in again.")] = False, data_dir: DataDir = None) -> None:
    """Shut an app out at once, its tokens too."""
    done = _in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.able", id=identifier, is_disabled=not back))
    if not done:
        raise WrongSetting(f"There is no client {identifier}.")
    console.print(f"{identifier} is {'let in again' if back else 'shut out'}.")


@clients.command()
def grant(identifier: str, customer: Annotated[str, typer.Option(help="The id of the customer.")], scope: list[str], data_dir: DataDir = None) -> None:
    """Let an app act for a customer who has agreed to it elsewhere. Customers do it by `grantAccess`."""

    async def work(transaction: Transaction) -> Any:
        client = await transaction.first("clients.by_id", key=identifier)
        if client is None or client.kind != "PARTNER" or not set(scope) <= set(client.scopes):
            raise WrongSetting(f"There is no partner {identifier} with these scopes.")
        await transaction.act_as(customer)
        if await transaction.first("customers.by_id", key=customer) is None:
            raise WrongSetting(f"There is no customer {customer}.")
        identity = type_id("grant", int(transaction.caller.now.timestamp() * 1000), entropy=secrets.randbits(74))
        return await give(transaction, identity, identifier, scopes=sorted(set(scope)))

    console.print(f"{_in_database(load(data_dir=data_dir), work).id} lets {identifier} act for {customer}.")


def _entries(path: Path) -> list[manifests.Entry]:
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'}).") from None
    return _refusing(lambda: manifests.read(text))


def _refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except Refused as refused:
        raise WrongSetting(refused.message) from None


def _public_key(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        jwk = json.loads(path.read_text())
    except (OSError, ValueError):
        raise WrongSetting(f"{path} is not a JWK.") from None
    if not usable(jwk):
        raise WrongSetting(f"{path} is not the public half of a key that signs (EdDSA, ES256, ES384, PS256 or RS256).")
    return json.dumps(jwk)


def _listed(settings: Settings, client: str | None) -> list[Any]:
    found = _in_database(settings, lambda transaction: transaction.run("trusted.listed", of_client=client, is_deprecated=None, is_retired=None))
    return sorted(found, key=lambda document: (document.client_id, document.names, document.id))


def _in_database(settings: Settings, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """One transaction in nobody's name. Raises WrongSetting, CannotReach."""
    with postgres(settings) as place:
        asyncio.run(check_place(place))

        async def run() -> T:
            caller, pool = Caller(None, Actor.SYSTEM, datetime.now(UTC)), Pool(max_size=1)
            async with (
                Database(place.app_url, pool, server_settings=place.server_settings) as database,
                Session(database, caller).write() as opened,
            ):
                return await work(opened)

        return _refusing(lambda: asyncio.run(run()))


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
