"""The fields of `Query`: a table of contents. Their parent row is the Viewer."""

from typing import Any

import strawberry

from auth import permissions
from billing.events import EventType
from resolvers.subscriptions import actions
from schema.declarations import nouns, roots
from schema.declarations.catalog_enums import CancellationOptionOrder, CatalogOrder
from schema.declarations.enums import AgeOrder, CustomerOrder, OpenItemOrder, PlanOrder
from schema.declarations.fields import derived, guarded, many, page, part
from schema.declarations.filters import AuditFilter, CatalogFilter, CatalogPriceFilter, DocumentFilter, OpenItemFilter, PlanFilter
from schema.limits import Limits, limits
from schema.payloads import subscriptions
from schema.payloads.dunning import OpenItem, OpenItemTotal
from schema.payloads.identity import AuditEvent
from schema.payloads.imports.ledger import ledger
from schema.payloads.invoicing_previews import InvoicingPreviews
from schema.payloads.operations import operation, preview
from schema.payloads.partners import TrustedDocument
from schema.payloads.reports import metrics
from schema.payloads.schedules import equal_installments
from schema.payloads.webhooks.endpoints import WebhookEndpoint
from schema.types.viewer import Viewer


def _catalog(block: str, graphql_type: Any, sort: Any, filter: Any, description: str) -> Any:
    """Declare a list of the catalog for those who write it."""
    declared = page(block, key="", graphql_type=graphql_type, sort=sort, filter=filter, description=f"For staff: {description[0].lower()}{description[1:]}")
    return guarded(declared, permissions.CATALOG)


