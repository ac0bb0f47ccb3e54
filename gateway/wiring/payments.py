"""The payment processors and the rules of payments, from the settings."""

import hmac
from collections.abc import Callable
from pathlib import Path

from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.trials import TrialPolicy
from billing.money.dunning import Ending, RetryPolicy
from billing.money.numbers import Numbering
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.issuer import secret_of_portal
from gateway.wiring.letterhead import letterhead
from payments.processor import Processor
from resolvers.context import Payments


def payments(settings: Settings, around: Callable[[Processor], Processor] = lambda processor: processor) -> Payments:
    """Return the objects for payments. New methods are added at the first processor. The sandbox stores its charges in the data directory, shared by server and worker.
    `around` returns what is used in place of a processor, such as one whose calls are counted.

    Raises WrongSetting, in production also if the sandbox would be the only processor without being set.
    """
    require_processor(settings)
    secret = secret_of_portal(settings)
    processors: list[Processor] = []
    if settings.stripe_secret_key:
        processors.append(_stripe(settings.stripe_secret_key, settings))
    if _has_sandbox(settings):
        processors.append(_sandbox(_derived(secret, "sandbox").hex(), settings.data_dir))
    return Payments(
        {processor.name: around(processor) for processor in processors},
        _derived(secret, "previews"),
        settings.takes_parts,
        TrialPolicy(settings.trials),
        numbering(settings),
        policy(settings),
        letterhead(settings),
        ServiceBegins(settings.service_begins),
        settings.issuer,
        settings.installment_invoice_days,
        settings.promise_days,
        tuple(_derived(other, "previews") for other in settings.read_only_secrets),
    )


def _stripe(secret_key: str, settings: Settings) -> Processor:
    """Return Stripe. Its SDK is imported only here, before the first request."""
    from payments.stripe import Stripe, StripeAccount

    return Stripe(StripeAccount(secret_key, settings.stripe_publishable_key, settings.stripe_webhook_secret))


def policy(settings: Settings) -> RetryPolicy:
    """Return the rule for retries of failed charges. Raises WrongSetting."""
    try:
        return RetryPolicy(settings.retry_days, Ending(settings.dunning_ending))
    except ValueError as error:
        raise WrongSetting(f"PORTICO_RETRY_DAYS: {error}") from None


def numbering(settings: Settings) -> Numbering:
    return Numbering(settings.invoice_number, settings.merchant_time_zone, settings.credit_note_number)


def require_processor(settings: Settings) -> None:
    """Raises WrongSetting if no processor is configured."""
    if settings.stripe_secret_key is None and not _has_sandbox(settings):
        raise WrongSetting(
            "PORTICO_STRIPE_SECRET_KEY: is needed in production, because the sandbox takes no real money. PORTICO_SANDBOX=true allows the sandbox."
        )


def _has_sandbox(settings: Settings) -> bool:
    return settings.sandbox or (settings.sandbox is None and not settings.is_production)


def _sandbox(webhook_secret: str, folder: Path) -> Processor:
    """Return the sandbox, whose charges are stored in this folder. It is imported only here, with SQLite. Raises WrongSetting."""
    from sqlite3 import OperationalError

    from payments.sandbox import Sandbox
    from payments.sandbox_ledger import Ledger

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Sandbox(webhook_secret, Ledger(folder / "sandbox.sqlite3"))
    except (OSError, OperationalError):
        raise WrongSetting("PORTICO_DATA_DIR: is not writable. Choose another with --data-dir.") from None


def _derived(secret: str, purpose: str) -> bytes:
    """Return a key derived from the secret for one purpose."""
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")
