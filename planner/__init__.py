"""Translation of a validated query document, by the schema's declarations, into one SQL statement.

No field has code of its own here: the planner reads the declarations in `schema/`. What a plan cannot express is run by the executor, which
returns the same answer as the planner, to the byte after JSON parsing. A part of an operation, such as the objects of a payload, is planned alike.
"""

from planner.cache import PlanCache
from planner.members import LISTS, ROOT, BoundMembers, MembersPlan, ObjectPosition, is_resolved, position_of
from planner.plan import CachedPlan, DocumentPlans, Planner
from planner.sql_plan import BoundPlan, SqlPlan

__all__ = [
    "LISTS",
    "ROOT",
    "BoundMembers",
    "BoundPlan",
    "CachedPlan",
    "DocumentPlans",
    "MembersPlan",
    "ObjectPosition",
    "PlanCache",
    "Planner",
    "SqlPlan",
    "is_resolved",
    "position_of",
]
