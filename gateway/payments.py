"""Who takes the payments, put together from the settings."""

import hmac

from gateway.issuer import kept_secret
from gateway.settings import Settings
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from resolvers.context import Payments


def payments(settings: Settings) -> Payments:
    """The sandbox remembers its charges in the data directory, so that server and worker see the same."""
    secret = settings.secret or kept_secret(settings.data_dir, "secret")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(_derived(secret, "sandbox").hex(), Ledger(settings.data_dir / "sandbox.sqlite3"))
    return Payments({sandbox.name: sandbox}, _derived(secret, "previews"))


def _derived(secret: str, purpose: str) -> bytes:
    """A key for one purpose only."""
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")
