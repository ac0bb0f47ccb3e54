"""Rows of live operations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LastSeq:
    """The number of the last event of a customer; 0 before the first."""

    customer_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """How many events were announced; -1 while another process announces."""

    announced: int
