"""The input and the payload of the release of imported subscriptions."""

import strawberry

from billing.refusals import ErrorCode
from schema.declarations import nouns
from schema.declarations.costs import CHANGED
from schema.declarations.fields import listed, one
from schema.declarations.payloads import KeyedPayload


@strawberry.input(description="The customer whose imported subscriptions are released.")
class ReleaseImportedInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    idempotency_key: str | None = strawberry.field(default=None, description="A key of your own: a second call with it returns the answer of the first.")


@strawberry.type(description="A subscription that the import still holds, and why.")
class UnreleasedSubscription:
    subscription_id: strawberry.ID = strawberry.field(description="The subscription.")
    code: ErrorCode = strawberry.field(description="A code for programs.")
    message: str = strawberry.field(description="A sentence for display, in English.")


@strawberry.type(description="The payload of `releaseImported`.")
class ReleaseImportedPayload(KeyedPayload):
    customer = one("customers.by_id", key="customer_key", graphql_type=nouns.Customer | None, description="The customer; null when refused.")
    released = listed(
        "subscriptions.by_id",
        keys="released_keys",
        graphql_type=nouns.Subscription,
        description="The subscriptions that renew here from now on, at most 100 of them; null when refused.",
        cost=CHANGED,
    )
    unreleased: list[UnreleasedSubscription] | None = strawberry.field(
        description="Those that the import still holds, at most 100 of them; null when refused.", metadata=CHANGED
    )
