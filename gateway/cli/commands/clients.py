"""The commands `clients …`."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from rich.table import Table

from auth.jwt.assertions import usable
from auth.permissions import PARTNER_SCOPES, STAFF_SCOPES
from auth.secret import hash_of
from auth.secret import new_secret as fresh_secret
from billing.ids import type_id
from db.unit_of_work import Transaction
from gateway.cli.commands.console import console, show
from gateway.cli.commands.in_database import day, in_database
from gateway.documents.registry import PORTAL, STAFF, Mode
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from resolvers.identity.grants import give

KINDS = {"FIRST_PARTY": "an app of ours", "PARTNER": "a partner's app", "SERVICE": "a service"}
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class App:
    """The app to register: its contact, the issuer of its tokens, and their scopes."""

    identifier: str
    name: str
    contact: str
    kind: str
    mode: str
    scopes: tuple[str, ...]
    issuer: str | None
    issuer_client_id: str | None
    units_per_minute: int

    @property
    def may_have_credential(self) -> bool:
        """Whether it gets its tokens with its own secret or key."""
        return self.kind in ("PARTNER", "SERVICE") and self.issuer is None

    @property
    def values(self) -> dict[str, Any]:
        """Return the columns of its row, the id excepted."""
        return {
            "name": self.name,
            "contact": self.contact,
            "kind": self.kind,
            "mode": self.mode.upper(),
            "scopes": list(self.scopes),
            "issuer": self.issuer,
            "issuer_client_id": (self.issuer_client_id or self.identifier) if self.issuer else None,
            "units_per_minute": self.units_per_minute,
        }


@dataclass(frozen=True, slots=True)
class NewCredential:
    """The new credential of an app: a file with a public key, or a new secret. What it had stays valid for `overlap_hours`."""

    public_key: Path | None
    is_new_secret: bool
    overlap_hours: int = 0


def add(app: App, credential: NewCredential, data_dir: Path | None) -> None:
    """Register or change an app, and print a new secret if there is one."""
    settings = load(data_dir=data_dir)
    _check_app(app, settings)
    if not app.may_have_credential and (credential.public_key or credential.is_new_secret):
        raise WrongSetting("A first-party app, or an app of another issuer, has no secret and no key: its tokens come from signing in, or from the issuer.")
    jwk = _public_key(credential.public_key)
    has_none = not app.may_have_credential

    async def work(transaction: Transaction) -> tuple[str | None, bool]:
        if holder := await _holder(transaction, app):
            raise WrongSetting(f"The client {holder} already uses this issuer and this name.")
        client = await transaction.first("clients.save", id=app.identifier, **app.values)
        if client is None:
            raise WrongSetting(f"{app.identifier} is a client of another kind.")
        has_one = has_none or bool(await transaction.run("client_credentials.of_client", key=app.identifier))
        secret = await _renew(transaction, app.identifier, jwk, credential.overlap_hours) if jwk or credential.is_new_secret or not has_one else None
        return secret, client.disabled_at is not None

    secret, is_disabled = in_database(settings, work)
    _print_registered(app.identifier, secret, is_disabled=is_disabled)


def _print_registered(identifier: str, secret: str | None, *, is_disabled: bool) -> None:
    console.print(f"{identifier} is registered.{f' It is disabled: `clients enable {identifier}` enables it.' if is_disabled else ''}")
    if secret:
        console.print(f"Its secret, which is not shown again: {secret}")


def _check_app(app: App, settings: Settings) -> None:
    """Raises WrongSetting for an app that cannot be registered."""
    is_partner = app.kind == "PARTNER"
    if not IDENTIFIER.fullmatch(app.identifier):
        raise WrongSetting("The id of a client has 2 to 63 small letters, digits and dashes.")
    if app.kind != "FIRST_PARTY" and app.identifier in (PORTAL, STAFF):
        raise WrongSetting(f"{PORTAL} and {STAFF} are ours: the documents that come with this program are theirs.")
    allowed = STAFF_SCOPES if app.kind == "SERVICE" else PARTNER_SCOPES
    if wrong := sorted(set(app.scopes) - allowed):
        raise WrongSetting(f"{wrong[0]} is no scope of {KINDS[app.kind]}. Scopes are {', '.join(sorted(allowed))}.")
    if app.mode not in get_args(Mode):
        raise WrongSetting(f"{app.mode} is no mode; modes are {', '.join(get_args(Mode))}.")
    if app.kind == "SERVICE" and (not app.scopes or app.issuer is not None):
        raise WrongSetting("A service has scopes (--scope, once for each), and gets its tokens here: leave --issuer out.")
    if is_partner and app.mode != "required":
        raise WrongSetting("A partner's app is always required: leave --mode out.")
    if app.issuer is not None and app.issuer not in {other.name for other in settings.issuers}:
        raise WrongSetting("PORTICO_ISSUERS has no issuer of this name; it is the `iss` of its tokens, to the letter.")
    if app.issuer_client_id is not None and app.issuer is None:
        raise WrongSetting("Name the issuer that calls it so: --issuer.")


async def _holder(transaction: Transaction, app: App) -> str | None:
    """Return the other client with the same issuer and name, if there is one."""
    wanted = app.values["issuer"], app.values["issuer_client_id"]
    others = [client for client in await transaction.run("clients.all") if client.id != app.identifier] if app.issuer else []
    return next((client.id for client in others if (client.issuer, client.issuer_client_id) == wanted), None)


async def _renew(transaction: Transaction, identifier: str, jwk: str | None, overlap_hours: int) -> str | None:
    """Replace the credentials of a client by a key or a new secret, and return the secret."""
    ends_at = transaction.caller.now + timedelta(hours=overlap_hours)
    secret, credential = None if jwk else fresh_secret(), "credential-" + secrets.token_hex(8)
    await transaction.run("client_credentials.save", client_id=identifier, id=credential, secret_hash=hash_of(secret) if secret else None, jwk=jwk)
    await transaction.run("client_credentials.end_others", client_id=identifier, id=credential, ends_at=ends_at)
    return secret


def print_list(data_dir: Path | None) -> None:
    table = Table("Id", "Kind", "Mode", "Scopes", "Units a minute", "Disabled", "Contact", "Issuer", "Its name there", box=None)
    for client in in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.all")):
        values = " ".join(client.scopes), str(client.units_per_minute), day(client.disabled_at), client.contact, client.issuer, client.issuer_client_id
        table.add_row(client.id, client.kind, client.mode, *values)
    show(table)


def disable(identifier: str, data_dir: Path | None) -> None:
    if identifier in (PORTAL, STAFF):
        raise WrongSetting(f"{PORTAL} and {STAFF} are ours: the documents that come with this program are theirs.")
    _set_disabled(identifier, data_dir, is_disabled=True)


def enable(identifier: str, data_dir: Path | None) -> None:
    _set_disabled(identifier, data_dir, is_disabled=False)


def _set_disabled(identifier: str, data_dir: Path | None, *, is_disabled: bool) -> None:
    if not in_database(load(data_dir=data_dir), lambda transaction: transaction.run("clients.able", id=identifier, is_disabled=is_disabled)):
        raise WrongSetting(f"There is no client {identifier}.")
    console.print(f"{identifier} is {'disabled. Its tokens stop working now.' if is_disabled else 'enabled. Its tokens work again.'}")


def grant(identifier: str, customer: str, scopes: set[str], data_dir: Path | None) -> None:
    async def work(transaction: Transaction) -> Any:
        client = await transaction.first("clients.by_id", key=identifier)
        if client is None or client.kind != "PARTNER" or not scopes <= set(client.scopes):
            raise WrongSetting(f"There is no partner {identifier} with these scopes.")
        await transaction.impersonate_verified(customer)
        if await transaction.first("customers.by_id", key=customer) is None:
            raise WrongSetting(f"There is no customer {customer}.")
        identity = type_id("grant", int(transaction.caller.now.timestamp() * 1000), entropy=secrets.randbits(74))
        return await give(transaction, identity, identifier, scopes=sorted(scopes))

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
