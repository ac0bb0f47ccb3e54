"""Values of Stripe as the import folder has them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from payments.stripe_amounts import from_stripe

Thing = Mapping[str, Any]
Line = dict[str, Any]


def instant(seconds: int) -> str:
    """Return an instant with its offset: 2026-11-30T09:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def day(seconds: int) -> str:
    """Return the day in UTC, in which Stripe counts."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def reference(value: Any) -> str | None:
    """Return the id of an object that may be included as a whole."""
    name = value["id"] if isinstance(value, dict) else value
    return None if name is None else str(name)


def subscription_of(invoice: Thing) -> str | None:
    """Return the id of the subscription that an invoice is about."""
    return reference(((invoice.get("parent") or {}).get("subscription_details") or {}).get("subscription"))


def minor(amount: int, currency: str) -> int:
    """Return minor units of a signed amount of Stripe. The currency is in any case."""
    return from_stripe(abs(amount), currency.upper()) * (-1 if amount < 0 else 1)


def percent(number: float) -> str:
    """Return a percentage without zeros at its end: 19.0 is 19."""
    return f"{Decimal(str(number)).normalize():f}"


def metadata(thing: Thing) -> dict[str, str]:
    """Return the metadata without empty values. Stripe has the same limits."""
    return {key: value for key, value in (thing.get("metadata") or {}).items() if isinstance(value, str) and value.strip()}


def line(**values: Any) -> Line:
    """Return a line without what is left out. Names are those of the file."""
    return {name: value for name, value in values.items() if value not in (None, {}, [])}
