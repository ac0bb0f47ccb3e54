"""What a partner's app may call, root field by root field and scope by scope, and which types it can reach from there. A field that is added has to be put into these lists."""

import asyncpg
import pytest
from graphql import GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_named_type, is_required_argument
from graphql.type import GraphQLInterfaceType

from auth.permissions import PARTNER_SCOPES, is_allowed
from auth.viewer import Viewer
from billing.states import Actor
from schema.declarations.fields import permission_of
from tests.callers.partners import Partner, id_of, manifest
from tests.conftest import ADA, STAFF, token

ALWAYS = {"viewer", "plans", "limits"}
BY_SCOPE = {
    "read": {
        "customer",
        "node",
        "nodes",
        "operation",
        "previewPauseSubscription",
        "previewSuspendSubscription",
        "previewResumeSubscription",
        "previewCancelSubscription",
        "previewWithdrawPendingChange",
        "previewChangePlan",
        "previewUpdateQuantity",
        "previewAddPlan",
        "previewApplyCoupon",
        "previewRemoveCoupon",
    },
    "subscriptions:write": {
        "pauseSubscription",
        "suspendSubscription",
        "resumeSubscription",
        "cancelSubscription",
        "withdrawPendingChange",
        "changePlan",
        "updateQuantity",
        "addPlan",
        "applyCoupon",
        "removeCoupon",
    },
    "payments:write": {"payInvoice", "payInstallment", "payAllDue", "confirmPayment"},
}
# What no app may call, whatever a customer lets it do.
NEVER = {
    "sessions",
    "grants",
    "auditEvents",
    "events",
    "imports",
    "trustedDocuments",
    "webhookEndpoints",
    "saveWebhookEndpoint",
    "deleteWebhookEndpoint",
    "rotateWebhookSecret",
    "pingWebhookEndpoint",
    "redeliver",
    "replayEvents",
    "dryRunWebhook",
    "customers",
    "byExternalId",
    "openItems",
    "openItemTotals",
    "metrics",
    "catalogPlans",
    "catalogPrices",
    "catalogCoupons",
    "catalogCancellationOptions",
    "equalInstallments",
    "previewCreateInvoice",
    "previewCreditInvoice",
    "previewRecordPayment",
    "previewRefundPayment",
    "previewHoldSubscription",
    "previewReleaseSubscription",
    "signIn",
    "refreshSession",
    "signOut",
    "signOutEverywhere",
    "endSession",
    "updateProfile",
    "createCalendarLink",
    "revokeCalendarLink",
    "requestEmailChange",
    "confirmEmailChange",
    "changePassword",
    "requestPasswordReset",
    "resetPassword",
    "createPortalLink",
    "redeemPortalLink",
    "grantAccess",
    "revokeGrant",
    "startAddPaymentMethod",
    "completeAddPaymentMethod",
    "setDefaultPaymentMethod",
    "deletePaymentMethod",
    "holdSubscription",
    "releaseSubscription",
    "saveCustomer",
    "inviteCustomer",
    "closeCustomer",
    "reopenCustomer",
    "exportCustomer",
    "requestMyData",
    "eraseCustomer",
    "releaseImported",
    "savePlan",
    "archivePlan",
    "savePrice",
    "archivePrice",
    "saveCoupon",
    "archiveCoupon",
    "saveCancellationOption",
    "archiveCancellationOption",
    "createInvoice",
    "voidInvoice",
    "writeOffInvoice",
    "creditInvoice",
    "recordPayment",
    "refundPayment",
    "adjustBalance",
    "retryNow",
    "extendDueDate",
    "promiseToPay",
    "createPaymentSchedule",
    "updateInstallments",
    "cancelPaymentSchedule",
    "publishDocuments",
    "checkDocuments",
    "deprecateDocuments",
    "retireDocuments",
}
# What tells where somebody called from, who did what, how to get in, or which other apps there are.
PRIVATE = {"PortalSession", "AuditEvent", "SessionTokens", "PortalLink", "Grant", "TrustedDocument"}


