"""Amounts in Stripe's units (https://docs.stripe.com/currencies): mostly the minor units of ISO 4217, but not always."""

from billing.money.money import exponent

# Currencies whose decimals differ at Stripe: króna and Ugandan shilling have none by ISO, and two at Stripe; the ariary has two by ISO, and none at Stripe.
DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}


def to_stripe(minor: int, currency: str) -> int | None:
    """Return the amount in Stripe's units; None if Stripe cannot move exactly this amount."""
    scaled, rest = divmod(minor * 10 ** DECIMALS.get(currency, exponent(currency)), 10 ** exponent(currency))
    # In a currency with three decimals the last one must be zero.
    return None if rest or (exponent(currency) == 3 and scaled % 10) else scaled


def from_stripe(amount: int, currency: str) -> int:
    """Return minor units by ISO 4217. Stripe's amounts are always whole numbers of them."""
    minor: int = amount * 10 ** exponent(currency) // 10 ** DECIMALS.get(currency, exponent(currency))
    return minor
