"""Money: whole minor units and an ISO 4217 currency. This is the only module that has the decimals of currencies, and that divides or rounds."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import NumberPattern, format_percent

# ISO 4217 list one; every other currency has two decimals. CLDR is not the source here: it has customary digits (IQD 0), not those of the standard (IQD 3).
EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

MILLION = 1_000_000

# The largest amount that the merchant may enter, in minor units: JSON numbers are exact up to it.
MAX_MINOR = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of one currency."""

    minor: int
    currency: str


def exponent(currency: str) -> int:
    """Return the decimals of a currency: JPY 0, USD 2, KWD 3."""
    return EXPONENTS.get(currency, 2)


def decimal_text(minor: int, currency: str) -> str:
    """Return the amount in major units with all its decimals: (-1299, "USD") is "-12.99", (500, "JPY") is "500"."""
    places = exponent(currency)
    if not places:
        return str(minor)
    digits = str(abs(minor)).rjust(places + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def apportioned(minor: int, weights: Sequence[int]) -> list[int]:
    """Return the parts of an amount by their weights. They add up to it: each is rounded down, and the units that are left go to the largest remainders, the first part
    before a later one with the same remainder. Raises ValueError without a weight above zero."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0 or minor < 0:
        raise ValueError("parts need an amount of zero or more, and weights of which one is above zero")
    parts, remainders = zip(*(divmod(minor * weight, whole) for weight in weights), strict=True)
    left = minor - sum(parts)
    first = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))[:left]
    return [part + (place in first) for place, part in enumerate(parts)]


def share(minor: int, part: int, whole: int = MILLION) -> int:
    """Return part/whole of an amount, rounded half up (away from zero), as the tax law of most countries requires. Rates are parts per million."""
    rounded = (2 * abs(minor) * part + whole) // (2 * whole)
    return rounded if minor >= 0 else -rounded


def ratio_text(part: int, whole: int) -> str:
    """Return a part of a number as a share from 0 to 1 with four decimals: (1, 3) is "0.3333"."""
    return str((Decimal(part) / whole).quantize(Decimal("0.0001")))


def formatted(minor: int, currency: str, locale: str | None = None) -> str:
    """Return the amount as text by CLDR, with all its decimals: "$12.90" in en, "12,90 $" in de. An unknown locale is read as en."""
    known = known_locale(locale or "en")
    text: str = _pattern(known, exponent(currency)).apply(Decimal(decimal_text(minor, currency)), known, currency=currency, currency_digits=False)
    return text


def rate_text(ppm: int, locale: str) -> str:
    """Return a rate in parts per million as percent text by CLDR, with all its decimals: "7.7%" in en, "7,7 %" in de."""
    text: str = format_percent(Decimal(ppm).scaleb(-6), locale=known_locale(locale), decimal_quantization=False)
    return text


def formatted_for(minor: int, currency: str, *, locale: str | None = None, customer_locale: str | None = None) -> str:
    """Return the amount as `formatted` does, in `locale` or else the customer's."""
    return formatted(minor, currency, locale or customer_locale)


@lru_cache(maxsize=1000)
def _pattern(locale: Locale, places: int) -> NumberPattern:
    pattern: NumberPattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (places, places)
    return pattern


@lru_cache(maxsize=1000)
def known_locale(name: str) -> Locale:
    """Return a locale by its name; en for an unknown one."""
    try:
        return Locale.parse(name[:40].replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale("en")
