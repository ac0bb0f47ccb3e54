"""The root of live operations. A message is the execution of its document with the events that the stream has reached as the value of `events`."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from auth import permissions
from billing.events import EventType
from billing.rows.events import EventRow
from resolvers.reads.live_events import MAX_EVENTS
from schema.declarations import nouns
from schema.declarations.costs import costing
from schema.declarations.fields import guarded, one
from schema.types.events import Event


@dataclass(frozen=True, slots=True)
class LiveEventRow:
    """The events of one message, and the place in the customer's feed behind the last of them."""

    cursor: str
    customer_id: str
    events: tuple[EventRow, ...] = ()

    @property
    def event(self) -> EventRow | None:
        return self.events[-1] if self.events else None


@dataclass(frozen=True, slots=True)
class LiveRoot:
    """The root value of a live operation."""

    live_event: LiveEventRow


@strawberry.type(description="What a live operation sends: what happened since its last message, and the customer as they are after it.")
class LiveEvent:
    cursor: strawberry.ID = strawberry.field(description="The place behind this message. Open the stream again with `after: <cursor>` to miss nothing.")
    event: Event | None = strawberry.field(description="The last of `events`; null in a message that reports no event, such as the first one.")
    events: list[Event] = strawberry.field(
        description="Everything that happened since the message before, in order. It is several where changes come within 100 ms.",
        metadata=costing(0, length=MAX_EVENTS),
    )
    customer = one("customers.by_id", key="customer_id", graphql_type=nouns.Customer, description="The customer, read after these events.")


def _events(
    root: strawberry.Parent[Any],
    types: Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types. Left out: all of them.")] = strawberry.UNSET,
    after: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="The `cursor` of the last message that arrived. Left out: from now on. One that is too old is RESYNC_REQUIRED."),
    ] = strawberry.UNSET,
) -> Any:
    return root.live_event


@strawberry.type(description="Live operations, over server-sent events, multipart/mixed or WebSocket.")
class Live:
    events: LiveEvent = guarded(
        strawberry.field(
            resolver=_events,
            graphql_type=LiveEvent,
            description="What happens to the caller's customer, from now on or from `after` on. The first message comes at once, with the current cursor.",
            metadata=costing(1),
        ),
        permissions.LIVE,
    )
