"""What is read of events without the executor is what the executor resolves."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from graphql import FragmentDefinitionNode, GraphQLError, GraphQLSchema, execute_sync, get_named_type, parse

from billing.rows.events import EventNumber, EventRow
from gateway.http.graphql.event_values import NeedsExecutor, object_reader
from planner.fields import DocumentContext
from schema.live import LiveEventRow, LiveRoot
from tests.conftest import ADA
from tests.gateway.live.streaming import add_credit, add_customer, live, opened, rename

NOW = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
READ = [
    "cursor",
    "cursor event { id }",
    "__typename event { __typename id type objectId objectVersion changes actor occurredAt }",
    "first: event { number: objectVersion id } events { ...Whole } cursor fragment",
    "events { ... on Node { id } ... on Event { kind: type } ... on Customer { name } }",
    "events { id @skip(if: true) changes @include(if: true) }",
    "event { id } event { type }",
]
EXECUTED = ["event { customer { id } }", "event { id @include(if: $yes) }", "event { requestId }", "customer { id }"]


def event(number: int, **values: Any) -> EventRow:
    columns = {
        "type": "customer.updated",
        "event_type": "CUSTOMER_UPDATED",
        "object_version": number,
        "changes": ["name", "display_name"],
        "actor": "CUSTOMER",
    } | values
    row = {"id": f"evt_ada_{number}", "customer_id": "cus_ada", "seq": EventNumber(number), "object_id": "cus_ada", "occurred_at": NOW}
    return EventRow(client="", request_id="r", position=None, **row, **columns)


ROWS = [(), (event(1),), (event(1, object_version=None, changes=[]), event(2, type="invoice.issued", event_type="INVOICE_ISSUED", actor="SYSTEM"))]


@pytest.mark.parametrize("rows", ROWS, ids=len)
@pytest.mark.parametrize("selection", READ)
def test_values_that_are_read_are_those_of_the_executor(graphql_schema: GraphQLSchema, selection: str, rows: tuple[EventRow, ...]) -> None:
    text = f"subscription {{ events {{ {selection.removesuffix(' fragment')} }} }}"
    document = parse(text + (" fragment Whole on Event { id type ... { actor } }" if "Whole" in selection else ""))
    root = LiveRoot(LiveEventRow("evt_ada_9", "cus_ada", rows))
    result = execute_sync(graphql_schema, document, root_value=root, context_value=SimpleNamespace(viewer=ADA))
    assert result.errors is None
    assert result.data is not None
    values = _reader(graphql_schema, document)(root.live_event)
    assert values == result.data["events"]
    assert list(values) == list(result.data["events"])


@pytest.mark.parametrize("selection", EXECUTED)
def test_what_needs_the_executor_is_left_to_it(graphql_schema: GraphQLSchema, selection: str) -> None:
    text = f"subscription ($yes: Boolean!) {{ events {{ {selection} }} }}"
    with pytest.raises((NeedsExecutor, GraphQLError)):
        _reader(graphql_schema, parse(text))


def test_a_null_that_the_schema_does_not_allow_is_left_to_the_executor(graphql_schema: GraphQLSchema) -> None:
    text = "subscription { events { event { type } } }"
    with pytest.raises(NeedsExecutor):
        _reader(graphql_schema, parse(text))(LiveEventRow("evt_ada_9", "cus_ada", (event(1, event_type=None),)))


async def test_one_statement_reads_the_customer_and_each_of_several_events(server: str, admin: asyncpg.Connection) -> None:
    grace, other = await add_customer(admin), await add_customer(admin, "Other")
    async with opened(server, grace) as stream:
        await stream.next()
        async with admin.transaction():
            for number in range(3):
                await add_credit(admin, grace, number)
            await rename(admin, grace, "Changed")
            await rename(admin, other, "Not of this customer")
        message = live(await stream.next())
    numbers = [int(each["id"].rpartition("_")[2]) for each in message["events"]]
    assert numbers == [*range(numbers[0], numbers[0] + 4)]
    assert message["customer"] == {"id": grace.customer_id, "name": "Changed"}
    assert message["event"]["id"] == message["cursor"] == message["events"][-1]["id"]


def _reader(schema: GraphQLSchema, document: Any) -> Any:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.subscription_type
    assert root is not None
    (operation,) = [node for node in document.definitions if not isinstance(node, FragmentDefinitionNode)]
    (field,) = operation.selection_set.selections
    return object_reader(DocumentContext(schema, fragments, None), get_named_type(root.fields["events"].type), [field])
