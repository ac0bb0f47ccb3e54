"""What is left to do in Python after the statement: a tree of functions along the answer that touches only where derived fields are."""

from collections.abc import Mapping
from typing import Any

from planner.draft import AnswerContext, PostProcess


def fix_members(fixes: Mapping[str, PostProcess]) -> PostProcess | None:
    """Fix an object's members. Null stays null: its members are not there."""
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
    """Fix every item of a list."""
    if item is None:
        return None
    return lambda values, run: [item(value, run) for value in values]
