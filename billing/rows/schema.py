"""The revision of the database, and revisions of what is stored in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revision:
    version_num: str


@dataclass(frozen=True, slots=True)
class CustomerRevision:
    """The revision of what the answers to a customer depend on, beside time."""

    revision: str


@dataclass(frozen=True, slots=True)
class NumberedRevision:
    """The revision of one of several customers, with the number of their place, from 1."""

    number: int
    revision: str


@dataclass(frozen=True, slots=True)
class AnswerRevision:
    """The revision of what an answer depends on, and the interval, without its end, in which time alone changes nothing of the answer; null where there is none."""

    revision: str
    since: datetime | None
    until: datetime | None
