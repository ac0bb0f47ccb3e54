"""What every paper has: who sends it, who reads it, and how amounts and days are written for that reader."""

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

from billing.money.money import formatted, rate_text
from pdf.words import WORDS, language_of

# Where paper is letter-sized (CLDR's measurement data); everywhere else it is A4.
LETTER = {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
# Unicode's isolates (UAX 9).
RIGHT_TO_LEFT, END = "\u2067", "\u2069"
# CLDR puts it before the minus of scripts that run from right to left, so that the minus stands at the left of its figures; Babel leaves it out.
LEFT_TO_RIGHT_MARK = "\u200e"
# A word of so many letters may be longer than its column is wide. It may break after every few of them, but not before a mark or around a joiner.
LONG_WORD = re.compile(r"\S{24,}")
LETTERS_TOGETHER = 6
ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that the operator trusts. Not checked, only shown."""

    content: bytes
    kind: Literal["svg", "png", "jpeg"]


@dataclass(frozen=True, slots=True)
class Merchant:
    """`accent` is a colour as #rrggbb; `address`, `footer` and `tax_ids` are lines. Raises ValueError for another colour."""

    name: str
    address: tuple[str, ...] = ()
    accent: str = "#1f4e79"
    logo: Logo | None = None
    footer: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.accent):
            raise ValueError("a colour is # and six hexadecimal digits")


@dataclass(frozen=True)
class Recipient:
    """The customer. `locale` is a BCP 47 tag; an unknown one reads as English. Instants are shown as days in `time_zone`. `lines` stand below the name; `tax_exemption` says why
    no tax is charged."""

    name: str
    email: str
    locale: str
    time_zone: str
    lines: tuple[str, ...] = ()
    tax_exemption: str | None = None

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
        """Whose way of writing Han letters: JP, KR, TC, HK, and SC for everybody else."""
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
        """The full-width sign that Japanese has for the yen is only in fonts for Japanese, and is not what people search for."""
        amount = formatted(minor, currency, self.locale).replace("￥", "¥")
        if self.is_right_to_left:
            amount = amount.replace("-", f"{LEFT_TO_RIGHT_MARK}-")
        return self._apart(amount)

    def day(self, on: date | datetime) -> str:
        """In one piece: a line does not end before the year."""
        day = format_date(on.astimezone(self.zone).date() if isinstance(on, datetime) else on, "medium", locale=self.babel_locale)
        return self._apart(day.replace(" ", "\u00a0"))

    def _apart(self, text: str) -> str:
        """Figures of a script that runs from right to left, kept from mixing with the words around them, which do not."""
        return f"{RIGHT_TO_LEFT}{text}{END}" if self.is_right_to_left else text

    def rate(self, ppm: int) -> str:
        return self._apart(rate_text(ppm, self.locale))

    def days(self, starts: datetime | None, ends: datetime | None) -> str | None:
        """A period from its first to its last day. The day on which it ends is the first one of the next period, whatever the time of day, so that no two name one day."""
        if starts is None or ends is None:
            return None
        first, last = (instant.astimezone(self.zone).date() for instant in (starts, ends))
        last = max(first, last - timedelta(days=1))
        return self.day(first) if first == last else f"{self.day(first)} – {self.day(last)}"


@dataclass(frozen=True, slots=True)
class Paper:
    """Ready to be printed. `content` lays out the values that the template reads; it is called where the paper is printed, outside the event loop, and can be
    pickled. `made_at` is written into the file, so that the same paper is the same bytes whenever it is printed. `rows` is how large the paper is. `splits` names
    the list in the content whose rows may be printed in parts; the template then has no other table."""

    template: str
    content: Callable[[], Mapping[str, Any]]
    made_at: datetime
    rows: int
    splits: str | None = None


def sheet(merchant: Merchant, reader: Recipient, *, title: str) -> dict[str, Any]:
    """What all templates read."""
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
            "address": (*merchant.address, *merchant.tax_ids),
            "accent": merchant.accent,
            "footer": merchant.footer,
            "logo": _drawing(merchant.logo),
        },
        "reader": {"name": with_breaks(reader.name), "lines": [with_breaks(line) for line in reader.lines or (reader.email,)]},
    }


def with_breaks(text: str) -> str:
    """A text whose long words may break between letters."""
    return LONG_WORD.sub(lambda word: _broken(word[0]), text)


def _broken(word: str) -> str:
    """A word of a script from right to left stays whole: pieces of it would be put in the wrong order."""
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
    """As SVG, because text is all that can be handed to a template. A picture of points becomes an SVG around it."""
    if logo is None:
        return None
    if logo.kind == "svg":
        return logo.content.decode("utf-8")
    data = b64encode(logo.content).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="300" height="100">'
        f'<image href="data:image/{logo.kind};base64,{data}" width="300" height="100" preserveAspectRatio="xMinYMid meet"/></svg>'
    )
