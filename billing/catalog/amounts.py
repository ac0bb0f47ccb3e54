"""Amounts and percentages of the catalog as decimal text, exact in both directions."""

import re

from babel.numbers import is_currency

from billing.money.money import exponent

NUMBER = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")
# An invoice for 10,000 units with a tax of 100 % stays below 2^53 minor units, which every JSON reader holds exactly.
MAX_UNIT_MINOR = 2**53 // 20_000
MAX_OFF_MINOR = 2**53
PERCENT_DECIMALS = 4


class BadNumber(ValueError):
    """The text is no such number. The message says what is wrong."""


def minor_of(text: str, currency: str) -> int:
    """Return an amount in major units as minor units: ("12.9", "USD") is 1290. Raises BadNumber for more decimals than the currency has, unless they are zeros."""
    return _scaled(text, exponent(currency), f"{currency} has {_decimals(exponent(currency))}")


def ppm_of(text: str) -> int:
    """Return a percentage as parts per million: "12.5" is 125000. Raises BadNumber."""
    return _scaled(text, PERCENT_DECIMALS, f"a percentage has at most {_decimals(PERCENT_DECIMALS)}")


def is_known_currency(currency: str) -> bool:
    return len(currency) == 3 and is_currency(currency)


def _scaled(text: str, places: int, rule: str) -> int:
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        raise BadNumber('It must be a decimal number such as "12.90".')
    sign, whole, decimals = match[1], match[2], (match[3] or "").rstrip("0")
    if len(decimals) > places:
        raise BadNumber(f"It has {_decimals(len(decimals))}, and {rule}.")
    return int(f"{sign}{whole}{decimals.ljust(places, '0')}")


def _decimals(count: int) -> str:
    return "no decimals" if not count else f"{count} decimal" if count == 1 else f"{count} decimals"
