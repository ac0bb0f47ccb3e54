"""The feed of events: in order, without gaps, for the customer the own ones, and for staff all of them after a cursor."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from billing.refusals import ResyncRequired
from db.builtin import embedded
from db.pool import Database
from gateway.http.graphql.execution import run, run_planned
from gateway.http.requests import GraphQLRequest
from tests.conftest import STAFF, Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.events.feed import FEED, OWN, announce, object_topics, own_events, page_of_feed, topics
from tests.lifecycle.payments.test_paying import invoice, pay


async def test_a_customer_reads_their_events_by_pages_and_the_last_page_has_the_newest(life: Life) -> None:
    owed = await invoice(life)
    await pay(life, "payInvoice", invoiceId=owed)
    everything = await own_events(life, first=100)
    nodes = [edge["node"] for edge in everything["edges"]]
    assert [node["id"] for node in nodes] == [f"evt_{life.customer_id[4:]}_{number + 1}" for number in range(len(nodes))]
    assert [node["type"].lower() for node in nodes] == [topic.replace(".", "_") for topic in await topics(life)]
    assert everything["totalCount"] == len(nodes) > 5
    assert {node["customer"]["id"] for node in nodes} == {life.customer_id}
    pages: list[str] = []
    after = None
    while True:
        page = await own_events(life, first=2, after=after)
        pages += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == [node["id"] for node in nodes]
    assert [edge["node"]["id"] for edge in (await own_events(life, last=2))["edges"]] == pages[-2:]
    paid = await own_events(life, types=["INVOICE_PAID", "PAYMENT_SUCCEEDED"])
    assert {(edge["node"]["type"], edge["node"]["actor"]) for edge in paid["edges"]} == {("INVOICE_PAID", "CUSTOMER"), ("PAYMENT_SUCCEEDED", "CUSTOMER")}
    (settled,) = [edge["node"] for edge in paid["edges"] if edge["node"]["type"] == "INVOICE_PAID"]
    assert settled["objectId"] == owed
    assert {"amountPaid", "amountRemaining", "paidAt", "status"} <= set(settled["changes"])


async def test_the_planner_and_the_executor_give_the_same_events(life: Life, portal: Portal, owner: asyncpg.Connection) -> None:
    await invoice(life)
    await announce(owner)
    for text, viewer, variables in (
        (OWN, None, {"first": 3, "types": ["CUSTOMER_CREATED", "INVOICE_ISSUED"]}),
        (OWN, None, {"last": 2}),
        (FEED, STAFF, {"first": 5}),
    ):
        planned, executed = await both(life, portal, text, viewer, variables)
        assert planned == executed
        assert "evt_" in str(planned)
    cursor = executed["events"]["pageInfo"]["endCursor"]
    planned, executed = await both(life, portal, FEED, STAFF, {"first": 5, "after": cursor, "types": ["INVOICE_ISSUED"]})
    assert planned == executed


async def both(life: Life, portal: Portal, text: str, viewer: Any, variables: dict[str, Any]) -> tuple[Any, Any]:
    import json

    document = portal.documents.prepare(text)
    call = GraphQLRequest(text, variables, None, False)
    answers = []
    for is_planned in (True, False):
        context = life.context(viewer)
        try:
            if is_planned:
                body = await run_planned(document, document.ast.definitions[0], call, context)
                assert body is not None, "there is a plan"
                answers.append(json.loads(body)["data"])
            else:
                result = await run(life.schema, document, call, context)
                assert not result.errors
                answers.append(json.loads(json.dumps(result.data)))
        finally:
            await context.session.close()
    return answers[0], answers[1]


async def test_staff_find_an_event_by_its_id_and_nobody_else_finds_one_of_another_customer(
    life: Life, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    identifier = f"evt_{life.customer_id[4:]}_1"
    text = "query N($id: ID!) { node(id: $id) { id ... on Event { type } } }"
    node = {"id": identifier, "type": "CUSTOMER_CREATED"}
    assert (await life.ask(text, id=identifier))["node"] == node
    assert (await life.ask(text, STAFF, id=identifier))["node"] == node
    async with living(portal, pool, owner) as other:
        assert (await other.ask(text, id=identifier))["node"] is None
        assert (await other.ask(text, id=f"evt_{other.customer_id[4:]}_1"))["node"] is not None
    for absent in (f"evt_{life.customer_id[4:]}_999", f"evt_{life.customer_id[4:]}_0", "evt__1", "evt_1"):
        assert (await life.ask(text, id=absent))["node"] is None, absent


async def test_the_client_and_the_request_are_for_staff(life: Life) -> None:
    text = "query C($id: ID) { customer(id: $id) { events(first: 1) { nodes { client requestId } } } }"
    (node,) = (await life.ask(text, STAFF, id=life.customer_id))["customer"]["events"]["nodes"]
    assert node == {"client": "sql", "requestId": ""}
    with pytest.raises(AssertionError, match="This field is for STAFF tokens"):
        await life.ask(text)


async def test_a_program_that_goes_on_after_its_cursor_gets_each_event_once(life: Life, owner: asyncpg.Connection) -> None:
    await announce(owner)
    cursor = (await life.ask("{ events(last: 1) { pageInfo { endCursor } } }", STAFF))["events"]["pageInfo"]["endCursor"]
    before = len(await object_topics(life))
    await invoice(life)
    assert (await page_of_feed(life, after=cursor))["nodes"] == [], "what has no position is not shown"
    await announce(owner)
    page = await page_of_feed(life, after=cursor)
    assert [(node["objectId"], node["client"]) for node in page["nodes"]] == [(identifier, "sql") for _, identifier in (await object_topics(life))[before:]]
    assert (await page_of_feed(life, after=page["pageInfo"]["endCursor"]))["nodes"] == []


async def test_a_transaction_that_commits_late_is_not_skipped(
    life: Life, place: embedded.Urls, owner: asyncpg.Connection, portal: Portal, pool: Database
) -> None:
    """The first transaction has written before the second one begins, and commits after a reader has read the second one's events."""
    await announce(owner)
    cursor = (await life.ask("{ events(last: 1) { pageInfo { endCursor } } }", STAFF))["events"]["pageInfo"]["endCursor"]
    late = await asyncpg.connect(place.admin)
    try:
        transaction = late.transaction()
        await transaction.start()
        await late.execute("set local search_path = portico; set constraints all immediate")
        await late.execute("update customer set name = 'Late', version = version + 1 where id = $1", life.customer_id)
        async with living(portal, pool, owner) as other:
            await announce(owner)
            page = await page_of_feed(life, after=cursor, first=100)
            assert {node["customer"]["id"] for node in page["nodes"]} == {other.customer_id}
            await transaction.commit()
            await announce(owner)
            (node,) = (await page_of_feed(life, after=page["pageInfo"]["endCursor"]))["nodes"]
            assert (node["customer"]["id"], node["type"], node["changes"]) == (life.customer_id, "CUSTOMER_UPDATED", ["name"])
    finally:
        await late.close()


