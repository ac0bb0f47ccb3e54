"""The roots of the graph: a table of contents. The row behind Query is the Viewer."""

import strawberry

from schema import nouns, roots
from schema.enums import CustomerOrder, PlanOrder
from schema.fields import derived, page, part
from schema.filters import PlanFilter
from schema.limits import Limits, limits
from schema.viewer import Viewer


@strawberry.type(description="Everything that can be read.")
class Query:
    viewer = part(Viewer, description="Who is calling.")
    customer = roots.customer
    customers = roots.customers(CustomerOrder)
    node = roots.node
    nodes = roots.nodes
    plans = page("plans.listed", key="", graphql_type=nouns.Plan, sort=PlanOrder, filter=PlanFilter, nullable=True, description="What is on sale.")
    limits = derived(limits, needs=(), graphql_type=Limits, description="The figures that the gateway holds its callers to.")
