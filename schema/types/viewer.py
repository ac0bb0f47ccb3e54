"""The caller, by their access token: their sessions, and the apps that may act for them."""

import strawberry

from auth.permissions import READ
from billing.states import Actor, LinkDelivery, SignInMethod
from schema.declarations import nouns
from schema.declarations.fields import derived, guarded, one
from schema.declarations.node import Node
from schema.declarations.scalars import DateTime


@strawberry.type(description="Who is calling.")
class Viewer:
    kind: Actor = strawberry.field(description="CUSTOMER, STAFF or PARTNER.")
    customer_id: strawberry.ID | None = strawberry.field(description="The customer who calls, or for whom a partner's app calls; null for staff.")
    scopes: list[str] = strawberry.field(description="The scopes of the token.")
    client: str = strawberry.field(description="The app that calls.")
    needs_sign_in: bool = strawberry.field(
        description="Whether mutations that only the customer may call are refused with SIGN_IN_REQUIRED until `signIn` was called: the session began with a portal link that staff had "
        "seen, or the token names a person who acts for the customer (`act`)."
    )
    customer = guarded(one("customers.by_id", key="customer_id", graphql_type=nouns.Customer | None, description="The customer of `customerId`."), READ)


def is_current(identifier: str, *, session_id: str | None) -> bool:
    return identifier == session_id


@strawberry.type(
    description="A session in which the customer is signed in, for `endSession`. It ends after 30 days, when it is ended, or when the password changes. "
    "`node` returns it to whom `sessions` lists it."
)
class PortalSession(Node):
    method: SignInMethod = strawberry.field(description="How it began.")
    link_delivery: LinkDelivery | None = strawberry.field(
        description="How the portal link with which it began was delivered. After RETURN the session does not prove who uses it, until `signIn` is called in it. "
        "Null for PASSWORD."
    )
    client: str = strawberry.field(description="The app that it belongs to: `portal`.")
    user_agent: str = strawberry.field(description="The caller's header User-Agent, up to 200 printable characters. It is not verified.")
    network: str = strawberry.field(description="The network address from which it began.")
    created_at: DateTime = strawberry.field(description="When it began.")
    last_used_at: DateTime = strawberry.field(description="When it was prolonged last.")
    expires_at: DateTime = strawberry.field(description="When it ends at the latest.")
    is_current = derived(is_current, needs=("id",), graphql_type=bool, description="Whether it is the session of this request.")


@strawberry.type(description="What a partner's app may do for a customer, until the customer calls `revokeGrant`. `node` returns it to whom `grants` lists it.")
class Grant(Node):
    client_id: str = strawberry.field(description="The app.")
    client_name: str = strawberry.field(description="The app's name, for display.")
    scopes: list[str] = strawberry.field(description="What it may do: `read`, `subscriptions:write`, `payments:write`.")
    created_at: DateTime = strawberry.field(description="Since when.")
