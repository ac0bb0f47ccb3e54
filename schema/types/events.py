"""Events: what happened to a customer and to what belongs to them."""

import strawberry

from auth import permissions
from billing.events import EventType, changed_fields
from billing.states import Actor
from schema.declarations import nouns
from schema.declarations.fields import derived, guarded, one
from schema.declarations.node import Node
from schema.declarations.scalars import DateTime


@strawberry.type(
    description="What happened to a customer, or to something of theirs. It is written in the transaction of its cause, whatever that is, and it is never changed. "
    "It names what changed and has no values: select those from the object."
)
class Event(Node):
    id: strawberry.ID = strawberry.field(
        description="`evt_`, the customer's id without its prefix, and the number of the event: those of a customer are counted from 1."
    )
    event_type: EventType = strawberry.field(name="type", description="What happened.")
    object_id: strawberry.ID = strawberry.field(description="The id of the object that it happened to, whose type its prefix names. The object may be gone.")
    object_version: int | None = strawberry.field(
        description="The `version` of the object after the change; null if time caused the event, or the object has no version."
    )
    changes = derived(
        changed_fields,
        needs=("type", "changes"),
        graphql_type=list[str],
        description="The names of the fields of the object that changed, as in this schema. Empty for a new object. What follows from others, such as `isOverdue`, is not named.",
    )
    actor: Actor = strawberry.field(description="Who caused it.")
    client: str | None = guarded(
        strawberry.field(description="The program that caused it: the client of its token, `sql` for an operator, or empty."), permissions.STAFF_READ
    )
    request_id: str | None = guarded(
        strawberry.field(description="The id of the request that caused it, as in the log; empty if it was none."), permissions.STAFF_READ
    )
    occurred_at: DateTime = strawberry.field(description="When it happened.")
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer | None, description="The customer; null for what belongs to none.")
