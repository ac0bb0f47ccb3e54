"""The caller, by their access token."""

import strawberry

from billing.states import Actor
from schema.declarations import nouns
from schema.declarations.fields import one


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
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer | None, description="The customer of `customerId`.")
