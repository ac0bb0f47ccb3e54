"""The values of a profile as they are stored. Each function takes an input and returns the stored value, or raises Refused with the field of the input."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency

from billing.addresses import is_address
from billing.postal_addresses import COUNTRIES
from billing.refusals import ErrorCode, Refused
from billing.visible_text import is_blank, visible

NO_ZONE = "A time zone is an IANA name such as Europe/Zurich."
# Names of zones and links in IANA's database, without the other files of a machine's zoneinfo directory (`localtime`, `posixrules`, `posix/…`, `Factory`).
ZONE = re.compile(r"(?!posix/|right/|Factory$)[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}")
# A tag of BCP 47 (RFC 5646). Babel accepts more, such as encodings and modifiers.
LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}")
RATE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?")
WHOLE_PPM = 1_000_000
PPM_OF_PERCENT = 10_000
CONTROLS = ("Cc", "Cs", "Zl", "Zp")
MAX_NAME = 200
MAX_TAX_IDS, MAX_TAX_ID = 10, 50
MAX_TAX_NAME = 40
# The parts of an address by the names of the input, with the column and the greatest length of each.
ADDRESS = {
    "line1": ("address_line1", 200),
    "line2": ("address_line2", 200),
    "city": ("address_city", 100),
    "region": ("address_region", 100),
    "postal_code": ("address_postal_code", 20),
}
REQUIRED_PARTS = {"line1"}


def checked_name(text: str) -> str:
    """Return a name without invisible characters, which are removed."""
    name = visible(text)
    if is_blank(name) or len(name) > MAX_NAME:
        raise Refused(ErrorCode.INVALID_VALUE, f"A name has 1 to {MAX_NAME} characters that can be seen.", "name")
    return name


def checked_line(text: str, field: str, longest: int) -> str:
    """Return one line of text. Control characters, which a program sends by mistake, are refused; other invisible characters are removed."""
    line = visible(text)
    if any(unicodedata.category(character) in CONTROLS for character in text) or is_blank(line) or len(line) > longest:
        raise Refused(ErrorCode.INVALID_VALUE, f"A text here has 1 to {longest} characters that can be seen, and no control characters.", field)
    return line


def checked_locale(text: str) -> str:
    if not _is_locale(text):
        raise Refused(ErrorCode.INVALID_VALUE, "A locale is a BCP 47 tag such as de-CH.", "locale")
    return text


def checked_time_zone(text: str) -> str:
    """Return a name that Python knows. Whether Postgres knows it is checked by the statement that stores it."""
    if not _is_time_zone(text):
        raise Refused(ErrorCode.INVALID_VALUE, NO_ZONE, "timeZone")
    return text


def checked_currency(text: str) -> str:
    if len(text) != 3 or not is_currency(text):
        raise Refused(ErrorCode.INVALID_VALUE, "There is no such currency. A currency is an ISO 4217 code such as USD.", "currency")
    return text


def checked_email(text: str, field: str = "email") -> str:
    """Return an address without the space around it. Whether it has a mailbox, only a letter can show."""
    email = text.strip()
    # Mail is delivered to public DNS names, which have a dot.
    if not is_address(email) or "." not in email.rpartition("@")[2]:
        raise Refused(ErrorCode.INVALID_VALUE, "This is not an e-mail address.", field)
    return email


def checked_address(address: Any) -> dict[str, str | None]:
    """Return the columns of an address. A null removes the address; an optional part that is absent or empty is null."""
    if address is None:
        return dict.fromkeys((*(column for column, _ in ADDRESS.values()), "address_country"))
    columns: dict[str, str | None] = {}
    for name, (column, longest) in ADDRESS.items():
        text = getattr(address, name)
        is_empty = name not in REQUIRED_PARTS and (text is None or not text.strip())
        columns[column] = None if is_empty else checked_line(text, f"billingAddress.{_camel(name)}", longest)
    if address.country not in COUNTRIES:
        raise Refused(ErrorCode.INVALID_VALUE, "A country is a code of ISO 3166-1 with two letters, such as DE.", "billingAddress.country")
    return columns | {"address_country": address.country}


def checked_company(text: str | None) -> str | None:
    return None if text is None else checked_line(text, "companyName", MAX_NAME)


def checked_tax_name(text: str | None) -> str | None:
    return None if text is None else checked_line(text, "taxName", MAX_TAX_NAME)


def checked_tax_ids(texts: Sequence[str] | None, field: str = "taxIds") -> list[str]:
    """Return tax numbers without repetitions; none for null."""
    numbers = list(dict.fromkeys(checked_line(text, field, MAX_TAX_ID) for text in texts or ()))
    if len(numbers) > MAX_TAX_IDS:
        raise Refused(ErrorCode.INVALID_VALUE, f"A customer has at most {MAX_TAX_IDS} tax numbers.", field)
    return numbers


def checked_tax_rate(text: str | None) -> int:
    """Return a rate in parts per million from percent, such as 77000 from "7.7"; 0 from null."""
    match = RATE.fullmatch(text or "0")
    ppm = int(match[1]) * PPM_OF_PERCENT + int((match[2] or "").ljust(4, "0")) if match else -1
    if not 0 <= ppm <= WHOLE_PPM:
        raise Refused(ErrorCode.INVALID_VALUE, 'A tax rate is a percentage from 0 to 100 with at most 4 decimals, such as "7.7".', "taxRate")
    return ppm


@lru_cache(maxsize=1000)
def _is_locale(text: str) -> bool:
    if not LOCALE.fullmatch(text):
        return False
    try:
        Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=1000)
def _is_time_zone(text: str) -> bool:
    if not ZONE.fullmatch(text):
        return False
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
