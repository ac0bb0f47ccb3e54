"""The declaration of a field of a line, from which the parser, the JSON Schemas and the page of the format are made."""

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """The type of a value. An amount is an integer of minor units, or a decimal text in major units."""

    TEXT = "text"
    EXTERNAL_ID = "external id"
    REFERENCE = "external id of another line"
    CODE = "code of the catalog"
    CURRENCY = "currency"
    AMOUNT = "amount"
    SIGNED_AMOUNT = "signed amount"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    MONTH = "month"
    PERCENT = "percentage"
    COUNTRY = "country"
    ENUM = "one of"
    TEXTS = "list of texts"
    ENUMS = "list of"
    METADATA = "metadata"
    OBJECT = "object"
    LIST = "list of objects"


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name in the file. `most`: the greatest length of a text or list, or the greatest integer; `least`: the least integer. `default`: what an absent field means."""

    name: str
    type: FieldType
    meaning: str
    is_required: bool = False
    values: tuple[str, ...] = ()
    fields: tuple["Field", ...] = ()
    least: int = 0
    most: int = 0
    default: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class LineKind:
    """A kind of line: the name of its file without the ending, and its fields. Lines of `after` are of the same customer and are written before."""

    name: str
    meaning: str
    fields: tuple[Field, ...]
    after: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def text(name: str, meaning: str, *, most: int = 200, required: bool = False, default: str = "") -> Field:
    return Field(name, FieldType.TEXT, meaning, required, most=most, default=default)


def enum(name: str, meaning: str, *values: str, required: bool = False, default: str = "") -> Field:
    return Field(name, FieldType.ENUM, meaning, required, values=values, default=default)


def reference(name: str, target: str, meaning: str, *, required: bool = False, default: str = "") -> Field:
    """A field with the external id of a line of another kind of the same customer."""
    return Field(name, FieldType.REFERENCE, meaning, required, target=target, default=default)


def amount(name: str, meaning: str, *, required: bool = False, default: str = "", signed: bool = False) -> Field:
    return Field(name, FieldType.SIGNED_AMOUNT if signed else FieldType.AMOUNT, meaning, required, default=default)


def integer(name: str, meaning: str, *, least: int = 0, most: int, required: bool = False, default: str = "") -> Field:
    return Field(name, FieldType.INTEGER, meaning, required, least=least, most=most, default=default)


def of(name: str, kind: FieldType, meaning: str, *, required: bool = False, default: str = "") -> Field:
    return Field(name, kind, meaning, required, default=default)


def listed(name: str, meaning: str, fields: tuple[Field, ...], *, most: int, required: bool = False, default: str = "none") -> Field:
    """A field with a list of at most `most` objects."""
    return Field(name, FieldType.LIST, meaning, required, fields=fields, most=most, default="" if required else default)


EXTERNAL_ID = of("externalId", FieldType.EXTERNAL_ID, "its id in the source, unique among all lines of the kind, and never changed", required=True)
CUSTOMER = reference("customer", "customers", "the external id of its customer", required=True)
CURRENCY = of("currency", FieldType.CURRENCY, "ISO 4217", required=True)
METADATA = of("metadata", FieldType.METADATA, "up to 50 pairs of texts; customers see those whose key begins with `public:`", default="none")
CREATED_AT = of("createdAt", FieldType.INSTANT, "when it was made in the source", default="the time of the import")
