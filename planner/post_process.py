"""Functions that Python applies to the result of a statement: a tree along the answer that visits only the derived fields."""

from collections.abc import Mapping
from typing import Any

from planner.draft import AnswerContext, PostProcess


def fix_members(fixes: Mapping[str, PostProcess]) -> PostProcess | None:
    """Return the function for an object's members. Null stays null, because it has no members."""
    if not fixes:
        return None
    steps = tuple(fixes.items())

    def fix(value: Any, run: AnswerContext) -> Any:
        if value is not None:
            for key, step in steps:
                value[key] = step(value[key], run)
        return value

    return fix


def fix_items(item: PostProcess | None) -> PostProcess | None:
    """Return the function for every item of a list. Null stays null."""
    if item is None:
        return None
    return lambda values, run: None if values is None else [item(value, run) for value in values]
