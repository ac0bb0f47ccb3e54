"""Translation of a validated query document, by the schema's declarations, into one SQL statement.

No field has code of its own here: the planner reads the declarations in `schema/`. Documents that a plan cannot express are run by the
executor, which returns the same answer as the planner, to the byte after JSON parsing.
"""

from planner.cache import PlanCache
from planner.plan import BoundPlan, CachedPlan, DocumentPlans, Planner, SqlPlan

__all__ = ["BoundPlan", "CachedPlan", "DocumentPlans", "PlanCache", "Planner", "SqlPlan"]
