"""A line as an object of its kind: every field is known and its value checked. Nested objects are checked in the same way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billing.customers import values as profile
from billing.refusals import Refused
from imports.formats.fields import Field, FieldType, LineKind
from imports.reading import values
from imports.reasons import ImportReason, LineFault

AMOUNTS = (FieldType.AMOUNT, FieldType.SIGNED_AMOUNT)
# Values of a profile that the mutations check by the same functions.
PROFILE: Mapping[str, tuple[Callable[[str], Any], ImportReason]] = {
    "email": (profile.checked_email, ImportReason.INVALID_EMAIL),
    "locale": (profile.checked_locale, ImportReason.UNKNOWN_LOCALE),
    "timeZone": (profile.checked_time_zone, ImportReason.UNKNOWN_TIME_ZONE),
}


def parsed(content: Mapping[str, Any], kind: LineKind) -> dict[str, Any]:
    """Return the object of a line with its values. Fields that are absent stay absent; null is absent, except in a line of a customer, where it clears. Raises LineFault."""
    return _object(content, kind.fields, _currency(content), keeps_null=kind.name == "customers")


def _currency(content: Mapping[str, Any]) -> str:
    """Return the currency of the amounts of a line; an invalid one is reported as a value."""
    name = content.get("currency")
    return name if isinstance(name, str) and values.is_currency_code(name) else "USD"


def _object(content: Mapping[str, Any], fields: Sequence[Field], currency: str, *, keeps_null: bool = False) -> dict[str, Any]:
    result: dict[str, Any] = {}
    seen = 0
    for field in fields:
        if field.name not in content:
            if field.is_required:
                raise _missing(field)
            continue
        seen += 1
        value = content[field.name]
        if value is None or value == "":
            if field.is_required:
                raise _missing(field)
            if keeps_null:
                result[field.name] = None
            continue
        result[field.name] = _value(value, field, currency)
    if seen < len(content):
        unknown = next(name for name in content if name not in {field.name for field in fields})
        raise LineFault(ImportReason.UNKNOWN_FIELD, unknown)
    return result


def _missing(field: Field) -> LineFault:
    return LineFault(ImportReason.MISSING_EMAIL if field.name == "email" else ImportReason.MISSING_FIELD, field.name)


def _value(value: Any, field: Field, currency: str) -> Any:
    try:
        if field.type in AMOUNTS:
            return values.amount(value, currency, is_signed=field.type is FieldType.SIGNED_AMOUNT)
        if field.type is FieldType.OBJECT:
            return _object(values.mapping(value), field.fields, currency)
        if field.type is FieldType.LIST:
            return [_item(item, field, number, currency) for number, item in enumerate(values.listed(value, field))]
        result = values.PARSERS[field.type](value, field)
        return _checked(result, field) if field.name in PROFILE else result
    except LineFault as fault:
        path = f"{field.name}.{fault.field}" if fault.field and not fault.field.startswith(field.name) else fault.field or field.name
        raise LineFault(fault.reason, path, fault.detail) from None


def _item(item: Any, field: Field, number: int, currency: str) -> dict[str, Any]:
    try:
        return _object(values.mapping(item), field.fields, currency)
    except LineFault as fault:
        raise LineFault(fault.reason, f"{field.name}[{number}].{fault.field}".rstrip("."), fault.detail) from None


def _checked(value: str, field: Field) -> Any:
    check, reason = PROFILE[field.name]
    try:
        return check(value)
    except Refused as refused:
        raise LineFault(reason, "", refused.message) from None
