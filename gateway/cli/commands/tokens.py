"""The commands `token`, `keys new` and `keys secret`."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auth.jwt.keys import Ours
from auth.jwt.tokens import sign
from auth.secret import new_secret
from auth.viewer import Viewer
from billing.states import Actor
from db.connections import find_customer
from gateway.cli.commands.console import console
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.database import DatabaseUrls, check, connected, postgres
from gateway.wiring.issuer import issuer_of, new_key


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
