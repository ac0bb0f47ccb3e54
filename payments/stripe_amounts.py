"""Amounts as Stripe counts them (https://docs.stripe.com/currencies): mostly the minor units of ISO 4217, but not always."""

from billing.money.money import exponent

# Decimals that Stripe differs in: krona and Ugandan shilling have none, and still go over the wire with two; the ariary has two by ISO, and goes without.
DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}


def to_stripe(minor: int, currency: str) -> int | None:
    """What to send; None if Stripe cannot move exactly this amount."""
    scaled, rest = divmod(minor * 10 ** DECIMALS.get(currency, exponent(currency)), 10 ** exponent(currency))
    # Of three decimals the last has to be zero.
    return None if rest or (exponent(currency) == 3 and scaled % 10) else scaled


def from_stripe(amount: int, currency: str) -> int:
    """Minor units after ISO 4217. What Stripe names is always whole in them."""
    minor: int = amount * 10 ** exponent(currency) // 10 ** DECIMALS.get(currency, exponent(currency))
    return minor
