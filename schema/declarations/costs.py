"""What fields cost that are none of the declared kinds, in the units of `docs/limits.md`. `gateway/documents/cost.py` reads them, and a process does not start without them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.files.attachments import MAX_GROUP_FILES

# Where a field's metadata keeps its Cost.
COST = "cost"


@dataclass(frozen=True, slots=True)
class DeclaredCost:
    """`own` is for the field itself. What is asked of the things below it is counted `length` times: for a list, as long as it may be.

    `is_of_input`: the list is as long as the longest one in the input of the call, and `length` is the most that it may be.
    """

    own: int
    length: int = 1
    is_of_input: bool = False


def costing(own: int, *, length: int = 1, is_of_input: bool = False) -> Mapping[str, Any]:
    """The metadata of a field that costs so much."""
    return {COST: DeclaredCost(own, length, is_of_input)}


# The statements of one, about: to judge, to write, to read what the answer shows.
MUTATION = costing(10)
# Four statements, and the decision that is made from them.
PREVIEW = costing(10)
# The call, and the objects that it changed or made.
CALL = costing(5)
# The files of one call.
FILES = costing(1, length=MAX_GROUP_FILES, is_of_input=True)
# A call is refused for one reason.
ERRORS = costing(1)
