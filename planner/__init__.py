"""A validated query document and the schema's declarations become one SQL statement.

Nothing is programmed here field by field: whatever `schema/` declares is planned from the day it is declared, and what a plan
cannot express is left to the executor, which says everything the planner says, to the byte after JSON parsing.
"""

from planner.cache import PlanCache
from planner.plan import BoundPlan, CachedPlan, DocumentPlans, Planner, SqlPlan

__all__ = ["BoundPlan", "CachedPlan", "DocumentPlans", "PlanCache", "Planner", "SqlPlan"]
