"""Who may not read a customer reads none through another object: `Query.customer` needs the scope `read`, and so does each other way to a customer."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSchema, get_named_type, is_object_type

from auth.viewer import Viewer
from billing.states import Actor
from schema.declarations.fields import DECLARATION, DEFINITION, permission_of
from tests.conftest import ADA, STAFF, Portal

# Scopes that read a customer.
READING = {"read", "customers:read"}
# What only a caller reads who may read the customer: the types below a field that needs such a scope, and the caller who has just proved to be the customer.
BELOW = {"CustomerEdge.node", "Event.customer", "OpenItem.customer", "LiveEvent.customer", "SessionTokens.customer"}
# The object of these mutations is the customer, whom the caller may write.
WRITTEN = {
    f"{name}Payload.customer"
    for name in ("SaveCustomer", "InviteCustomer", "CloseCustomer", "ReopenCustomer", "EraseCustomer", "UpdateProfile", "ReleaseImported")
}


def _is_of_scope(kind: Any, name: str) -> bool:
    """Return whether a field is refused, or null, without a scope that reads."""
    permission, declared = permission_of(kind, name), kind.fields[name].extensions[DEFINITION].metadata.get(DECLARATION)
    return (permission is not None and permission.scope in READING) or getattr(declared, "key", None) == "readable_customer_id"


def test_each_way_to_a_customer_needs_a_scope_that_reads(graphql_schema: GraphQLSchema) -> None:
    ways = {
        f"{kind.name}.{name}": _is_of_scope(kind, name)
        for kind in graphql_schema.type_map.values()
        if is_object_type(kind) and not kind.name.startswith("__")
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
