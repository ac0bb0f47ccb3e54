"""Streams over HTTP: their forms, what they send, whose events they are, and how they go on."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

import asyncpg
import httpx
import pytest

from db.builtin import embedded
from gateway.http.capacity.admission import Admission, Overloaded
from gateway.http.capacity.drain import Drain
from gateway.live.hub import Hub, StreamLimits
from gateway.live.streams import LiveMessage, LiveStream, StreamOwner
from tests.conftest import STAFF, token
from tests.gateway.live.streaming import DOCUMENT, PARTS, SSE, add_credit, add_customer, code_of, live, opened, rename
from tests.waiting import until

SUMMARY = "subscription { events { cursor customer { name summary { totalDue { amount } } subscriptions { totalCount } } } }"


@pytest.mark.parametrize("accept", [SSE, PARTS])
async def test_the_first_message_comes_at_once_and_each_change_brings_the_customer_as_they_are(server: str, admin: asyncpg.Connection, accept: str) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, accept=accept) as stream:
        first = live((await stream.next()) if accept == SSE else (await stream.next())["payload"])
        assert first["event"] is None
        assert first["events"] == []
        assert first["customer"]["name"] == "Grace Hopper"
        await rename(admin, grace, "Grace Brewster")
        message = await stream.next()
        second = live(message if accept == SSE else message["payload"])
        assert second["customer"]["name"] == "Grace Brewster"
        assert [event["type"] for event in second["events"]] == ["CUSTOMER_UPDATED"]
        assert second["event"]["id"] == second["cursor"] != first["cursor"]


async def test_the_bytes_of_server_sent_events_end_lines_with_lf(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, after="evt_x_1") as stream:
        while await stream.next():
            pass
        text = stream.text
    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert b"\r" not in text
    assert text.startswith(b":\n\nevent: next\ndata: {")
    assert text.endswith(b"\n\nevent: complete\ndata: \n\n")


async def test_a_stream_sends_nothing_of_another_customer(server: str, admin: asyncpg.Connection) -> None:
    grace, other = await add_customer(admin), await add_customer(admin, "Other")
    async with opened(server, grace) as stream, opened(server, other) as theirs:
        await stream.next()
        await theirs.next()
        await rename(admin, other, "Changed")
        assert live(await theirs.next())["customer"]["name"] == "Changed"  # the control: it arrives where it belongs
        assert await stream.is_quiet(1)
        await rename(admin, grace, "Changed too")
        assert live(await stream.next())["customer"] == {"id": grace.customer_id, "name": "Changed too"}


async def test_changes_within_100_ms_come_as_one_message(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace) as stream:
        await stream.next()
        async with admin.transaction():  # committed together, so that a slow machine does not spread them
            for number in range(3):
                await add_credit(admin, grace, number)
        assert len(live(await stream.next())["events"]) == 3
        assert await stream.is_quiet(0.5)


async def test_types_choose_and_the_cursor_goes_on(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, types=["CUSTOMER_EMAIL_CHANGED"]) as stream:
        first = live(await stream.next())
        await rename(admin, grace, "Ignored")
        assert await stream.is_quiet(1)
        await admin.execute("update customer set email = 'new-' || email where id = $1", grace.customer_id)
        message = live(await stream.next())
        assert [event["type"] for event in message["events"]] == ["CUSTOMER_EMAIL_CHANGED"]
        assert int(message["cursor"].rpartition("_")[2]) == int(first["cursor"].rpartition("_")[2]) + 2


async def test_after_a_cursor_a_stream_has_what_was_missed_once(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace) as stream:
        cursor = live(await stream.next())["cursor"]
    for number in range(120):  # more than one message has
        await rename(admin, grace, f"Name {number}")
    ids: list[str] = []
    async with opened(server, grace, after=cursor) as stream:
        while len(ids) < 120:
            ids += [event["id"] for event in live(await stream.next())["events"]]
    start = int(cursor.rpartition("_")[2])
    assert ids == [f"{cursor.rpartition('_')[0]}_{number}" for number in range(start + 1, start + 121)]


@pytest.mark.parametrize(
    ("cursor", "code"),
    [("evt_{other}_1", "BAD_USER_INPUT"), ("evt_{own}_9", "BAD_USER_INPUT"), ("nonsense", "BAD_USER_INPUT"), ("evt_{own}_0", "RESYNC_REQUIRED")],
)
async def test_a_cursor_that_is_not_theirs_or_from_the_future_or_too_old_is_refused(server: str, admin: asyncpg.Connection, cursor: str, code: str) -> None:
    grace, other = await add_customer(admin), await add_customer(admin)
    await rename(admin, grace, "Changed")
    await admin.execute("delete from event where customer_id = $1 and seq = 1", grace.customer_id)
    after = cursor.format(own=str(grace.customer_id)[4:], other=str(other.customer_id)[4:])
    async with opened(server, grace, after=after) as stream:
        message = await stream.next()
        assert code_of(message) == code
        assert message["data"] is None
        assert await stream.next() is None


async def test_a_deleted_event_in_the_middle_of_a_stream_is_resync_required(server: str, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace) as stream:
        await stream.next()
        async with admin.transaction():
            await admin.execute("update event_counter set seq = seq + 1 where owner_id = $1", grace.customer_id)
            await rename(admin, grace, "Changed")
        assert code_of(await stream.next()) == "RESYNC_REQUIRED"
        assert await stream.next() is None


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_a_subscription_for_which_no_stream_is_accepted_is_an_error_that_says_what_to_send(
    server: str, http: httpx.AsyncClient, admin: asyncpg.Connection, accept: str
) -> None:
    grace = await add_customer(admin)
    headers = {"Authorization": f"Bearer {token(grace)}", "Accept": accept}
    answer = await http.post("/graphql", json={"query": DOCUMENT}, headers=headers)
    assert answer.status_code == 406
    assert code_of(answer.json()) == "NOT_ACCEPTABLE"
    assert "text/event-stream" in answer.text


async def test_errors_of_graphql_are_messages_of_a_stream_and_those_of_http_are_not(server: str, http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, document="subscription { nothing }") as stream:
        assert stream.response.status_code == 200
        assert code_of(await stream.next()) == "GRAPHQL_VALIDATION_FAILED"
    async with opened(server, STAFF) as stream:
        assert code_of(await stream.next()) == "FORBIDDEN"
    async with opened(server, grace, document="{ customer { name } }") as stream:
        assert (await stream.next())["data"] == {"customer": {"name": "Grace Hopper"}}
    answer = await http.post("/graphql", json={"query": DOCUMENT}, headers={"Accept": SSE})
    assert answer.status_code == 401
    form = await http.post("/graphql", content=b"{}", headers={"Accept": SSE, "Content-Type": "text/plain", "Authorization": f"Bearer {token(grace)}"})
    assert code_of(form.json()) == "CROSS_SITE_REQUEST"


async def test_a_message_is_what_a_query_answers_then(server: str, http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    grace = await add_customer(admin)
    async with opened(server, grace, document=SUMMARY) as stream:
        await stream.next()
        await rename(admin, grace, "Changed")
        message = live(await stream.next())
    query = {"query": "{ customer { name summary { totalDue { amount } } subscriptions { totalCount } } }"}
    answer = await http.post("/graphql", json=query, headers={"Authorization": f"Bearer {token(grace)}"})
    assert message["customer"] == answer.json()["data"]["customer"]


async def test_streams_hold_no_connection(start_server: Callable[..., str], urls: embedded.Urls, admin: asyncpg.Connection) -> None:
    server = start_server(urls.app, pool_size=2, max_session_streams=20)
    grace = await add_customer(admin)
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(opened(server, grace)) for _ in range(12)]
        for stream in streams:
            await stream.next()
        assert await admin.fetchval("select count(*) from pg_stat_activity where state like 'idle in transaction%' and application_name = 'portico'") == 0
        await rename(admin, grace, "Changed")
        for stream in streams:
            assert live(await stream.next())["customer"]["name"] == "Changed"


async def test_streams_of_one_document_with_other_variables_send_each_its_own(server: str, admin: asyncpg.Connection) -> None:
    """An argument `after` of another field is a page, not a cursor of the stream. Here one of them is refused."""
    document = "subscription Page($after: String) { events { cursor customer { subscriptions(first: 1, after: $after) { totalCount } } } }"
    grace = await add_customer(admin)
    async with opened(server, grace, document=document, after=None) as first, opened(server, grace, document=document, after="garbage") as other:
        for message in (first.next, other.next):
            await message()
        for number in range(2):
            await rename(admin, grace, f"Grace {number}")
            assert live(await first.next())["customer"]["subscriptions"] == {"totalCount": 0}
            refused = await other.next()
            assert live(refused)["customer"]["subscriptions"] is None
            assert code_of(refused) == "BAD_USER_INPUT"


async def test_equal_streams_are_computed_once_and_others_for_themselves() -> None:
    computed: list[tuple[str, int]] = []

    async def compute(key: str, seq: int) -> LiveMessage:
        computed.append((key, seq))
        return LiveMessage(2, b"{}")

    hub = Hub(StreamLimits(), Admission(running=1, queued=10, wait_seconds=5), Drain())
    streams = [LiveStream(StreamOwner("cus_1", "ses_1"), key, partial(compute, key)) for key in ("a", "a", "b")]
    for stream in streams:
        hub.add(stream)
        hub.begin(stream, LiveMessage(1, b"{}"))
        await stream.next(1)
    hub.announce({"cus_1": 1, "cus_2": 5})  # nothing new
    hub.announce({"cus_1": 2})
    assert [await stream.next(5) for stream in streams] == [b"{}"] * 3
    assert sorted(computed) == [("a", 1), ("b", 1)]
    for stream in streams:
        hub.remove(stream)
    assert hub.customers == []


async def test_a_stream_whose_response_is_never_sent_does_not_count_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def message(seq: int) -> LiveMessage:
        return LiveMessage(seq, b"{}")

    monkeypatch.setattr("gateway.live.hub.REMOVAL_SECONDS", 0.1)
    hub = Hub(StreamLimits(per_process=1, seconds=0.1), Admission(running=1, queued=10, wait_seconds=5), Drain())
    hub.add(LiveStream(StreamOwner("cus_a", "ses_a"), "key", message))
    with pytest.raises(Overloaded):
        hub.check("cus_b", "ses_b")

    async def is_removed() -> bool:
        return hub.customers == []

    await until(is_removed)
    hub.check("cus_b", "ses_b")
