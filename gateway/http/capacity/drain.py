"""The shutdown of a process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Drain:
    """Whether shutdown has begun: running requests are finished, and load balancers should send no more."""

    has_begun: bool = False
