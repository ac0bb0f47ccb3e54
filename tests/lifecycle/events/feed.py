"""Reading events in tests: those of a customer, and the feed of all of them."""

from typing import Any

import asyncpg

from tests.conftest import STAFF
from tests.lifecycle.conftest import Life

OWN = """query O($first: Int, $after: String, $last: Int, $before: String, $types: [EventType!], $id: ID) {
  customer(id: $id) { events(first: $first, after: $after, last: $last, before: $before, types: $types) {
    totalCount edges { cursor node { id type objectId objectVersion changes actor occurredAt customer { id } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
FEED = """query F($first: Int, $after: String, $types: [EventType!]) {
  events(first: $first, after: $after, types: $types) {
    nodes { id type objectId changes actor client requestId customer { id } } pageInfo { hasNextPage endCursor } } }"""


async def topics(life: Life) -> list[str]:
    """Return the topics of the customer's events, in order."""
    return [row["type"] for row in await life.rows("event")]


async def object_topics(life: Life) -> list[tuple[str, str]]:
    """Return the topic and the object of each event of the customer, in order."""
    return [(row["type"], row["object_id"]) for row in await life.rows("event")]


async def announce(owner: asyncpg.Connection) -> int:
    """Give positions to all events, as the relay does. Returns how many got one."""
    total = 0
    while announced := await owner.fetchval("select portico.announce_events(5000)"):
        assert announced > 0, "another process announces"
        total += announced
    return total


async def own_events(life: Life, **arguments: Any) -> dict[str, Any]:
    events: dict[str, Any] = (await life.ask(OWN, **arguments))["customer"]["events"]
    return events


async def page_of_feed(life: Life, **arguments: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await life.ask(FEED, STAFF, **arguments))["events"]
    return page
