"""Scalars and how they are written."""

from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry

from resolvers.incoming import Upload

BigInt = NewType("BigInt", int)
Decimal = NewType("Decimal", str)
CurrencyCode = NewType("CurrencyCode", str)
DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as JavaScript's toISOString writes it."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _instant(text: Any) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("an instant needs its offset, such as Z")
    return value.astimezone(UTC)


def _big(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool | float) or abs(number) >= 2**63:
        raise ValueError("not a whole number of 64 bits")
    return number


def _currency(text: Any) -> str:
    if not (isinstance(text, str) and len(text) == 3 and text.isascii() and text.isupper()):
        raise ValueError("not an ISO 4217 code such as USD")
    return text


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise ValueError("a file comes as multipart/form-data, by the GraphQL multipart request specification")
    return value


def _never(_value: Any) -> Any:
    raise ValueError("an Upload is only ever sent")


def _scalar(name: str, description: str, serialize: Any, parse: Any) -> Any:
    return strawberry.scalar(name=name, description=description, serialize=serialize, parse_value=parse)


SCALARS: dict[object, Any] = {
    Upload: _scalar(
        "Upload",
        "A file that comes with the request, which is sent as multipart/form-data by the GraphQL multipart request specification "
        "(https://github.com/jaydenseric/graphql-multipart-request-spec) with the header GraphQL-Require-Preflight. Only a variable can hold one.",
        _never,
        _upload,
    ),
    BigInt: _scalar("BigInt", "A whole number of up to 64 bits, written as a string, because JSON numbers lose digits beyond 2^53.", str, _big),
    Decimal: _scalar("Decimal", 'An exact decimal number, written as a string such as "12.90".', str, str),
    CurrencyCode: _scalar("CurrencyCode", "A currency by its ISO 4217 code, such as USD.", str, _currency),
    DateTime: _scalar(
        "DateTime", "An instant: RFC 3339 in UTC with milliseconds, such as 2026-11-22T09:30:00.000Z. As input any offset is taken.", instant_text, _instant
    ),
    Date: _scalar("Date", "A calendar day in the customer's time zone, such as 2026-11-22.", date.isoformat, date.fromisoformat),
}
