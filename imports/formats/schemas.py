"""The JSON Schema of each kind of line, made from the declaration of its fields."""

from collections.abc import Sequence
from typing import Any

from imports.formats.fields import Field, FieldType, LineKind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INSTANT = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
EXTERNAL_ID = {"type": "string", "minLength": 1, "maxLength": 200}

Schema = dict[str, Any]

TYPES: dict[FieldType, Schema] = {
    FieldType.EXTERNAL_ID: EXTERNAL_ID,
    FieldType.REFERENCE: EXTERNAL_ID,
    FieldType.CODE: {"type": "string", "minLength": 1, "maxLength": 60},
    FieldType.CURRENCY: {"type": "string", "pattern": "^[A-Z]{3}$"},
    FieldType.AMOUNT: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d{1,15}(\.\d{1,4})?$"}]},
    FieldType.SIGNED_AMOUNT: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,4})?$"}]},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "pattern": DAY},
    FieldType.INSTANT: {"type": "string", "pattern": INSTANT},
    FieldType.MONTH: {"type": "string", "pattern": r"^\d{4}-\d{2}(-\d{2})?$"},
    FieldType.PERCENT: {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,4})?$"},
    FieldType.COUNTRY: {"type": "string", "pattern": "^[A-Z]{2}$"},
    FieldType.METADATA: {
        "type": "object",
        "maxProperties": 50,
        "propertyNames": {"minLength": 1, "maxLength": 40},
        "additionalProperties": {"type": "string", "maxLength": 500},
    },
}


def schema_of(kind: LineKind) -> Schema:
    """Return the JSON Schema of a line of this kind."""
    return {"$schema": DIALECT, "title": kind.name, "description": kind.meaning, **_object(kind.fields)}


def _object(fields: Sequence[Field]) -> Schema:
    return {
        "type": "object",
        "required": [field.name for field in fields if field.is_required],
        "additionalProperties": False,
        "properties": {field.name: {"description": field.meaning, **_nullable(field, _type(field))} for field in fields},
    }


def _nullable(field: Field, schema: Schema) -> Schema:
    """Return the schema of a field. Null in a field that is not needed means the same as leaving it out."""
    return schema if field.is_required else {"anyOf": [schema, {"type": "null"}]}


def _type(field: Field) -> Schema:
    match field.type:
        case FieldType.TEXT:
            return {"type": "string", "minLength": 1, "maxLength": field.most}
        case FieldType.INTEGER:
            return {"type": "integer", "minimum": field.least, "maximum": field.most}
        case FieldType.ENUM:
            return {"enum": list(field.values)}
        case FieldType.TEXTS:
            return {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": field.most}
        case FieldType.ENUMS:
            return {"type": "array", "items": {"enum": list(field.values)}, "uniqueItems": True}
        case FieldType.OBJECT:
            return _object(field.fields)
        case FieldType.LIST:
            return {"type": "array", "items": _object(field.fields), "maxItems": field.most, **({"minItems": 1} if field.is_required else {})}
        case _:
            return TYPES[field.type]
