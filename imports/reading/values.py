"""The value of a field by its type: each function returns the value as the plan reads it, or raises LineFault without a field."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from billing.customers import values
from billing.money.money import exponent
from billing.postal_addresses import COUNTRIES
from billing.refusals import Refused
from imports.formats.fields import Field, FieldType
from imports.reasons import ImportReason, LineFault

MAX_MINOR = 2**53
# The years that the API takes: beyond them a time zone or a period leads to no day of the calendar.
YEARS = range(1900, 3000)
DECIMAL = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,4}))?")
INTEGER = re.compile(r"-?\d{1,15}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MONTH = re.compile(r"\d{4}-\d{2}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?")
TRUE, FALSE = ("true", "TRUE", "1"), ("false", "FALSE", "0")
MAX_PAIRS, MAX_KEY, MAX_VALUE = 50, 40, 500

Parse = Callable[[Any, Field], Any]
Day = TypeVar("Day", date, datetime)


def text(value: Any, field: Field) -> str:
    if not isinstance(value, str):
        raise LineFault(ImportReason.INVALID_VALUE, "", "A text is expected.")
    line = value.strip()
    if not line or len(line) > field.most:
        raise LineFault(ImportReason.INVALID_VALUE, "", f"The text has 1 to {field.most} characters.")
    if not line.isprintable() and ("\0" in line or (not line.isascii() and any(0xD800 <= ord(character) <= 0xDFFF for character in line))):
        raise LineFault(ImportReason.INVALID_VALUE, "", "The text has characters that cannot be stored.")
    return line


def external_id(value: Any, _: Field) -> str:
    name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(name, str) or not 1 <= len(name) <= 200 or not name.isprintable():
        raise LineFault(ImportReason.INVALID_EXTERNAL_ID)
    return name


def code(value: Any, _: Field) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 60:
        raise LineFault(ImportReason.INVALID_VALUE, "", "A code has 1 to 60 characters.")
    return value


@lru_cache(maxsize=500)
def is_currency_code(name: str) -> bool:
    try:
        return values.checked_currency(name) == name
    except Refused:
        return False


def currency(value: Any, _: Field) -> str:
    if not isinstance(value, str) or not is_currency_code(value):
        raise LineFault(ImportReason.UNKNOWN_CURRENCY, "", f"{value!r:.20} is not a currency.")
    return value


def amount(value: Any, currency_of_line: str, *, is_signed: bool) -> int:
    """Return minor units. An integer counts them; a text is in major units."""
    if isinstance(value, float):
        raise LineFault(ImportReason.FLOAT_AMOUNT)
    if isinstance(value, str) and (match := DECIMAL.fullmatch(value)):
        places = exponent(currency_of_line)
        decimals = (match[3] or "").rstrip("0")
        if len(decimals) > places:
            raise LineFault(ImportReason.INVALID_AMOUNT, "", f"{currency_of_line} has {places} decimals.")
        minor = int(match[2] + decimals.ljust(places, "0")) * (-1 if match[1] else 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        minor = value
    else:
        raise LineFault(ImportReason.INVALID_AMOUNT)
    if abs(minor) > MAX_MINOR or (minor < 0 and not is_signed):
        raise LineFault(ImportReason.INVALID_AMOUNT, "", "The amount is too large." if minor > 0 else "The amount is below 0.")
    return minor


def integer(value: Any, field: Field) -> int:
    number = int(value) if isinstance(value, str) and INTEGER.fullmatch(value) else value
    if not isinstance(number, int) or isinstance(number, bool) or not field.least <= number <= field.most:
        raise LineFault(ImportReason.INVALID_VALUE, "", f"An integer from {field.least:,} to {field.most:,} is expected.")
    return number


def boolean(value: Any, _: Field) -> bool:
    if value is True or value in TRUE:
        return True
    if value is False or value in FALSE:
        return False
    raise LineFault(ImportReason.INVALID_VALUE, "", "True or false is expected.")


@lru_cache(maxsize=10_000)
def _day(written: str) -> str:
    try:
        return _checked_year(date.fromisoformat(written)).isoformat()
    except ValueError:
        raise LineFault(ImportReason.INVALID_DATE, "", "There is no such day.") from None


def _checked_year(at: Day) -> Day:
    """Return a day or an instant. Raises LineFault for one of a year that is not taken."""
    if at.year not in YEARS:
        raise LineFault(ImportReason.INVALID_DATE, "", f"The years {YEARS.start} to {YEARS.stop - 1} are taken.")
    return at


def day(value: Any, _: Field) -> str:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise LineFault(ImportReason.INVALID_DATE)
    return _day(value)


def month(value: Any, _: Field) -> str:
    """Return the last day of a month, or the day."""
    if not isinstance(value, str) or not (DAY.fullmatch(value) or MONTH.fullmatch(value)):
        raise LineFault(ImportReason.INVALID_DATE)
    if len(value) == 10:
        return _day(value)
    first = date.fromisoformat(_day(f"{value}-01"))
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return date.fromordinal(after.toordinal() - 1).isoformat()


def instant(value: Any, _: Field) -> str:
    """Return an instant in UTC, or a day, which begins in a time zone that is known later."""
    if isinstance(value, str) and DAY.fullmatch(value):
        return _day(value)
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise LineFault(ImportReason.INVALID_DATE)
    if not match[1]:
        raise LineFault(ImportReason.INSTANT_WITHOUT_OFFSET)
    try:
        at = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise LineFault(ImportReason.INVALID_DATE, "", "There is no such instant.") from None
    return _checked_year(at).isoformat()


def percent(value: Any, _: Field) -> int:
    """Return parts per million."""
    if not isinstance(value, str) or (rate_ppm := _rate_ppm(value)) is None:
        raise LineFault(ImportReason.INVALID_VALUE, "", 'A percentage is a text from "0" to "100" with at most 4 decimals.')
    return rate_ppm


@lru_cache(maxsize=1000)
def _rate_ppm(written: str) -> int | None:
    try:
        return values.checked_tax_rate(written)
    except Refused:
        return None


def country(value: Any, _: Field) -> str:
    if not isinstance(value, str) or value not in COUNTRIES:
        raise LineFault(ImportReason.UNKNOWN_COUNTRY)
    return value


def enum(value: Any, field: Field) -> str:
    if value not in field.values:
        raise LineFault(ImportReason.INVALID_VALUE, "", f"One of {', '.join(field.values)} is expected.")
    return str(value)


def texts(value: Any, field: Field) -> list[str]:
    listed = _decoded(value, list)
    if len(listed) > field.most or not all(isinstance(each, str) and each.strip() for each in listed):
        raise LineFault(ImportReason.INVALID_VALUE, "", f"A list of at most {field.most} texts is expected.")
    return [each.strip() for each in listed]


def enums(value: Any, field: Field) -> list[str]:
    listed = _decoded(value, list)
    if not all(each in field.values for each in listed) or len(set(listed)) < len(listed):
        raise LineFault(ImportReason.INVALID_VALUE, "", f"A list of {', '.join(field.values)} is expected.")
    return [str(each) for each in listed]


def metadata(value: Any, _: Field) -> dict[str, str]:
    pairs = _decoded(value, dict)
    is_valid = len(pairs) <= MAX_PAIRS and all(
        1 <= len(key) <= MAX_KEY and key.isprintable() and isinstance(each, str) and len(each) <= MAX_VALUE and "\0" not in each for key, each in pairs.items()
    )
    if not is_valid:
        raise LineFault(ImportReason.INVALID_VALUE, "", "Metadata are at most 50 pairs of a key of 40 and a text of 500 characters.")
    return dict(pairs)


def _decoded(value: Any, kind: type) -> Any:
    """Return a list or an object; a cell of CSV has it as JSON."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = None
    if not isinstance(value, kind):
        raise LineFault(ImportReason.INVALID_VALUE, "", "A list is expected." if kind is list else "An object is expected.")
    return value


def listed(value: Any, field: Field) -> list[Any]:
    items: list[Any] = _decoded(value, list)
    if len(items) > field.most or (field.is_required and not items):
        raise LineFault(ImportReason.INVALID_VALUE, "", f"A list of {'1' if field.is_required else '0'} to {field.most:,} objects is expected.")
    return items


def mapping(value: Any) -> dict[str, Any]:
    decoded: dict[str, Any] = _decoded(value, dict)
    return decoded


PARSERS: dict[FieldType, Parse] = {
    FieldType.TEXT: text,
    FieldType.EXTERNAL_ID: external_id,
    FieldType.REFERENCE: external_id,
    FieldType.CODE: code,
    FieldType.CURRENCY: currency,
    FieldType.INTEGER: integer,
    FieldType.BOOLEAN: boolean,
    FieldType.DATE: day,
    FieldType.INSTANT: instant,
    FieldType.MONTH: month,
    FieldType.PERCENT: percent,
    FieldType.COUNTRY: country,
    FieldType.ENUM: enum,
    FieldType.TEXTS: texts,
    FieldType.ENUMS: enums,
    FieldType.METADATA: metadata,
}