@strawberry.type(description="Everything that can be read.")
class Query(InvoicingPreviews):
    viewer = part(Viewer, description="Who is calling.")
    customer = guarded(roots.customer, permissions.READ)
    by_external_id = guarded(roots.by_external_id, permissions.STAFF_READ)
    customers = guarded(roots.customers(CustomerOrder), permissions.SEARCH)
    node = guarded(roots.node, permissions.READ)
    nodes = guarded(roots.nodes, permissions.READ)
    plans = page("plans.listed", key="", graphql_type=nouns.Plan, sort=PlanOrder, filter=PlanFilter, description="The plans on sale.")
    limits = derived(limits, needs=(), only_in={"budget": "budget"}, graphql_type=Limits, description="The limits that the gateway applies to its callers.")
    sessions = guarded(
        page(
            "sessions.of_customer",
            key="customer_id",
            graphql_type=nouns.PortalSession,
            sort=AgeOrder,
            description="The sessions in which the caller is signed in.",
        ),
        permissions.SESSIONS,
    )
    grants = guarded(
        page(
            "grants.of_customer",
            key="customer_id",
            graphql_type=nouns.Grant,
            sort=AgeOrder,
            description="Which partners' apps may act for the caller. `revokeGrant` ends one.",
        ),
        permissions.GRANTS,
    )
    catalog_plans = _catalog(
        "catalog.plans",
        nouns.Plan,
        CatalogOrder,
        CatalogFilter,
        "The plans of the catalog, the archived ones too. Subscriptions to them are not among `subscriptions`.",
    )
    catalog_prices = _catalog(
        "catalog.prices", nouns.Price, CatalogOrder, CatalogPriceFilter, "The present versions of the prices of the catalog, the archived ones too."
    )
    catalog_coupons = _catalog("catalog.coupons", nouns.Coupon, CatalogOrder, CatalogFilter, "The coupons of the catalog, the archived ones too.")
    catalog_cancellation_options = _catalog(
        "catalog.cancellation_options",
        nouns.CatalogCancellationOption,
        CancellationOptionOrder,
        CatalogFilter,
        "The cancellation options of the catalog, the archived ones too.",
    )
    open_items = guarded(
        page(
            "open_items.listed",
            key="",
            graphql_type=OpenItem,
            sort=OpenItemOrder,
            filter=OpenItemFilter,
            description="For staff: what is unpaid, of all customers.",
        ),
        permissions.CUSTOMERS_READ,
    )
    open_item_totals = guarded(
        many(
            "open_items.totals", key="", graphql_type=OpenItemTotal, description="For staff: the sums of `openItems` by currency and ageing.", is_nullable=True
        ),
        permissions.CUSTOMERS_READ,
    )
    metrics = metrics(permissions.CUSTOMERS_READ)
    audit_events = guarded(
        page(
            "audit.listed",
            key="",
            graphql_type=AuditEvent,
            sort=AgeOrder,
            filter=AuditFilter,
            description="The audit trail: what was done and what was refused.",
        ),
        permissions.AUDIT,
    )
    events = guarded(
        page(
            "events.feed",
            key="",
            graphql_type=nouns.Event,
            types=EventType,
            description="For staff: what happened, of all customers, in an order to which events are only added at the end, so a program that goes on after a cursor misses none. "
            "A cursor whose next event is kept no longer, or that is of another database, is RESYNC_REQUIRED. `last: 1` has the newest event.",
        ),
        permissions.CUSTOMERS_READ,
    )
    trusted_documents = guarded(
        page(
            "trusted.listed",
            key="",
            graphql_type=TrustedDocument,
            sort=AgeOrder,
            filter=DocumentFilter,
            description="The documents that apps may send by their ids, with how they are used.",
        ),
        permissions.PUBLISH,
    )
    webhook_endpoints = guarded(
        page("endpoints.listed", key="", graphql_type=WebhookEndpoint, sort=AgeOrder, description="For staff: where events are sent (outgoing webhooks)."),
        permissions.WEBHOOKS,
    )
    imports = ledger(permissions.IMPORT)
    operation = guarded(operation, permissions.READ)
    equal_installments = equal_installments(permissions.SCHEDULES)
    preview_pause_subscription = preview(
        actions.PAUSE,
        input_type=subscriptions.PauseSubscriptionInput,
        permission=permissions.READ,
        description="A preview of a pause. Nothing is written.",
    )
    preview_suspend_subscription = preview(
        actions.SUSPEND,
        input_type=subscriptions.SuspendSubscriptionInput,
        permission=permissions.READ,
        description="A preview of a suspension. Nothing is written.",
    )
    preview_resume_subscription = preview(
        actions.RESUME,
        input_type=subscriptions.ResumeSubscriptionInput,
        permission=permissions.READ,
        description="A preview of a resume. Nothing is written.",
    )
    preview_cancel_subscription = preview(
        actions.CANCEL,
        input_type=subscriptions.CancelSubscriptionInput,
        permission=permissions.READ,
        description="A preview of a cancellation. Nothing is written.",
    )
    preview_withdraw_pending_change = preview(
        actions.WITHDRAW,
        input_type=subscriptions.WithdrawPendingChangeInput,
        permission=permissions.READ,
        description="A preview of a withdrawal. Nothing is written.",
    )
    preview_change_plan = preview(
        actions.CHANGE_PLAN,
        input_type=subscriptions.ChangePlanInput,
        permission=permissions.READ,
        description="A preview of a change of plan. Nothing is written.",
    )
    preview_update_quantity = preview(
        actions.UPDATE_QUANTITY,
        input_type=subscriptions.UpdateQuantityInput,
        permission=permissions.READ,
        description="A preview of a change of quantity. Nothing is written.",
    )
    preview_add_plan = preview(
        actions.ADD_PLAN,
        input_type=subscriptions.AddPlanInput,
        permission=permissions.READ,
        description="A preview of a new subscription. Nothing is written.",
    )
    preview_apply_coupon = preview(
        actions.APPLY_COUPON,
        input_type=subscriptions.ApplyCouponInput,
        permission=permissions.READ,
        description="A preview of a coupon. Nothing is written.",
    )
    preview_remove_coupon = preview(
        actions.REMOVE_COUPON,
        input_type=subscriptions.RemoveCouponInput,
        permission=permissions.READ,
        description="A preview of the removal of a coupon. Nothing is written.",
    )
    preview_hold_subscription = preview(
        actions.HOLD,
        input_type=subscriptions.HoldSubscriptionInput,
        permission=permissions.HOLDS,
        description="For staff: a preview of a hold. Nothing is written.",
    )
    preview_release_subscription = preview(
        actions.RELEASE,
        input_type=subscriptions.ReleaseSubscriptionInput,
        permission=permissions.HOLDS,
        description="For staff: a preview of a release. Nothing is written.",
    )
