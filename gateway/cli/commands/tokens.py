"""The commands `token`, `keys new`, `keys secret` and `keys reseal`."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from auth.jwt.keys import Ours
from auth.jwt.tokens import sign
from auth.secret import new_secret
from auth.viewer import Viewer
from billing.states import Actor
from db.connections import FAILURES, find_customer, reason_of
from db.resealing import CannotReseal, ResealedRows, SealedColumn, reseal
from gateway.cli.commands.console import console, counted, say_error
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.database import CannotReach, DatabaseUrls, check, connected, postgres
from gateway.wiring.issuer import issuer_of, new_key, seal_of_portal


def print_for_customer(identifier: str | None, email: str | None, client: str, data_dir: Path | None) -> None:
    settings = load(data_dir=data_dir)
    issuer_of(settings)
    _print_token(settings, customer_viewer(customer_id(settings, identifier, email), client))


def print_for_staff(client: str, data_dir: Path | None) -> None:
    _print_token(load(data_dir=data_dir), staff_viewer(client))


def _print_token(settings: Settings, viewer: Viewer) -> None:
    # In production, a customer's token from the command line is for the operator of the portal, not for the customer.
    acting_party = viewer.client if settings.is_production and not viewer.is_staff else None
    print(sign(replace(viewer, acting_party=acting_party), issuer_of(settings), now=datetime.now(UTC), lifetime=timedelta(days=1)))


def make_key(algorithm: Ours, data_dir: Path | None) -> None:
    path = new_key(load(data_dir=data_dir), algorithm, now=datetime.now(UTC))
    console.print(f"{path} signs after a restart with PORTICO_SIGNING_KEYS_DIR={path.parent}")
    console.print("Keep the older keys there until their last token has expired (15 minutes), then delete them.")
    console.print(f"With more than one server: name it {path.stem}.next.pem, restart all, then take .next out of the name and restart all again.")


def print_secret() -> None:
    print(new_secret())


def reseal_texts(data_dir: Path | None) -> None:
    """Exits with 1 if a text was sealed with neither secret."""
    settings = load(data_dir=data_dir)
    if settings.previous_secret is None:
        raise WrongSetting("PORTICO_PREVIOUS_SECRET: is needed to open what was sealed with it. docs/rotation.md has the steps.")
    with postgres(settings) as urls:
        counts = asyncio.run(_reseal(urls, settings))
    for column, rows in counts.items():
        console.print(f"{column.table}.{column.column}: {rows.renewed} sealed again, {rows.current} sealed with PORTICO_SECRET before.")
    if unknown := sum(rows.unknown for rows in counts.values()):
        say_error(f"{counted(unknown, 'text')} sealed with neither PORTICO_SECRET nor PORTICO_PREVIOUS_SECRET.")
        raise typer.Exit(1)


async def _reseal(urls: DatabaseUrls, settings: Settings) -> dict[SealedColumn, ResealedRows]:
    """Raises CannotReach, WrongSetting."""

    def renew(purpose: str, sealed: bytes, row: str) -> bytes | None:
        return seal_of_portal(settings, purpose).renewed(sealed, row)

    async with connected(urls.admin_url, "PORTICO_DATABASE_URL", {}) as connection:
        try:
            return await reseal(connection, renew)
        except CannotReseal as error:
            raise CannotReach(str(error)) from None
        except FAILURES as error:
            raise CannotReach(f"The database cannot be changed: {reason_of(error)}. Check PORTICO_DATABASE_URL, and run this again.") from None


def customer_viewer(identifier: str, client: str) -> Viewer:
    return Viewer(Actor.CUSTOMER, identifier, ("portal",), client)


def staff_viewer(client: str) -> Viewer:
    return Viewer(Actor.STAFF, None, ("staff",), client)


def customer_id(settings: Settings, customer: str | None, email: str | None) -> str:
    """Return the id of the customer with this id or e-mail address. Raises WrongSetting if there is none."""
    with postgres(settings) as urls:
        identifier = asyncio.run(_find_customer(urls, customer, email))
    if identifier is None:
        raise WrongSetting(f"No customer has the id {customer}." if email is None else f"No customer has the e-mail address {email}.")
    return identifier


async def _find_customer(urls: DatabaseUrls, customer: str | None, email: str | None) -> str | None:
    await check(urls)
    async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
        return await find_customer(connection, identifier=customer, email=email)
