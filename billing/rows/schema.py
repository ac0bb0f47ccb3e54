"""The revision of the database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    version_num: str
