"""The specification's rules, as graphql-core has them, told once what they look at.

graphql-core asks each of thirty rules for each kind of node whether it has a method for it, anew for every document; of a document of common size that is two fifths
of the validation. What a rule looks at is a matter of its class, so here it is asked once in a process.
"""

from functools import cache
from typing import Any, cast

from graphql import ASTValidationRule, Visitor, specified_rules
from graphql.language.visitor import EnterLeaveVisitor

NOTHING = EnterLeaveVisitor(None, None)


class _Known(Visitor):
    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        rule: Any = type(self)
        enter, leave = _methods(rule, kind)
        if not enter and not leave:
            return NOTHING
        return EnterLeaveVisitor(getattr(self, enter) if enter else None, getattr(self, leave) if leave else None)


@cache
def _methods(rule: Any, kind: str) -> tuple[str | None, str | None]:
    """The names of the rule's methods for a kind of node, or for all kinds."""
    enter, leave = (next((name for name in (f"{verb}_{kind}", verb) if hasattr(rule, name)), None) for verb in ("enter", "leave"))
    return enter, leave


def _known(rule: type[ASTValidationRule]) -> type[ASTValidationRule]:
    return cast("type[ASTValidationRule]", type(rule.__name__, (_Known, rule), {}))


RULES = tuple(_known(rule) for rule in specified_rules)
