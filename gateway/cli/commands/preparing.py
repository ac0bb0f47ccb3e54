"""Preparation of the database for commands: migration and demo customers."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import DBAPIError

import demo as demo_data
from auth.jwt.tokens import OwnIssuer
from auth.passwords import Passwords
from auth.urls.links import secret_of
from db.connections import DRIVER_ERRORS, REASONS, is_distributed, reason_of
from db.deployment.migrate import UnknownRevision
from db.deployment.migrate import migrate as migrate_database
from db.distribution.distribute import CannotDistribute, Distribution
from db.distribution.distribute import check as check_cluster
from db.distribution.distribute import distribute as distribute_database
from db.distribution.groups import drop_groups
from db.distribution.nodes import WorkerRefused
from db.outages import CONNECTION_LOST_ERRORS, describe
from demo.passwords import PASSWORD
from demo.records.issued import POSTAL, SHOP, STREET
from gateway.cli.commands.console import console
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import CannotReach, DatabaseUrls, connected, filling
from gateway.wiring.files import bucket_of, put_all

MERCHANT = {
    "merchant": SHOP.name,
    "merchant_address": STREET,
    "merchant_city": POSTAL.city,
    "merchant_postal_code": POSTAL.postal_code,
    "merchant_country": POSTAL.country,
    "merchant_tax_ids": SHOP.tax_ids,
    "merchant_registration": SHOP.details.registration,
    "merchant_email": SHOP.details.email,
    "merchant_phone": SHOP.details.phone,
    "merchant_iban": SHOP.details.iban,
    "merchant_bic": SHOP.details.bic,
    "merchant_footer": SHOP.footer,
}


def with_demo_merchant(settings: Settings) -> Settings:
    """Return the settings with the merchant of the demo's invoices, unless the operator has set another, so that statements and new invoices name the same one."""
    return settings if MERCHANT.keys() & settings.model_fields_set else settings.model_copy(update=MERCHANT)


async def prepare_demo(urls: DatabaseUrls, settings: Settings, issuer: OwnIssuer) -> None:
    async with connected(urls.admin_url, "PORTICO_DATABASE_URL", {}):
        pass
    await demo_data.check_own(urls.admin_url)
    await migrate(urls)
    if await demo_data.is_empty(urls.admin_url):
        console.print("Loading demo customers")
        put = partial(put_all, bucket_of(settings, "", secret_of(issuer.keys[0])))
        password_hash = await Passwords().hash(PASSWORD)
        with filling():
            await demo_data.load_demo(urls.admin_url, password_hash=password_hash, now=datetime.now(UTC), put=put)


async def migrate(urls: DatabaseUrls) -> None:
    """Migrate a database that is not distributed. Raises CannotReach."""
    async with connected(urls.admin_url, "PORTICO_DATABASE_URL", {}) as connection:
        if await is_distributed(connection):
            raise CannotReach(
                "The database is distributed: run `./portico migrate --distribute`, which also adapts what the migrations make. Nothing was changed."
            )
    await _migrate(urls)


async def _migrate(urls: DatabaseUrls) -> None:
    try:
        await migrate_database(urls.admin_url)
    except UnknownRevision as error:
        raise CannotReach(str(error)) from None
    except (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS) as error:
        raise CannotReach(f"The database cannot be migrated: {reason_of(error)}. Check PORTICO_DATABASE_URL.") from None
    except DBAPIError as error:  # a statement was refused
        if (state := getattr(error.orig, "sqlstate", None)) != "42501":
            raise
        raise CannotReach(f"The database cannot be migrated: {REASONS[state]} (SQLSTATE {state}). Check PORTICO_DATABASE_URL.") from None


async def distribute(urls: DatabaseUrls) -> Distribution:
    """Migrate a database, and distribute it over the workers of Citus. Raises CannotReach."""
    async with connected(urls.admin_url, "PORTICO_DATABASE_URL", {}):
        pass
    try:
        await check_cluster(urls.admin_url)
        await drop_groups(urls.admin_url)
        await _migrate(urls)
        return await distribute_database(urls.admin_url)
    except (CannotDistribute, WorkerRefused) as error:
        raise CannotReach(str(error)) from None
    except (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS) as error:
        raise CannotReach(f"The database cannot be distributed: {describe(error)}. It is migrated, and no table was distributed.") from None


async def seed(urls: DatabaseUrls, customers: int, progress: Callable[[int], None]) -> None:
    async with connected(urls.admin_url, "PORTICO_DATABASE_URL", {}):
        pass
    with filling():
        await demo_data.seed(urls.admin_url, customers=customers, now=datetime.now(UTC), progress=progress)
