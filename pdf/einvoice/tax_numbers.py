"""VAT numbers in the tax numbers that are printed, such as "VAT GB123456789" or "USt-IdNr. DE 123 456 789"."""

import re
from collections.abc import Iterable

# What the VAT numbers of Europe begin with: the country by ISO 3166-1, for Greece EL and for Northern Ireland XI.
PREFIXES = {
    *(
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ),
    *("CH", "GB", "NO", "XI"),
}
NUMBER = re.compile(r"[A-Z]{2}[A-Z0-9+*]{4,16}")
SEPARATORS = re.compile(r"[.\-]")


def vat_number(tax_ids: Iterable[str]) -> str | None:
    """Return the first number that begins with a country, without spaces, dots and hyphens; None if there is none."""
    return next((number for number in map(_vat_number, tax_ids) if number), None)


def other_number(tax_ids: Iterable[str]) -> str | None:
    """Return the first text without such a number, as it is printed."""
    return next((text for text in tax_ids if _vat_number(text) is None), None)


def _vat_number(text: str) -> str | None:
    """Return the number that begins with one of the words and goes to the end of the text."""
    words = text.replace(":", " ").split()
    for start, word in enumerate(words):
        number = SEPARATORS.sub("", "".join(words[start:]))
        begins = word in PREFIXES or any(letter.isdigit() for letter in word)
        if begins and number[:2] in PREFIXES and NUMBER.fullmatch(number):
            return number
    return None
