"""The rows of the portal, frozen values. Field for field they equal the columns of the `portal_…` view of the same noun.

A row type is declared once, in the module of its noun. The line `-- returns:` of a block names it.
"""

from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any


def row_type(name: str) -> type[Any]:
    """Return the row type of this name. Raises KeyError if no module of this package declares it."""
    return row_types()[name]


@cache
def row_types() -> dict[str, type[Any]]:
    """Return every row type by its name, from all modules of this package, which the first call imports."""
    modules = [import_module(module.name) for module in walk_packages(__path__, f"{__name__}.")]
    return {name: value for module in modules for name, value in vars(module).items() if _is_row_of(module.__name__, value)}


def _is_row_of(module: str, value: Any) -> bool:
    """Whether a value is a dataclass which this module declares, and not one that it imports."""
    return isinstance(value, type) and is_dataclass(value) and value.__module__ == module
