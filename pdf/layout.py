"""What all papers have: merchant, recipient, and the formats of amounts and days for that recipient. A paper is a document that is printed as PDF."""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from billing.money.issuer import NO_DETAILS, IssuerDetails
from billing.money.money import formatted, known_locale, rate_text
from pdf.words import WORDS, language_of

# Countries with paper of size Letter (CLDR's measurement data); the others have A4.
LETTER = {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
# Unicode's isolates (UAX 9).
RIGHT_TO_LEFT, END = "\u2067", "\u2069"
# In scripts from right to left CLDR puts it before the minus, so that the minus is at the left of its figures; Babel leaves it out.
LEFT_TO_RIGHT_MARK = "\u200e"
# A word of this length may be wider than its column. It may break after every LETTERS_TOGETHER letters, but not before a mark or around a joiner.
LONG_WORD = re.compile(r"\S{24,}")
LETTERS_TOGETHER = 6
ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture from the operator. It is trusted and not checked."""

    content: bytes
    kind: Literal["svg", "png", "jpeg"]


@dataclass(frozen=True, slots=True)
class Merchant:
    """`accent` is a colour as #rrggbb; `address`, `footer` and `tax_ids` are lines, the address without the country of `details`. Raises ValueError for another colour."""

    name: str
    address: tuple[str, ...] = ()
    accent: str = "#1f4e79"
    logo: Logo | None = None
    footer: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    details: IssuerDetails = NO_DETAILS

    def __post_init__(self) -> None:
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.accent):
            raise ValueError("a colour is # and six hexadecimal digits")


