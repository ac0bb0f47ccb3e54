"""The end of a process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Drain:
    """Whether the process is about to end: what runs is finished, and nothing new should come."""

    has_begun: bool = False
