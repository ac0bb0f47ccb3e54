"""Saving an object that may exist: which columns change, and what the answer says.

A field that is absent from the input is not among `fields` and stays as it is; a field with null clears its column.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class SaveOutcome(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


def changed_columns(current: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the fields whose value differs from the stored one. Both are by column. Raises KeyError for a column that the object lacks."""
    return {column: value for column, value in fields.items() if current[column] != value}


def save_outcome(current: Mapping[str, Any] | None, changes: Mapping[str, Any]) -> SaveOutcome:
    """Return what saving does to an object. `current` is None for an object that is not stored yet; `changes` are its `changed_columns`."""
    if current is None:
        return SaveOutcome.CREATED
    return SaveOutcome.UPDATED if changes else SaveOutcome.UNCHANGED
