"""Checks of what staff send: amounts, texts, days and quantities. Each raises Refused with the path of the field."""

from datetime import date
from typing import Protocol

from billing.money.decimals import is_known_currency, minor_of, ppm_of
from billing.money.money import MAX_MINOR
from billing.refusals import ErrorCode, Refused

# JSON readers that know only floating-point numbers hold every whole number up to this one exactly.
MAX_RATE_PPM = 1_000_000
MAX_MEMO, MAX_DESCRIPTION, MAX_REASON, MAX_REFERENCE = 1_000, 500, 500, 200


class SentMoney(Protocol):
    """An amount as it is sent: decimal text in major units, and its currency."""

    @property
    def amount(self) -> str: ...
    @property
    def currency(self) -> str: ...


def positive_minor(money: SentMoney, field: str) -> int:
    """Return an amount above zero in minor units."""
    minor = signed_minor(money, field)
    if minor <= 0:
        raise Refused(ErrorCode.INVALID_VALUE, "The amount must be above zero.", field)
    return minor


def signed_minor(money: SentMoney, field: str) -> int:
    """Return an amount in minor units, of any sign and within MAX_MINOR."""
    if not is_known_currency(money.currency):
        raise Refused(ErrorCode.INVALID_VALUE, f"{money.currency} is not a currency of ISO 4217.", field)
    try:
        minor = minor_of(money.amount, money.currency)
    except ValueError as error:
        raise Refused(ErrorCode.INVALID_VALUE, str(error), field) from None
    check_size(minor, field)
    return minor


def check_size(minor: int, field: str) -> None:
    if abs(minor) > MAX_MINOR:
        raise Refused(ErrorCode.INVALID_VALUE, "Amounts are at most 2^53 - 1 minor units.", field)


def check_currency(currency: str, expected: str, field: str) -> None:
    if currency != expected:
        raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The amount must be in {expected}.", field)


def rate_ppm(percent: str, field: str) -> int:
    """Return a tax rate of 0 to 100 percent as parts per million."""
    try:
        rate = ppm_of(percent)
    except ValueError as error:
        raise Refused(ErrorCode.INVALID_VALUE, str(error), field) from None
    if not 0 <= rate <= MAX_RATE_PPM:
        raise Refused(ErrorCode.INVALID_VALUE, "A tax rate is 0 to 100 percent.", field)
    return rate


def line_text(text: str, most: int, field: str) -> str:
    """Return a text of one line, without spaces around it: 1 to `most` printable characters."""
    line = text.strip()
    if not 1 <= len(line) <= most or not line.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, f"The text has 1 to {most} printable characters.", field)
    return line


def optional_line(text: str | None, most: int, field: str) -> str | None:
    """Return a text of one line, None for a text that is absent or blank."""
    return line_text(text, most, field) if text and text.strip() else None


def memo_text(text: str | None, field: str = "memo") -> str | None:
    """Return a text of several lines, None for a text that is absent or blank."""
    memo = "\n".join(line.rstrip() for line in (text or "").strip().splitlines())
    if len(memo) > MAX_MEMO or not memo.replace("\n", "").isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, f"The text has at most {MAX_MEMO} printable characters and line breaks.", field)
    return memo or None


def check_not_after(day: date, last: date, field: str) -> None:
    if day > last:
        raise Refused(ErrorCode.INVALID_VALUE, f"The day must not be after {last.isoformat()}, which is today where the customer lives.", field)