@dataclass(frozen=True)
class Recipient:
    """The customer. `locale` is a BCP 47 tag; an unknown one is treated as English. Instants are printed as days in `time_zone`. `lines` are printed below the name;
    `tax_exemption` is why no tax is charged, `tax_name` what the tax is called, if not by the general word."""

    name: str
    email: str
    locale: str
    time_zone: str
    lines: tuple[str, ...] = ()
    tax_exemption: str | None = None
    tax_name: str | None = None

    @cached_property
    def babel_locale(self) -> Locale:
        try:
            return Locale.parse(self.locale[:40].replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            return Locale("en")

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def language(self) -> str:
        return language_of(self.locale)

    @property
    def han(self) -> str:
        """Return the region whose forms of Han letters are used: JP, KR, TC, HK, and SC for all other locales."""
        locale = self.babel_locale
        if locale.language != "zh":
            return {"ja": "JP", "ko": "KR"}.get(locale.language, "SC")
        if locale.script == "Hant" or locale.territory in ("TW", "HK", "MO"):
            return "HK" if locale.territory in ("HK", "MO") else "TC"
        return "SC"

    @property
    def is_right_to_left(self) -> bool:
        return self.babel_locale.text_direction == "rtl"

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    def money(self, minor: int, currency: str) -> str:
        """Return the amount in the format of the locale, with ¥ for the full-width yen sign: that is only in fonts for Japanese, and searches do not match it."""
        amount = formatted(minor, currency, self.locale).replace("￥", "¥")
        if self.is_right_to_left:
            amount = amount.replace("-", f"{LEFT_TO_RIGHT_MARK}-")
        return self._apart(amount)

    def day(self, on: date | datetime) -> str:
        """Return the day in the format of the locale, with no-break spaces, so that a line does not end before the year."""
        day = format_date(on.astimezone(self.zone).date() if isinstance(on, datetime) else on, "medium", locale=self.babel_locale)
        return self._apart(day.replace(" ", "\u00a0"))

    def _apart(self, text: str) -> str:
        """Return figures inside a Unicode isolate where the script runs from right to left, so that they do not mix with the words around them."""
        return f"{RIGHT_TO_LEFT}{text}{END}" if self.is_right_to_left else text

    def country(self, code: str) -> str:
        """Return the name of a country by its code of ISO 3166-1."""
        return country_name(code, self.locale)

    @property
    def tax(self) -> str:
        """Return what the tax is called on the document."""
        return self.tax_name or self.words["tax"]

    def rate(self, ppm: int) -> str:
        return self._apart(rate_text(ppm, self.locale))

    def span(self, starts: datetime | None, ends: datetime | None) -> tuple[date, date] | None:
        """Return the first and the last day of a period. The day of `ends` belongs to the next period, at any time of day, so that two periods never name one day."""
        if starts is None or ends is None:
            return None
        first, last = (instant.astimezone(self.zone).date() for instant in (starts, ends))
        return first, max(first, last - timedelta(days=1))

    def days(self, starts: datetime | None, ends: datetime | None) -> str | None:
        """Return a period as text: its first and last day, or its only one."""
        span = self.span(starts, ends)
        if span is None:
            return None
        first, last = span
        return self.day(first) if first == last else f"{self.day(first)} – {self.day(last)}"


def no_attachment() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that is ready to be printed. `content` makes the values that the template reads; it is called where the paper is printed, outside the event loop,
    and can be pickled. `made_at` is written into the file, so that the same paper always gives the same bytes. `rows` is the size of the paper. `splits` names
    the list in the content whose rows may be printed in parts; the template then has no other table. `attachment` makes the e-invoice that the PDF has attached, if
    there is one; it is called like `content`, and such a paper is never printed in parts."""

    template: str
    content: Callable[[], Mapping[str, Any]]
    made_at: datetime
    rows: int
    splits: str | None = None
    attachment: Callable[[], str | None] = no_attachment


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """A PDF. `replaced` are the letters that were printed as �; `is_conforming` says whether it conforms to PDF/A-3a and PDF/UA-1."""

    pdf: bytes
    replaced: tuple[str, ...] = ()
    is_conforming: bool = True


def sheet(merchant: Merchant, reader: Recipient, *, title: str) -> dict[str, Any]:
    """Return the values that all templates read."""
    return {
        "title": title,
        "foot": with_breaks(title),
        "han": reader.han,
        "direction": Locale(reader.language).text_direction,
        "language": reader.language,
        "size": "us-letter" if (reader.babel_locale.territory or "") in LETTER else "a4",
        "words": reader.words,
        "merchant": {
            "name": merchant.name,
            "address": [with_breaks(line) for line in _merchant_lines(merchant, reader)],
            "accent": merchant.accent,
            "footer": [*merchant.footer, *([merchant.details.registration] if merchant.details.registration else [])],
            "logo": _drawing(merchant.logo),
        },
        "reader": {"name": with_breaks(reader.name), "lines": [with_breaks(line) for line in reader.lines or (reader.email,)]},
    }


def memo_lines(memo: str | None) -> list[str]:
    """Return the merchant's text on a document, line by line; blank lines are left out."""
    return [with_breaks(line) for line in (memo or "").splitlines() if line.strip()]


def _merchant_lines(merchant: Merchant, reader: Recipient) -> list[str]:
    details = merchant.details
    country = [reader.country(details.postal.country)] if details.postal else []
    return [*merchant.address, *country, *(line for line in (details.email, details.phone) if line), *merchant.tax_ids]


def country_name(code: str, locale: str) -> str:
    """Return the name of a country in the language of a locale, or its code."""
    return str(known_locale(locale).territories.get(code, code))


def with_breaks(text: str) -> str:
    """Return the text with zero width spaces where a long word may break."""
    return LONG_WORD.sub(lambda word: _broken(word[0]), text)


def _broken(word: str) -> str:
    """Return the word with zero width spaces. A word from right to left stays whole: its pieces would be put in the wrong order."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in word):
        return word
    pieces, since = [], 0
    for before, letter in pairwise(f" {word}"):
        is_joined = unicodedata.category(letter) in ("Mn", "Mc", "Me", "Cf", "Sk") or unicodedata.category(before) == "Cf"
        if since >= LETTERS_TOGETHER and not is_joined:
            pieces.append(ZERO_WIDTH_SPACE)
            since = 0
        pieces.append(letter)
        since += 1
    return "".join(pieces)


def _drawing(logo: Logo | None) -> str | None:
    """Return the logo as SVG, because templates read text only. A PNG or JPEG is embedded in an SVG."""
    if logo is None:
        return None
    if logo.kind == "svg":
        return logo.content.decode("utf-8")
    data = b64encode(logo.content).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="300" height="100">'
        f'<image href="data:image/{logo.kind};base64,{data}" width="300" height="100" preserveAspectRatio="xMinYMid meet"/></svg>'
    )