async def test_only_one_process_gives_positions_at_a_time(life: Life, place: embedded.Urls, owner: asyncpg.Connection) -> None:
    await invoice(life)
    first = await asyncpg.connect(place.admin)
    try:
        async with first.transaction():
            assert await first.fetchval("select portico.announce_events(5000)") > 0
            assert await owner.fetchval("select portico.announce_events(5000)") == -1
        assert await owner.fetchval("select portico.announce_events(5000)") == 0
    finally:
        await first.close()


async def test_a_cursor_that_is_too_old_or_from_the_future_is_refused(life: Life, owner: asyncpg.Connection, portal: Portal) -> None:
    from base64 import urlsafe_b64encode

    await announce(owner)
    first_stored, last = await owner.fetchrow("select first_kept, last_position from event_feed")

    def cursor(position: int) -> str:
        return urlsafe_b64encode(f'["position", {position}]'.encode()).decode()

    for position, is_accepted in ((first_stored - 1, True), (last, True), (last + 1, False), (first_stored - 2, False)):
        context = life.context(STAFF)
        document = portal.documents.prepare(FEED)
        call = GraphQLRequest(FEED, {"first": 1, "after": cursor(position)}, None, False)
        try:
            body = await run_planned(document, document.ast.definitions[0], call, context)
            assert (body is not None) == is_accepted, position
            result = await run(life.schema, document, call, context)
        finally:
            await context.session.close()
        errors = [type(error.original_error) for error in result.errors or ()]
        assert errors == ([] if is_accepted else [ResyncRequired]), position


async def test_months_that_end_before_the_retention_are_dropped_and_their_cursors_refused(life: Life, owner: asyncpg.Connection) -> None:
    await announce(owner)
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("set local role portico_owner")
        await owner.execute("create table event_2020_01 partition of event for values from ('2020-01-01') to ('2020-02-01')")
        last = await owner.fetchval("select last_position from event_feed")
        await owner.execute("insert into event_counter values ($1, 1, 1, '1') on conflict do nothing", "cus_of_2020")
        await owner.execute(
            """insert into event (customer_id, seq, type, object_id, changes, actor, client, request_id, occurred_at, position)
               values ('cus_of_2020', 1, 'customer.created', 'x', '{}', 'SYSTEM', '', '', '2020-01-05', $1)""", last
        )  # fmt: skip
        assert await owner.fetchval("select feed_position($1)", last - 1) == last - 1
        assert await owner.fetchval("select keep_event_partitions(1, '2020-01-31')") in (0, 1)
        assert await owner.fetchval("select to_regclass('portico.event_2020_01') is not null")
        assert await owner.fetchval("select keep_event_partitions(1, '2020-02-01')") >= 1
        assert await owner.fetchval("select to_regclass('portico.event_2020_01') is null")
        assert await owner.fetchval("select feed_position($1)", last) == last
        with pytest.raises(asyncpg.PostgresError, match="no such position"):
            await owner.fetchval("select feed_position($1)", last - 1)
    finally:
        await transaction.rollback()


async def test_numbers_have_no_gap_after_transactions_that_fail(life: Life, place: embedded.Urls) -> None:
    async def write(number: int) -> None:
        connection = await asyncpg.connect(place.admin)
        try:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("update portico.customer set name = $2, version = version + 1 where id = $1", life.customer_id, f"Number {number}")
            await connection.execute("set constraints all immediate")
            await (transaction.rollback() if number % 3 == 0 else transaction.commit())
        finally:
            await connection.close()

    before = len(await object_topics(life))
    await asyncio.gather(*(write(number) for number in range(12)))
    rows = await life.rows("event")
    assert [row["seq"] for row in rows] == list(range(1, before + 9))
    life.now += timedelta(seconds=1)
