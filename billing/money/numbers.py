"""Numbers of invoices and credit notes: the series of a number, and its text. The database assigns the next number."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

DEFAULT_PATTERN = "INV-{year}-{number:06}"
DEFAULT_CREDIT_NOTE_PATTERN = "CN-{year}-{number:06}"
RECEIPT_CHARACTERS, RECEIPT_GROUP = 12, 4
MAX_CHARACTERS = 60
MAX_DIGITS = 15

NUMBER = re.compile(r"\{number(?::0([1-9][0-9]?))?\}")
YEAR = "{year}"


@dataclass(frozen=True, slots=True)
class NumberPosition:
    """The place of a document's number: the series, its year (0 in a series without years), the text around the number, and the minimum of its digits."""

    series: str
    year: int
    prefix: str
    digits: int
    suffix: str

    def number(self, sequence: int) -> str:
        """Return the text of a number. The database writes it by the same rule (`take_number`)."""
        return f"{self.prefix}{sequence:0{self.digits}}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Numbering:
    """The merchant's numbering of invoices and credit notes: patterns such as `INV-{year}-{number:06}`, and the time zone that decides the year of a document.

    With the same pattern they share one series.
    """

    pattern: str = DEFAULT_PATTERN
    time_zone: str = "UTC"
    credit_note_pattern: str = DEFAULT_CREDIT_NOTE_PATTERN

    def __post_init__(self) -> None:
        """Check both patterns. Raises ValueError."""
        check_pattern(self.pattern)
        check_pattern(self.credit_note_pattern)

    def place(self, issued_at: datetime) -> NumberPosition:
        """Return the position of an invoice that is issued at this instant."""
        return _place(self.pattern, issued_at.astimezone(ZoneInfo(self.time_zone)).year)

    def credit_note_place(self, issued_at: datetime) -> NumberPosition:
        """Return the position of a credit note that is issued at this instant."""
        return _place(self.credit_note_pattern, issued_at.astimezone(ZoneInfo(self.time_zone)).year)


def receipt_number(payment_id: str) -> str:
    """Return the number of a payment's receipt: the random end of its id (60 bits) in groups, so that it can be read aloud. It has no series, because a receipt is no tax document."""
    last = payment_id.rpartition("_")[2][-RECEIPT_CHARACTERS:].upper()
    return "-".join(["R", *(last[start : start + RECEIPT_GROUP] for start in range(0, len(last), RECEIPT_GROUP))])


def check_pattern(pattern: str) -> str:
    """Return a valid pattern. Raises ValueError, whose message names the fault and does not repeat the pattern."""
    if len(pattern) > MAX_CHARACTERS:
        raise ValueError(f"has more than {MAX_CHARACTERS} characters")
    if not pattern.isprintable():
        raise ValueError("has a line break or another control character")
    digits = NUMBER.findall(pattern)
    if len(digits) != 1:
        raise ValueError("must contain {number} once, with or without its digits, as in {number:06}")
    if int(digits[0] or 1) > MAX_DIGITS:
        raise ValueError(f"must not ask for more than {MAX_DIGITS} digits")
    if re.search(r"[{}]", NUMBER.sub("", pattern).replace(YEAR, "")):
        raise ValueError("must have no braces but those of {year} and {number}")
    return pattern


def _place(pattern: str, issued_in: int) -> NumberPosition:
    """Return the position for a pattern and a year. Patterns that differ only in the number of digits are one series."""
    year = issued_in if YEAR in pattern else 0
    series = NUMBER.sub("{number}", pattern)
    prefix, _, suffix = series.replace(YEAR, str(year)).partition("{number}")
    match = NUMBER.search(pattern)
    return NumberPosition(series, year, prefix, int(match[1] or 1) if match else 1, suffix)
