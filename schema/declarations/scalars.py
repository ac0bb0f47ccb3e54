"""Scalars: their formats, and the bounds of the accepted input. Resolvers and statements rely on these bounds."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NewType, TypeVar

import strawberry
from graphql import GraphQLID, GraphQLScalarType, GraphQLString

from billing.utf8 import is_storable
from resolvers.attachments.upload_parts import Upload

BigInt = NewType("BigInt", int)
Decimal = NewType("Decimal", str)
CurrencyCode = NewType("CurrencyCode", str)
DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)
Metadata = NewType("Metadata", dict[str, str | None])

# The first and the last day that is accepted, for instants too. Adding years, periods or offsets of time zones to them cannot overflow Python's calendar.
EARLIEST = date(1900, 1, 1)
LATEST = date(2999, 12, 31)

WHOLE = re.compile(r"-?[0-9]{1,19}")
DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


Moment = TypeVar("Moment", date, datetime)


def instant_text(value: datetime) -> str:
    """Return the instant in RFC 3339, in UTC with milliseconds, in the format of JavaScript's toISOString."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _instant(text: Any) -> datetime:
    value = _from_iso(datetime, text, "an instant such as 2026-11-22T09:30:00.000Z")
    if value.tzinfo is None:
        raise ValueError("an instant needs its offset, such as Z")
    # Checked before the conversion to UTC too, which overflows for the first and the last instants of Python's calendar.
    _in_bounds(value.date())
    instant = value.astimezone(UTC)
    _in_bounds(instant.date())
    return instant


def _day(text: Any) -> date:
    value = _from_iso(date, text, "a calendar day such as 2026-11-22")
    _in_bounds(value)
    return value


def _from_iso(kind: type[Moment], text: Any, expected: str) -> Moment:
    try:
        return kind.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"not {expected}") from None


def _in_bounds(day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"must be from {EARLIEST} to {LATEST}")


def _big(value: Any) -> int:
    is_whole = WHOLE.fullmatch(value) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or abs(int(value)) >= 2**63:
        raise ValueError("not a whole number of 64 bits")
    return int(value)


def _decimal(text: Any) -> str:
    if not (isinstance(text, str) and DECIMAL.fullmatch(text)):
        raise ValueError('not a decimal number of at most 30 digits on each side, written as a string such as "12.90"')
    return text


def _currency(text: Any) -> str:
    if not (isinstance(text, str) and len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise ValueError("not an ISO 4217 code such as USD")
    return text


def _metadata(value: Any) -> dict[str, str | None]:
    """Return pairs as input: a null removes the pair. How many and how long they may be is a rule, see billing/merchant/names.py."""
    texts = [*value, *(text for text in value.values() if text is not None)] if isinstance(value, dict) else [None]
    if not all(isinstance(text, str) and is_storable(text) for text in texts):
        raise ValueError('not an object of texts such as {"crm": "4711"}')
    return dict(value)


def _pairs(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise ValueError("a file must be sent as multipart/form-data, by the GraphQL multipart request specification")
    return value


def _never(_value: Any) -> Any:
    raise ValueError("an Upload is for input only")


def _bounded(coerce: Callable[..., str]) -> Callable[..., str]:
    def storable(*arguments: Any) -> str:
        text = coerce(*arguments)
        if not is_storable(text):
            raise ValueError("Text must be Unicode without NUL characters.")
        return text

    return storable


def _bound(scalar: GraphQLScalarType) -> None:
    assert scalar.coerce_input_literal is not None
    scalar.coerce_input_value = _bounded(scalar.coerce_input_value)
    scalar.coerce_input_literal = _bounded(scalar.coerce_input_literal)


# Introspection uses graphql-core's own String and ID, and a schema may not have two types of one name, so these two objects are changed in place.
_bound(GraphQLString)
_bound(GraphQLID)


# Where the text of each scalar is specified, for the directive `specifiedBy`; its description says what the gateway accepts of it.
SPECIFIED_BY = {
    "Upload": "https://github.com/jaydenseric/graphql-multipart-request-spec",
    "BigInt": "https://www.w3.org/TR/xmlschema11-2/#long",
    "Decimal": "https://www.w3.org/TR/xmlschema11-2/#decimal",
    "CurrencyCode": "https://www.iso.org/iso-4217-currency-codes.html",
    "DateTime": "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    "Date": "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    "Metadata": "https://www.rfc-editor.org/rfc/rfc8259#section-4",
}


def _scalar(name: str, description: str, serialize: Any, parse: Any) -> Any:
    return strawberry.scalar(name=name, description=description, specified_by_url=SPECIFIED_BY[name], serialize=serialize, parse_value=parse)


SCALARS: dict[object, Any] = {
    Upload: _scalar(
        "Upload",
        "A file in the request, which is sent as multipart/form-data by the GraphQL multipart request specification "
        "(https://github.com/jaydenseric/graphql-multipart-request-spec) with the header GraphQL-Require-Preflight. Only a variable can hold one.",
        _never,
        _upload,
    ),
    BigInt: _scalar("BigInt", "A whole number of up to 64 bits, written as a string, because JSON numbers lose digits beyond 2^53.", str, _big),
    Decimal: _scalar("Decimal", 'An exact decimal number, written as a string such as "12.90".', str, _decimal),
    CurrencyCode: _scalar("CurrencyCode", "A currency by its ISO 4217 code, such as USD.", str, _currency),
    DateTime: _scalar(
        "DateTime",
        "An instant: RFC 3339 in UTC with milliseconds, such as 2026-11-22T09:30:00.000Z. As input any offset is taken, and the years 1900 to 2999.",
        instant_text,
        _instant,
    ),
    Metadata: _scalar(
        "Metadata",
        'Pairs of the merchant: a JSON object whose values are texts, such as {"crm": "4711"}. At most 50 pairs, keys of at most 40 and values of at most 500 characters. '
        "As input, a pair that is left out stays as it is, and a pair with null is removed.",
        _pairs,
        _metadata,
    ),
    Date: _scalar("Date", "A calendar day in the customer's time zone, such as 2026-11-22. As input the years 1900 to 2999.", date.isoformat, _day),
}