def roots(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    assert schema.query_type
    assert schema.mutation_type
    return {name: root for root in (schema.query_type, schema.mutation_type) for name in root.fields}


def partner_with(*scopes: str) -> Viewer:
    return Viewer(Actor.PARTNER, ADA.customer_id, scopes, "acme")


def callable_by(schema: GraphQLSchema, viewer: Viewer) -> set[str]:
    return {name for name, root in roots(schema).items() if (permission := permission_of(root, name)) is None or is_allowed(viewer, permission)}


def reachable(schema: GraphQLSchema, names: set[str]) -> set[str]:
    """Every object type that a document of these root fields may select something of."""
    kinds: set[str] = set()
    waiting = [get_named_type(roots(schema)[name].fields[name].type) for name in names]
    while waiting:
        kind = waiting.pop()
        if kind.name in kinds:
            continue
        kinds.add(kind.name)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            waiting += schema.get_possible_types(kind)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            waiting += [get_named_type(field.type) for field in kind.fields.values()]
    return kinds


def test_the_lists_above_name_every_scope_that_a_customer_can_give() -> None:
    assert set(BY_SCOPE) <= PARTNER_SCOPES


def test_each_scope_opens_the_root_fields_that_are_listed_and_no_others(graphql_schema: GraphQLSchema) -> None:
    attachments = {name for name in roots(graphql_schema) if "ttachment" in name}
    assert callable_by(graphql_schema, partner_with()) == ALWAYS
    for scope, expected in BY_SCOPE.items():
        assert callable_by(graphql_schema, partner_with(scope)) == ALWAYS | expected, (
            f"apps with the scope {scope} may call what BY_SCOPE lists: add a new root field there"
        )
    assert callable_by(graphql_schema, partner_with("attachments:write")) == ALWAYS | attachments
    everything = callable_by(graphql_schema, partner_with(*PARTNER_SCOPES, "portal", "staff", *(scope_of(graphql_schema))))
    assert roots(graphql_schema).keys() - everything == NEVER


def scope_of(schema: GraphQLSchema) -> set[str]:
    """Every scope that any root field asks for."""
    return {permission.scope for name, root in roots(schema).items() if (permission := permission_of(root, name))}


# `node` gives these to the customer alone, and null to an app that has their ids: tests/journeys/pages/test_tenancy.py.
BY_ID_ONLY = {"Grant", "PortalSession"}


def test_no_root_field_of_a_partners_leads_to_what_is_private(graphql_schema: GraphQLSchema) -> None:
    types = reachable(graphql_schema, callable_by(graphql_schema, partner_with(*scope_of(graphql_schema))))
    assert types & PRIVATE == BY_ID_ONLY
    fields = [field for name in types if isinstance(kind := graphql_schema.type_map[name], GraphQLObjectType) for field in kind.fields.values()]
    assert {get_named_type(field.type).name for field in fields} & PRIVATE == set()
    assert {"Customer", "Invoice", "Subscription"} <= types
    assert set(graphql_schema.type_map) >= PRIVATE


def document_of(schema: GraphQLSchema, name: str) -> str:
    """A document that selects the root field alone."""
    root = roots(schema)[name]
    field = root.fields[name]
    needed = {key: argument.type for key, argument in field.args.items() if is_required_argument(argument)}
    variables = f"({', '.join(f'${key}: {kind}' for key, kind in needed.items())})" if needed else ""
    arguments = f"({', '.join(f'{key}: ${key}' for key in needed)})" if needed else ""
    return f"{'query' if root is schema.query_type else 'mutation'} Only{variables} {{ {name}{arguments} {{ __typename }} }}"


async def test_what_no_app_may_call_is_not_published_for_one_and_is_forbidden_if_it_was(
    partner: Partner, admin: asyncpg.Connection, graphql_schema: GraphQLSchema
) -> None:
    access = await partner.access_token("read")
    for name in sorted(NEVER):
        (error,) = await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(document_of(graphql_schema, name)))
        assert (error["code"], error["message"]) == ("DOCUMENT_INVALID", f"Only: Partners' apps may not call {name}. Nothing was published.")
    stored = [document_of(graphql_schema, name) for name in sorted(NEVER)]
    assert not await admin.fetchval("select count(*) from stored_document where client_id = $1 and id = any($2)", partner.id, [id_of(text) for text in stored])
    await older_publication(admin, partner.id, stored)
    for text in stored:
        answer = await partner.ask_until_published(id_of(text), access)
        codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
        assert codes <= {"FORBIDDEN", "BAD_USER_INPUT"}, (text, answer.text)
        assert codes == {"FORBIDDEN"} or "$" in text
    problems = "mutation ($id: String!) { checkDocuments(input: { clientId: $id }) { problems { documentId message } userErrors { code } } }"
    checked = (await partner.ask(token(STAFF), query=problems, variables={"id": partner.id})).json()["data"]["checkDocuments"]["problems"]
    assert {problem["documentId"] for problem in checked} == {id_of(text) for text in stored}


async def older_publication(admin: asyncpg.Connection, client_id: str, texts: list[str]) -> None:
    """Documents as a version without the rule above let them be published."""
    await admin.execute(
        """insert into stored_document (client_id, id, body, names, cost, version, published_at, fits)
           select $1, t.id, t.body, '{Only}', 1, 1, now(), '' from unnest($2::text[], $3::text[]) t(id, body)""",
        client_id,
        [id_of(text) for text in texts],
        texts,
    )


SIGN_IN = 'mutation Enter { signIn(input: { email: "ada@example.com", password: "x" }) { userErrors { code } } }'
HIDDEN = [
    'mutation Enter { a: refreshSession(input: { refreshToken: "x" }) { userErrors { code } } }',
    'mutation Enter { ...F } fragment F on Mutation { resetPassword(input: { token: "x", newPassword: "y" }) { done } }',
    'mutation Enter($no: Boolean = false) { ... on Mutation @include(if: $no) { redeemPortalLink(input: { token: "x" }) { device } } }',
    "query A { limits { maxFileBytes } } query B { sessions { totalCount } }",
]


@pytest.mark.parametrize("text", [SIGN_IN, *HIDDEN])
async def test_a_document_that_hides_such_a_field_is_not_published_either(partner: Partner, text: str) -> None:
    (error,) = await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(text))
    assert error["code"] == "DOCUMENT_INVALID"
    assert "Partners' apps may not call" in error["message"]


async def test_apps_of_ours_may_publish_them(partner: Partner, admin: asyncpg.Connection) -> None:
    identifier = f"ours-{partner.id}"
    await admin.execute(
        "insert into api_client (id, kind, name, mode, scopes, units_per_minute, created_at) values ($1, 'FIRST_PARTY', 'Ours', 'OPEN', '{read}', 1, now())",
        identifier,
    )
    assert await partner.staff("publishDocuments", clientId=identifier, manifest=manifest(SIGN_IN)) == []
