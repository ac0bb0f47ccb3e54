"""The costs of fields that are of none of the declared kinds, in the units of `docs/limits.md`. `gateway/documents/cost.py` reads them, and a process does not
start without them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.files.attachments import MAX_GROUP_FILES
from resolvers.mutating import MAX_LISTED

# The key of the DeclaredCost in a field's metadata.
COST = "cost"


@dataclass(frozen=True, slots=True)
class DeclaredCost:
    """The cost of a field. `own` is for the field itself; the selection below it is counted `length` times: for a list, its greatest length.

    `is_of_input`: the list is as long as the longest list in the input of the call, and `length` is its upper bound.
    """

    own: int
    length: int = 1
    is_of_input: bool = False


def costing(own: int, *, length: int = 1, is_of_input: bool = False) -> Mapping[str, Any]:
    """Return the metadata of a field with this cost."""
    return {COST: DeclaredCost(own, length, is_of_input)}


# About as many statements as a mutation runs: to check, to write, to read the rows of the payload.
MUTATION = costing(10)
# Four statements, and the decision made from their rows.
PREVIEW = costing(10)
# The call, and the objects that it changed or made.
CALL = costing(5)
# The files of one call.
FILES = costing(1, length=MAX_GROUP_FILES, is_of_input=True)
# The objects that one call changed.
CHANGED = costing(1, length=MAX_LISTED)
# A call is refused for one reason.
ERRORS = costing(1)
# Lines of the ledger of imports, or sums over it.
LEDGER = costing(5, length=20)
# Statements that read all customers: of at most 24 months, each in a few currencies.
REPORT = costing(100, length=24)
