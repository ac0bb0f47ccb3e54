"""Rows of imports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportJson:
    """What the plan of an import reads, as one JSON object."""

    body: str
