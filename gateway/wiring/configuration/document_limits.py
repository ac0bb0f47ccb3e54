"""Settings that are limits of documents: each declares which field of DocumentLimits it sets, whatever its own name is."""

from typing import Any

from pydantic import BaseModel, Field

from gateway.documents.limits import DocumentLimits

DEFAULTS = DocumentLimits()
KEY = "document_limit"


def limit(name: str, *, ge: int, description: str) -> Any:
    """Declare a setting that sets the field `name` of DocumentLimits, and has its default. Raises AttributeError if there is no such field."""
    return Field(getattr(DEFAULTS, name), ge=ge, description=description, json_schema_extra={KEY: name})


def limits_of(settings: BaseModel) -> DocumentLimits:
    """Return the limits that the settings declare; a field that no setting declares has its default."""
    return DocumentLimits(**{name: getattr(settings, setting) for name, setting in declared(type(settings)).items()})


def declared(settings: type[BaseModel]) -> dict[str, str]:
    """Return the name of the setting for each field of DocumentLimits that has one."""
    extras = {name: setting.json_schema_extra for name, setting in settings.model_fields.items()}
    return {str(extra[KEY]): name for name, extra in extras.items() if isinstance(extra, dict) and KEY in extra}
