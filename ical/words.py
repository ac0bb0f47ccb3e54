"""The texts of calendars, one file for each language. A language without a file has English texts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from billing.money.money import formatted, known_locale
from billing.rows.money.calendars import CalendarEntryRow
from billing.visible_text import visible

LANGUAGES = Path(__file__).parent / "languages"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class CalendarWriter:
    """The writer of a calendar's texts: its phrases, the locale of its amounts, and the merchant's name."""

    phrases: Mapping[str, str]
    locale: str
    merchant: str

    @property
    def title(self) -> str:
        return self.phrases["title"].format(merchant=self.merchant)

    def texts(self, entry: CalendarEntryRow) -> tuple[str, str]:
        """Return the line that calendars show, such as "Invoice 2027-0001: $49.00", and the sentence that they show with the day."""
        what = self.phrases[entry.kind].format(name=visible(entry.name), part_of=visible(entry.part_of))
        amount = formatted(entry.remaining_minor if entry.state == "OPEN" else entry.total_minor, entry.currency, self.locale)
        sentence = self.phrases[f"{entry.state}_RENEWAL" if entry.kind == "RENEWAL" else f"{entry.state}_PAYMENT"]
        return self.phrases[entry.state].format(what=what, amount=amount), sentence.format(merchant=self.merchant, amount=amount)


def writer_of(locale: str, merchant: str) -> CalendarWriter:
    """Return the writer for a customer's locale. Where there are no texts in its language, amounts are English as the texts are."""
    language = known_locale(locale).language
    is_known = (LANGUAGES / f"{language}.toml").exists()
    return CalendarWriter(phrases(language if is_known else FALLBACK), locale if is_known else FALLBACK, visible(merchant))


@cache
def phrases(language: str) -> Mapping[str, str]:
    return tomllib.loads((LANGUAGES / f"{language}.toml").read_text("utf-8"))
