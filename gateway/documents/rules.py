"""The specification's validation rules of graphql-core, with their visitor methods looked up once per process.

graphql-core looks up the method of each of thirty rules for each kind of node again for every document; for a document of common size that is two fifths of the time
of validation. The methods depend on the rule's class only, so here the result is cached.
"""

from functools import cache
from typing import Any, cast

from graphql import ASTValidationRule, Visitor, specified_rules
from graphql.language.visitor import EnterLeaveVisitor

NO_METHODS = EnterLeaveVisitor(None, None)


class _CachedMethods(Visitor):
    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        rule: Any = type(self)
        enter, leave = _methods(rule, kind)
        if not enter and not leave:
            return NO_METHODS
        return EnterLeaveVisitor(getattr(self, enter) if enter else None, getattr(self, leave) if leave else None)


@cache
def _methods(rule: Any, kind: str) -> tuple[str | None, str | None]:
    """Return the names of the rule's enter and leave methods for a kind of node, or else of those for all kinds."""
    enter, leave = (next((name for name in (f"{verb}_{kind}", verb) if hasattr(rule, name)), None) for verb in ("enter", "leave"))
    return enter, leave


def _with_cached_methods(rule: type[ASTValidationRule]) -> type[ASTValidationRule]:
    return cast("type[ASTValidationRule]", type(rule.__name__, (_CachedMethods, rule), {}))


RULES = tuple(_with_cached_methods(rule) for rule in specified_rules)
