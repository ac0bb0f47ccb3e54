"""The reader of a letter: amounts, days and payment methods in the language of the letter, and days in the reader's time zone."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from billing.money.money import formatted, known_locale
from mail.letters import FALLBACK, FOLDER, Letter, language_of

# Brands whose spelling is not their processor's name with capitals.
BRANDS = {"amex": "American Express", "eftpos_au": "eftpos", "jcb": "JCB", "unionpay": "UnionPay"}


@dataclass(frozen=True, slots=True)
class LetterReader:
    """`locale` formats amounts and days, `language` is that of the letter, and `zone` the reader's time zone."""

    locale: str
    language: str
    zone: str

    def money(self, minor: int, currency: str) -> str:
        return formatted(minor, currency, self.locale)

    def amount(self, minor: int, currency: str) -> str:
        """Return an amount, or "" for nothing."""
        return self.money(minor, currency) if minor else ""

    def day(self, at: datetime | date) -> str:
        """Return a day with its year: "January 31, 2027". An instant is a day in the reader's time zone."""
        day = at.astimezone(ZoneInfo(self.zone)).date() if isinstance(at, datetime) else at
        text: str = format_date(day, "long", locale=known_locale(self.locale))
        return text

    def month(self, day: date) -> str:
        text: str = format_skeleton("yMMMM", day, locale=known_locale(self.locale))
        return text

    def phrase(self, name: str, **values: str) -> str:
        """Return a sentence or a word of the language."""
        return phrases(self.language)[name].format(**values)

    def method(self, kind: str | None, brand: str | None, last4: str | None) -> str:
        """Return the name by which the reader recognises a payment method: "Visa •••• 4242"; "" for none."""
        if kind is None:
            return ""
        known = phrases(self.language)
        name = BRANDS.get(brand, brand.replace("_", " ").title()) if brand else known.get(kind, known["OTHER"])
        return f"{name} •••• {last4}" if last4 else name


def reader_of(letter: Letter, locale: str, zone: str) -> LetterReader:
    """Return the reader with this locale. If the letter is not in the locale's language, amounts and days are in the letter's."""
    language = language_of(letter, locale)
    is_same = known_locale(locale).language == known_locale(language).language
    return LetterReader(locale if is_same else language, language, zone)


@cache
def phrases(language: str) -> Mapping[str, str]:
    """Return the phrases of a language by their names, those of English where it has none."""
    file = FOLDER / language / "phrases.toml"
    return tomllib.loads((file if file.exists() else FOLDER / FALLBACK / "phrases.toml").read_text("utf-8"))
