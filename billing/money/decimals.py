"""Decimal text of amounts and percentages as whole numbers, exactly. A number with more decimals than its kind has is not rounded but refused."""

import re

from babel.numbers import is_currency

from billing.money.money import MAX_MINOR, exponent

NUMBER = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")
PERCENT_DECIMALS = 4


def minor_of(text: str, currency: str) -> int:
    """Return an amount in major units as minor units: ("12.9", "USD") is 1290. Raises ValueError, whose message names the fault."""
    places = exponent(currency)
    return _scaled(text, places, f"{currency} has {_decimals(places)}")


def minor_units(text: str, currency: str) -> int:
    """Return an amount in major units as minor units, as `minor_of` does. Raises ValueError beyond MAX_MINOR, too."""
    minor = minor_of(text, currency)
    if abs(minor) > MAX_MINOR:
        raise ValueError(f"It has more than {MAX_MINOR} minor units.")
    return minor


def ppm_of(text: str) -> int:
    """Return a percentage as parts per million: "12.5" is 125000. Raises ValueError, whose message names the fault."""
    return _scaled(text, PERCENT_DECIMALS, f"a percentage has at most {_decimals(PERCENT_DECIMALS)}")


def is_known_currency(currency: str) -> bool:
    """Return whether the code is one of ISO 4217."""
    return len(currency) == 3 and is_currency(currency)


def _scaled(text: str, places: int, rule: str) -> int:
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError('It must be a decimal number such as "12.90".')
    sign, whole, decimals = match[1], match[2], (match[3] or "").rstrip("0")
    if len(decimals) > places:
        raise ValueError(f"It has {_decimals(len(decimals))}, and {rule}.")
    return int(f"{sign}{whole}{decimals.ljust(places, '0')}")


def _decimals(count: int) -> str:
    return "no decimals" if not count else f"{count} decimal" if count == 1 else f"{count} decimals"
