"""The command line of the registry: `clients …`."""

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.table import Table

from auth.assertions import usable
from auth.permissions import PARTNER_SCOPES
from auth.secret import hash_of
from auth.secret import new_secret as fresh_secret
from billing.ids import type_id
from db.session import Transaction
from gateway.console import console, show
from gateway.in_database import day, in_database
from gateway.partners_cli import DataDir
from gateway.registry import PORTAL, STAFF, Mode
from gateway.settings import Settings, WrongSetting, load
from resolvers.grants import give

clients = typer.Typer(no_args_is_help=True, help="The apps that call.")

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


@clients.command()
def add(
    identifier: Annotated[str, typer.Argument(help="Its id, such as acme-books.")],
    name: Annotated[str, typer.Option(help="As customers see it.")],
    contact: Annotated[str, typer.Option(help="Whom to write to.")] = "",
    first_party: Annotated[bool, typer.Option("--first-party", help="An app of ours, a tool of staff or a service instead of a partner's.")] = False,
    mode: Annotated[str, typer.Option(help="For an app of ours: open, log, prefer or required. Partners are always required.")] = "required",
    issuer: Annotated[str | None, typer.Option(help="Whose tokens it has: a name in PORTICO_ISSUERS. Left out, ours.")] = None,
    issuer_client_id: Annotated[str | None, typer.Option(help="What that issuer calls it (client_id, azp). Left out, the same id.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="What customers may let it do; may be given several times.")] = None,
    units: Annotated[int, typer.Option(min=1, max=1_000_000, help="Cost units a minute.")] = 1000,
    public_key: Annotated[
        Path | None, typer.Option(help="A public key as JWK, for private_key_jwt, in place of what it had; left out, a secret is made.")
    ] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Of an app that is there: a new secret in place of what it had.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Register an app, or change it. A partner's secret is printed once, and stays until another is asked for."""
    settings = load(data_dir=data_dir)
    app = App(identifier, "FIRST_PARTY" if first_party else "PARTNER", mode, tuple(scope or ["read"]), issuer, issuer_client_id)
    _judge(app, settings)
    has_none = first_party or issuer is not None
    if has_none and (public_key or new_secret):
        raise WrongSetting(
            "An app of ours has no secret and no key, and neither has one of another issuer: its tokens come from signing in, or from an issuer."
        )
    jwk = _public_key(public_key)

    async def work(transaction: Transaction) -> tuple[str | None, bool]:
        if holder := await _holder(transaction, app):
            raise WrongSetting(f"This issuer's tokens of this name are those of {holder} already.")
        client = await transaction.first("clients.save", id=identifier, name=name, contact=contact, units_per_minute=units, **app.values)
        if client is None:
            raise WrongSetting(f"{identifier} is a client of another kind.")
        has_one = has_none or bool(await transaction.run("client_credentials.of_client", key=identifier))
        secret = await _renew(transaction, identifier, jwk) if jwk or new_secret or not has_one else None
        return secret, client.disabled_at is not None

    secret, is_disabled = in_database(settings, work)
    _print_registered(identifier, secret, is_disabled=is_disabled)


def _print_registered(identifier: str, secret: str | None, *, is_disabled: bool) -> None:
    console.print(f"{identifier} is registered.{f' It is disabled: `clients enable {identifier}` enables it.' if is_disabled else ''}")
    if secret:
        console.print(f"Its secret, which is not shown again: {secret}")


@dataclass(frozen=True, slots=True)
class App:
    """What is to be registered: which tokens name it, and what those may do."""

    identifier: str
    kind: str
    mode: str
    scopes: tuple[str, ...]
    issuer: str | None
    issuer_client_id: str | None

    @property
    def values(self) -> dict[str, Any]:
        theirs = (self.issuer_client_id or self.identifier) if self.issuer else None
        return {"kind": self.kind, "mode": self.mode.upper(), "scopes": list(self.scopes), "issuer": self.issuer, "issuer_client_id": theirs}


def _judge(app: App, settings: Settings) -> None:
    """Raises WrongSetting."""
    is_partner = app.kind == "PARTNER"
    if not IDENTIFIER.fullmatch(app.identifier):
        raise WrongSetting("The id of a client has 2 to 63 small letters, digits and dashes.")
    if is_partner and app.identifier in (PORTAL, STAFF):
        raise WrongSetting(f"{PORTAL} and {STAFF} are ours: the documents that come with this program are theirs.")
    if not set(app.scopes) <= PARTNER_SCOPES or app.mode not in get_args(Mode):
        raise WrongSetting(f"Scopes are {', '.join(sorted(PARTNER_SCOPES))}; modes are {', '.join(get_args(Mode))}.")
    if is_partner and app.mode != "required":
        raise WrongSetting("A partner's app is always required: leave --mode out.")
    if app.issuer is not None and app.issuer not in {other.name for other in settings.issuers}:
        raise WrongSetting("PORTICO_ISSUERS has no issuer of this name; it is the `iss` of its tokens, to the letter.")
    if app.issuer_client_id is not None and app.issuer is None:
        raise WrongSetting("Name the issuer that calls it so: --issuer.")


async def _holder(transaction: Transaction, app: App) -> str | None:
    """The other client that is known by the same tokens."""
    wanted = app.values["issuer"], app.values["issuer_client_id"]
    others = [client for client in await transaction.run("clients.all") if client.id != app.identifier] if app.issuer else []
    return next((client.id for client in others if (client.issuer, client.issuer_client_id) == wanted), None)


async def _renew(transaction: Transaction, identifier: str, jwk: str | None) -> str | None:
    """A key, or a secret, in place of what the client had; gives back the secret."""
    secret, credential = None if jwk else fresh_secret(), "credential-" + secrets.token_hex(8)
    await transaction.run("client_credentials.save", client_id=identifier, id=credential, secret_hash=hash_of(secret) if secret else None, jwk=jwk)
    await transaction.run("client_credentials.drop_others", client_id=identifier, id=credential)
    return secret


@clients.command("list")
def list_clients(data_dir: DataDir = None) -> None:
    """Print the apps that are registered."""
    table = Table("Id", "Kind", "Mode", "Scopes", "Units a minute", "Disabled", "Contact", "Issuer", "Its name there", box=None)
    for found in in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.all")):
        values = " ".join(found.scopes), str(found.units_per_minute), day(found.disabled_at), found.contact, found.issuer, found.issuer_client_id
        table.add_row(found.id, found.kind, found.mode, *values)
    show(table)


@clients.command()
def disable(identifier: str, back: Annotated[bool, typer.Option("--back", hidden=True)] = False, data_dir: DataDir = None) -> None:
    """Refuse every token of an app, at once. Its documents, grants and secret stay for when it is enabled again."""
    if identifier in (PORTAL, STAFF):
        raise WrongSetting(f"{PORTAL} and {STAFF} are ours: the documents that come with this program are theirs.")
    _able(identifier, data_dir, is_disabled=not back)


@clients.command()
def enable(identifier: str, data_dir: DataDir = None) -> None:
    """Take the tokens of a disabled app again, those that were issued before included."""
    _able(identifier, data_dir, is_disabled=False)


def _able(identifier: str, data_dir: Path | None, *, is_disabled: bool) -> None:
    if not in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.able", id=identifier, is_disabled=is_disabled)):
        raise WrongSetting(f"There is no client {identifier}.")
    console.print(f"{identifier} is {'disabled. Its tokens stop working now.' if is_disabled else 'enabled. Its tokens work again.'}")


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

    console.print(f"{in_database(load(data_dir=data_dir), work).id} lets {identifier} act for {customer}.")


def _public_key(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        jwk = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise WrongSetting(f"{path} is not a JWK.") from None
    if not usable(jwk):
        raise WrongSetting(f"{path} is not the public half of a key that signs (EdDSA, ES256, ES384, PS256 or RS256).")
    return json.dumps(jwk)
