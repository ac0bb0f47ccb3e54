"""Who may not read a customer reads none through another object: `Query.customer` needs the scope `read`, and so does each other way to a customer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLSchema, OperationType, get_named_type, is_object_type, is_required_argument

from auth.viewer import Viewer
from billing.states import Actor
from gateway.documents.reading_scope import LEADING_ADDRESSES, leads_on, stored_types
from schema.declarations.fields import DECLARATION, DEFINITION, permission_of
from tests.callers.partners import Partner, id_of, manifest
from tests.conftest import ADA, STAFF, Portal
from tests.gateway.documents.test_reading_scope import Entry, entries, ways

# Scopes that read a customer.
READING = {"read", "customers:read"}
# What only a caller reads who may read the customer: the types below a field that needs such a scope, and the caller who has just proved to be the customer.
BELOW = {"CustomerEdge.node", "LiveEvent.customer", "SessionTokens.customer"}
# The object of these mutations is the customer, whom the caller may write.
WRITTEN = {
    f"{name}Payload.customer"
    for name in ("SaveCustomer", "InviteCustomer", "CloseCustomer", "ReopenCustomer", "EraseCustomer", "UpdateProfile", "ReleaseImported")
}


def _is_of_scope(schema: GraphQLSchema, kind: Any, name: str) -> bool:
    """Return whether a field is refused, alone or with its operation, or null, without a scope that reads."""
    permission, declared = permission_of(kind, name), kind.fields[name].extensions[DEFINITION].metadata.get(DECLARATION)
    is_withheld = (permission is not None and permission.scope in READING) or getattr(declared, "key", None) == "readable_customer_id"
    return is_withheld or (kind.name in stored_types(schema) and leads_on(kind, name))


def test_each_way_to_a_customer_needs_a_scope_that_reads(graphql_schema: GraphQLSchema) -> None:
    kinds = [kind for kind in graphql_schema.type_map.values() if is_object_type(kind) and not kind.name.startswith("__")]
    ways = {
        f"{kind.name}.{name}": _is_of_scope(graphql_schema, kind, name)
        for kind in kinds
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "Customer" and not kind.name.endswith("Connection")
    }
    assert len(ways) > 30
    assert {name for name, is_of_scope in ways.items() if not is_of_scope} == BELOW | WRITTEN


@pytest.mark.parametrize(
    "viewer",
    [replace(ADA, kind=Actor.PARTNER, scopes=("payments:write",)), replace(ADA, scopes=("profile:write",)), replace(STAFF, scopes=("invoices:write",))],
    ids=["partner", "customer", "staff"],
)
async def test_the_viewer_has_no_customer_without_the_scope(portal: Portal, viewer: Viewer) -> None:
    text = "{ viewer { kind customer { email } } }"
    assert await portal.plan(text, viewer) is None
    for by_levels in (True, False):
        answer = await portal.execute(text, viewer, by_levels=by_levels)
        assert answer.data["viewer"] == {"kind": viewer.kind.value, "customer": None}
        assert [(error["path"], error["extensions"]["code"]) for error in answer.errors] == [(["viewer", "customer"], "FORBIDDEN")]
    planned = await portal.plan(text, replace(viewer, scopes=("read",)))
    assert planned is not None
    assert (planned.data["viewer"]["customer"] is None) is (viewer.customer_id is None)


PAUSING = "mutation Pausing($input: PauseSubscriptionInput!) { pauseSubscription(input: $input) { userErrors { code } subscription { %s } } }"
LEADING, OWN = PAUSING % "id status invoices(first: 9) { nodes { id } }", PAUSING % "id status pendingChange { kind } plan { name }"


async def test_an_app_that_may_not_read_gets_what_it_changed_and_not_what_that_leads_to(partner: Partner, admin: asyncpg.Connection) -> None:
    assert await partner.staff("publishDocuments", clientId=partner.id, manifest=manifest(LEADING, OWN)) == []
    variables = {"input": {"subscriptionId": "sub_01m829w97ne1msh76cygrhecz9", "idempotencyKey": partner.id}}
    access = await partner.access_token("subscriptions:write")
    await partner.ask_until_published(id_of(OWN), access)
    counts = "select (select count(*) from audit_event), (select count(*) from idempotency_key), (select max(version) from subscription where customer_id = $1)"
    before = await admin.fetchrow(counts, ADA.customer_id)
    refused = await partner.ask(access, documentId=id_of(LEADING), variables=variables)
    assert (refused.status_code, list(refused.json())) == (403, ["errors"])
    (error,) = refused.json()["errors"]
    assert error == {
        "message": "Subscription.invoices at pauseSubscription.subscription.invoices needs the scope `read`. The token has: subscriptions:write.",
        "extensions": {"code": "FORBIDDEN", "requiredScopes": ["read"], "scopes": ["subscriptions:write"]},
    }
    assert await admin.fetchrow(counts, ADA.customer_id) == before
    ran = {"data": {"pauseSubscription": {"userErrors": [{"code": "NOT_FOUND"}], "subscription": None}}}
    assert (await partner.ask(access, documentId=id_of(OWN), variables=variables)).json() == ran
    reading = await partner.access_token("read", "subscriptions:write")
    assert (await partner.ask(reading, documentId=id_of(LEADING), variables=variables)).json() == ran


def _document(schema: GraphQLSchema, entry: Entry) -> str | None:
    """Return a valid document with the shortest way from a root field to one that leads on; None where there is none."""
    root = schema.get_root_type(OperationType(entry.operation))
    assert root is not None
    arguments = {name: argument.type for name, argument in root.fields[entry.name].args.items() if is_required_argument(argument)}
    declared = ", ".join(f"${name}: {kind}" for name, kind in arguments.items())
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    for way in ways(schema, entry):
        if way.is_refused and way.coordinate not in LEADING_ADDRESSES:
            text = way.text(entry)
            text = text.replace(f"{entry.operation} {{ {entry.name}", f"{entry.operation} M({declared}) {{ {entry.name}({passed})", 1) if arguments else text
            return text
    return None


async def test_each_root_field_from_which_a_way_leads_on_is_refused_before_its_input_is_read(
    post: Callable[..., Any], graphql_schema: GraphQLSchema, admin: asyncpg.Connection
) -> None:
    """The caller has the scope of the field alone, and sends no input. With `read` the same document gets as far as the input."""
    counts = "select (select count(*) from audit_event), (select count(*) from client_key), (select count(*) from idempotency_key), (select sum(version) from customer)"
    before, texts = await admin.fetchrow(counts), {entry: text for entry in entries(graphql_schema) if (text := _document(graphql_schema, entry))}
    assert len(texts) > 50
    assert {"payInvoice", "previewHoldSubscription", "previewRefundPayment", "plans", "uploadAttachments"} <= {entry.name for entry in texts}
    for entry, text in texts.items():
        refused = await post(text, entry.viewer)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN"), text
        assert " needs the scope `read`" in refused.json()["errors"][0]["message"]
        read = await post(text, replace(entry.viewer, scopes=(*entry.viewer.scopes, "read")))
        assert read.status_code == 200, text
        codes = {error["extensions"]["code"] for error in read.json().get("errors", ())}
        assert codes == ({"BAD_USER_INPUT"} if "$" in text else set()), text
    assert await admin.fetchrow(counts) == before
