"""What production refuses, and the warnings at its start."""

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime

from auth.jwt.issuers import is_loopback
from gateway.wiring.configuration.environment import PREFIX, without_prefix
from gateway.wiring.configuration.settings import Settings, WrongSetting

logger = logging.getLogger("portico.settings")

DEFAULTS = Settings.model_fields
# The effect of a missing setting in production. Each is optional, but most portals need it.
WITHOUT = {
    "portal_url": "letters link to the address that the gateway listens on",
    "public_url": "URLs of files begin with the address that the gateway listens on",
    "merchant": f'letters and invoices name the merchant "{DEFAULTS["merchant"].default}"',
    "merchant_address": "invoices have no address of the merchant",
    "merchant_country": "there are no e-invoices, which need the merchant's address in fields",
    "smtp_host": "letters are files in the data directory and are not sent",
    "s3_bucket": "attached files are on the disk of this machine, where other servers cannot read them",
    "throttle_url": "each server counts attempts to sign in by itself, so several servers allow several times as many",
}
# The same where the gateway serves no pages.
WITHOUT_PORTAL = {"portal_url": "letters link to the address that the gateway listens on, which answers 404 for pages without PORTICO_PORTAL=true"}
WITHOUT_SMTP_SETTING = {"mail_from": f"letters are from {DEFAULTS['mail_from'].default}"}
WITHOUT_STRIPE_SETTING = {
    "stripe_webhook_secret": "Stripe's events are refused, so the outcome of a payment is known later",
    "stripe_publishable_key": "customers cannot add a payment method in the browser",
}
WITHOUT_THROTTLE_SETTING = {"throttle_secret": "a reader of the Redis or Valkey can guess which accounts are in it"}


def require_database(settings: Settings) -> None:
    """Raises WrongSetting in production without a database URL, because a forgotten prefix would start the built-in Postgres."""
    if settings.is_production and settings.database_url is None:
        forgotten = without_prefix(os.environ, "database_url")
        raise WrongSetting(
            f"{PREFIX}DATABASE_URL: is needed in production, which does not use the built-in Postgres;"
            f" write postgresql://user:password@db.example.com:5432/billing.{forgotten}"
        )


def require(settings: Settings, *checks: Callable[[Settings], object]) -> None:
    """Raises WrongSetting with one line for each setting that production lacks, the database first. Does nothing outside of production."""
    if not settings.is_production:
        return
    lines = []
    for check in (require_database, *checks):
        try:
            check(settings)
        except WrongSetting as error:
            lines.append(str(error))
    if lines:
        raise WrongSetting("\n".join(lines))


def refuse_demo(settings: Settings) -> None:
    """Raises WrongSetting where the demo must not run: it prints tokens of its customers, and its clock charges due invoices."""
    if settings.is_production:
        raise WrongSetting(f"{PREFIX}ENVIRONMENT: the demo prints tokens of its customers and so does not run in production. Use `migrate` and `serve`.")
    if settings.charges_real_customers:
        raise WrongSetting(f"{PREFIX}STRIPE_SECRET_KEY: is a live key, and the demo takes no real money; write sk_test_….")


def refuse_seed(settings: Settings) -> None:
    """Raises WrongSetting where demo customers must not be added."""
    if settings.is_production:
        raise WrongSetting(f"{PREFIX}ENVIRONMENT: `seed` adds demo customers and so does not run in production. Use a database of its own, in development.")
    if settings.charges_real_customers:
        raise WrongSetting(f"{PREFIX}STRIPE_SECRET_KEY: is a live key, and demo customers pay no real money; write sk_test_….")


def refuse_future(settings: Settings, at: datetime | None, now: datetime, *, is_confirmed: bool) -> None:
    """Raises WrongSetting for a pass of the billing clock as of the future, which would charge real customers too early."""
    if settings.charges_real_customers and at is not None and at > now and not is_confirmed:
        raise WrongSetting(
            "--at: is in the future, and so this would charge all customers for what is not due yet, and cannot be undone. Add --charge-real-customers to do it."
        )


def warn(settings: Settings) -> None:
    """Log a warning for each setting of `warnings`."""
    for line in warnings(settings, os.environ):
        logger.warning(line)


def warnings(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """Return a line for each optional setting that most portals need in production; none outside of production."""
    if not settings.is_production:
        return []
    effects = dict(WITHOUT)
    for is_used, more in (
        (not settings.has_portal, WITHOUT_PORTAL),
        (settings.smtp_host, WITHOUT_SMTP_SETTING),
        (settings.stripe_secret_key, WITHOUT_STRIPE_SETTING),
        (settings.throttle_url, WITHOUT_THROTTLE_SETTING),
    ):
        effects |= more if is_used else {}
    lines = [
        f"{PREFIX}{name.upper()} is not set: {effect}.{without_prefix(environment, name)}"
        for name, effect in effects.items()
        if getattr(settings, name) == DEFAULTS[name].default
    ]
    if settings.metrics_port is not None and settings.metrics_secret is None and not is_loopback(settings.metrics_host):
        lines.append(f"{PREFIX}METRICS_SECRET is not set: everybody who reaches the port of the metrics may read them.")
    if settings.sandbox:
        lines.append(f"{PREFIX}SANDBOX is true: the sandbox takes payments without real money.")
    if "_test_" in (settings.stripe_secret_key or ""):
        lines.append(f"{PREFIX}STRIPE_SECRET_KEY is a test key: Stripe takes no real money.")
    return lines
