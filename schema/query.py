"""The roots of the graph: a table of contents. The row behind Query is the Viewer."""

import strawberry

from auth import permissions
from schema import nouns, roots
from schema.enums import AgeOrder, CustomerOrder, PlanOrder
from schema.fields import derived, guarded, page, part
from schema.filters import AuditFilter, PlanFilter
from schema.identity import AuditEvent, PortalSession
from schema.limits import Limits, limits
from schema.viewer import Viewer


@strawberry.type(description="Everything that can be read.")
class Query:
    viewer = part(Viewer, description="Who is calling.")
    customer = guarded(roots.customer, permissions.READ)
    customers = guarded(roots.customers(CustomerOrder), permissions.SEARCH)
    node = guarded(roots.node, permissions.READ)
    nodes = guarded(roots.nodes, permissions.READ)
    plans = page("plans.listed", key="", graphql_type=nouns.Plan, sort=PlanOrder, filter=PlanFilter, nullable=True, description="What is on sale.")
    limits = derived(limits, needs=(), graphql_type=Limits, description="The figures that the gateway holds its callers to.")
    sessions = guarded(
        page("sessions.of_customer", key="customer_id", graphql_type=PortalSession, sort=AgeOrder, nullable=True, description="Where the caller is signed in."),
        permissions.READ,
    )
    audit_events = guarded(
        page("audit.listed", key="", graphql_type=AuditEvent, sort=AgeOrder, filter=AuditFilter, nullable=True, description="What was done and refused."),
        permissions.AUDIT,
    )
