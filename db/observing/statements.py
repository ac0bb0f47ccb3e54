"""Observation of connections and statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

# Returns the context in which a statement runs; it is called with the statement's text.
StatementTrace = Callable[[str], AbstractContextManager[object]]
# The context of statements that are not traced.
UNTRACED = nullcontext()


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """Connections at most, open, and not in use; units of work that wait for one; how many have waited so far, and for how many seconds in all."""

    maximum: int
    opened: int
    idle: int
    waiting: int
    waits: int
    waited_seconds: float
