"""Outgoing webhooks from the change of a row to the server of the merchant: what arrives, how often, in which order, and beside what neighbours."""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Any

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.pool import Database, Pool
from jobs.delivering import Deliverer
from tests.conftest import STAFF
from tests.lifecycle.webhooks.conftest import Hooks, replaced
from tests.waiting import count_lock_waits, until
from tests.webhooks.sinks import Sink, sink
from tests.webhooks.test_signing import verified
from webhooks.client import WebhookClient
from webhooks.targets import TargetPolicy

UPDATED = ["customer.updated"]
SCHEDULE = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]


async def test_a_change_arrives_as_a_signed_message_with_the_id_of_its_event(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target)
        (event,) = await hooks.change()
        await hooks.deliver()
        (message,) = target.received
        assert message.head == "POST /hook?a=1 HTTP/1.1"
        assert message.id == event
        assert verified(endpoint["secret"], message.headers, message.body)
        assert message.headers["content-type"] == "application/json"
        version = await hooks.life.admin.fetchval("select version from customer where id = $1", hooks.life.customer_id)
        customer = hooks.life.customer_id
        assert message.json["type"] == "customer.updated"
        assert message.json["data"] == {"eventId": event, "customerId": customer, "objectId": customer, "objectVersion": version, "changes": ["name"]}
        assert message.json["timestamp"].endswith("Z")
        (delivery,) = (await hooks.read(endpoint))["deliveries"]["nodes"]
        assert (delivery["status"], delivery["attemptCount"], delivery["nextAttemptAt"], delivery["customerId"]) == ("DELIVERED", 1, None, customer)
        assert [(one["number"], one["statusCode"], one["error"]) for one in delivery["attempts"]] == [(1, 204, "")]
        assert await hooks.deliver(seconds=1_000_000)
        assert len(target.received) == 1


async def test_an_endpoint_is_sent_what_happens_after_it_was_made_and_of_its_types_only(hooks: Hooks) -> None:
    async with sink() as all_types, sink() as invoices, sink() as customers:
        await hooks.change(2)
        for target, types in ((all_types, []), (invoices, ["invoice.paid"]), (customers, ["customer.updated", "invoice.paid"])):
            await hooks.endpoint(target, types=types)
        await hooks.deliver()
        assert [target.received for target in (all_types, invoices, customers)] == [[], [], []]
        events = await hooks.change(3)
        await hooks.others(1)
        await hooks.deliver()
        assert sorted(all_types.ids) == sorted([*events, *await created(hooks)])
        assert invoices.ids == []
        assert customers.ids == events


async def test_urls_that_differ_in_the_case_of_scheme_and_host_are_one_url(hooks: Hooks) -> None:
    """RFC 3986, 3.1 and 3.2.2."""
    async with sink() as target:
        other = target.url.replace("http://127.0.0.1", "HTTP://127.0.0.1.")
        endpoint = await hooks.endpoint(target)
        (error,) = (await hooks.send("saveWebhookEndpoint", "outcome", url=other))["userErrors"]
        assert (error["message"], error["path"]) == ("Another endpoint has this URL.", ["input", "url"])
        saved = await hooks.send("saveWebhookEndpoint", "outcome endpoint { url version }", id=endpoint["id"], url=other)
        assert (saved["userErrors"], saved["outcome"], saved["endpoint"]) == ([], "UNCHANGED", {"url": target.url, "version": endpoint["version"]})
        elsewhere = await hooks.send("saveWebhookEndpoint", "endpoint { url }", url="HTTPS://Hooks.Example.COM/Path")
        assert (elsewhere["userErrors"], elsewhere["endpoint"]) == ([], {"url": "https://hooks.example.com/Path"})
        (refused,) = (await hooks.send("saveWebhookEndpoint", "outcome", url="FTP://hooks.example.com/"))["userErrors"]
        assert (refused["code"], refused["path"]) == ("INVALID_VALUE", ["input", "url"])


async def created(hooks: Hooks) -> list[str]:
    rows = await hooks.life.admin.fetch(
        "select id from portal_event where type = 'customer.created' and customer_id like '%' || substr($1, 9)", hooks.life.customer_id
    )
    return [row["id"] for row in rows if hooks.life.customer_id[4:] not in row["id"]]


async def test_failed_attempts_are_repeated_by_the_schedule_and_then_given_up(hooks: Hooks) -> None:
    """The clock is the test's. Each attempt has the same id and a signature of its own instant."""
    async with sink(status="500 Internal Server Error", body=b"a stack trace") as target:
        endpoint = await hooks.endpoint(target)
        (event,) = await hooks.change()
        await hooks.deliver()
        for number, pause in enumerate(SCHEDULE, 1):
            assert len(target.received) == number
            await hooks.deliver(seconds=pause - 0.01)
            assert len(target.received) == number, "not before its time"
            await hooks.deliver(seconds=0.01)
        await hooks.deliver(seconds=1_000_000)
        assert target.ids == [event] * 10
        assert len({message.headers["webhook-timestamp"] for message in target.received}) == 10
        assert all(verified(endpoint["secret"], message.headers, message.body) for message in target.received)
        read = await hooks.read(endpoint)
        assert [(one["status"], one["attemptCount"], one["nextAttemptAt"]) for one in read["deliveries"]["nodes"]] == [("FAILED", 10, None)]
        assert {(one["statusCode"], one["answer"]) for one in read["deliveries"]["nodes"][0]["attempts"]} == {(500, "a stack trace")}
        assert read["status"] == "ENABLED", "three days of failures do not disable it"


async def test_attempts_whose_recording_is_the_victim_of_a_deadlock_are_recorded(hooks: Hooks, place: Urls, admin: asyncpg.Connection) -> None:
    """The attempt has locked its delivery and waits for the endpoint; who holds the endpoint wants the delivery."""
    other = await asyncpg.connect(place.admin, server_settings={"search_path": "portico", "deadlock_timeout": "1min"})
    holding, endpoint = other.transaction(), dict[str, Any]()

    async def hold(writer: asyncio.StreamWriter) -> None:
        await holding.start()
        await other.execute("select from webhook_endpoint where id = $1 for update", endpoint["id"])
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n")

    async with sink(answer=hold) as target:
        endpoint |= await hooks.endpoint(target)
        await hooks.change()
        delivering = asyncio.create_task(hooks.deliver())

        async def is_held_up() -> bool:
            return await count_lock_waits(admin) > 0

        await until(is_held_up)
        await other.execute("select from webhook_delivery where endpoint_id = $1 for update", endpoint["id"])
        await holding.rollback()
        deliverer = await delivering
        await other.close()
        assert deliverer.done.failures == 0
        assert [row["status_code"] for row in await hooks.attempts(endpoint)] == [500]
        assert len(target.received) == 1


async def test_deliveries_that_are_sent_again_are_locked_in_the_order_in_which_attempts_lock_them(hooks: Hooks, place: Urls, admin: asyncpg.Connection) -> None:
    """While the first one is locked by another process, none of the others is. Here the rows lie in the opposite order, and no index is used."""
    async with sink() as target:
        endpoint = await hooks.endpoint(target)
        await hooks.others(5)
        await hooks.deliver()
    ids = sorted(row["id"] for row in await hooks.deliveries(endpoint))
    assert len(ids) == 5
    for each in ids[::-1]:
        await hooks.life.admin.execute("update webhook_delivery set attempts = attempts where id = $1", each)
    settings = {"enable_indexscan": "off", "enable_bitmapscan": "off"}
    other = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})

    async def is_held_up() -> bool:
        return await count_lock_waits(admin) > 0

    async with (
        Database(place.app, Pool(1), server_settings=settings) as database,
        replaced(hooks, database=database).delivering.session().write() as transaction,
    ):
        async with other.transaction():
            await other.execute("select from webhook_delivery where id = $1 for update", ids[0])
            sending = asyncio.create_task(transaction.run("deliveries.again", ids=ids))
            await until(is_held_up)
            free = await other.fetch("select id from webhook_delivery where id = any($1) for update skip locked", ids)
        assert sorted(row["id"] for row in free) == ids
        assert len(await sending) == len(ids)
    await other.close()


async def test_retry_after_of_the_endpoint_is_waited_for(hooks: Hooks) -> None:
    async with sink(status="429 Too Many Requests", headers="retry-after: 3600\r\n") as target:
        await hooks.endpoint(target)
        await hooks.change()
        await hooks.deliver()
        await hooks.deliver(seconds=3_599)
        assert len(target.received) == 1
        await hooks.deliver(seconds=1)
        assert len(target.received) == 2


async def test_a_redirect_is_a_failure_and_leads_nowhere(hooks: Hooks) -> None:
    async with sink() as other, sink(status="307 Temporary Redirect", headers=f"location: {other.url}\r\n") as target:
        endpoint = await hooks.endpoint(target)
        await hooks.change()
        await hooks.deliver()
        assert other.received == []
        assert [(row["status"], row["step"]) for row in await hooks.deliveries(endpoint)] == [("PENDING", 1)]


async def test_an_endpoint_that_is_gone_is_disabled_and_goes_on_where_it_stopped(hooks: Hooks) -> None:
    """Disabling is an event of the deployment, and there is a letter. Enabled again, the endpoint is sent what it missed."""
    async with sink(status="410 Gone") as target, sink() as witness:
        endpoint = await hooks.endpoint(target, contactEmail="ops@example.com")
        await hooks.endpoint(witness, types=["webhook_endpoint.disabled"])
        first = await hooks.change()
        await hooks.deliver()
        read = await hooks.read(endpoint)
        assert (read["status"], read["disabledReason"], read["version"]) == ("DISABLED", "GONE", 2)
        missed = await hooks.change(2)
        await hooks.deliver(seconds=1_000_000)
        assert target.ids == first
        (message,) = witness.received
        assert (message.json["type"], message.json["data"]["objectId"], message.json["data"]["customerId"]) == (
            "webhook_endpoint.disabled",
            endpoint["id"],
            None,
        )
        letters = await hooks.life.admin.fetch("select customer_id from letter where kind = 'webhook_disabled'")
        assert [row["customer_id"] for row in letters] == [None]

        target.status = "200 OK"
        await hooks.send("saveWebhookEndpoint", "outcome", id=endpoint["id"], isEnabled=True)
        await hooks.deliver(seconds=61)
        assert sorted(target.ids) == sorted(first + first + missed + (await disabling_ids(hooks)))


async def disabling_ids(hooks: Hooks) -> list[str]:
    rows = await hooks.life.admin.fetch("select id from portal_event where type = 'webhook_endpoint.disabled' order by seq desc limit 1")
    return [row["id"] for row in rows]


async def test_five_days_of_only_failures_disable_an_endpoint_and_one_success_between_does_not(hooks: Hooks) -> None:
    async with sink(status="503 Service Unavailable") as failing, sink(status="503 Service Unavailable") as recovering:
        dead, alive = await hooks.endpoint(failing), await hooks.endpoint(recovering)
        for day in range(6):
            await hooks.change()
            recovering.status = "200 OK" if day == 3 else "503 Service Unavailable"
            await hooks.deliver()
            assert (await hooks.read(dead))["status"] == ("ENABLED" if day < 5 else "DISABLED"), day
            hooks.life.now += timedelta(days=1)
        assert (await hooks.read(dead))["disabledReason"] == "FAILING"
        assert (await hooks.read(alive))["status"] == "ENABLED"
        sealed = await hooks.life.admin.fetchval("select count(*) from letter where kind = 'webhook_disabled'")
        assert sealed == 0, "an endpoint without an address writes no letter"


async def test_later_events_of_an_object_wait_for_the_earlier_ones(hooks: Hooks) -> None:
    async with sink() as target:
        await hooks.endpoint(target)
        events = await hooks.change(20)
        await hooks.deliver()
        assert target.ids == events
        assert target.most_at_once == 1, "events of one object are sent one after the other"
        await hooks.others(20)
        target.seconds = 0.05
        await hooks.deliver()
        assert target.most_at_once > 4, "events of different objects are sent at once"


async def test_an_event_that_fails_holds_back_later_ones_of_its_object_for_a_minute_at_most(hooks: Hooks) -> None:
    async with sink(status="500 Internal Server Error") as target:
        await hooks.endpoint(target)
        first = await hooks.change()
        await hooks.deliver()
        second = await hooks.change()
        target.status = "204 No Content"
        await hooks.deliver(seconds=4.9)
        assert target.ids == first
        await hooks.deliver(seconds=0.2)
        assert target.ids == [*first, *first, *second], "the second try of the first event comes before the second event"

        target.status = "500 Internal Server Error"
        third = await hooks.change()
        await hooks.deliver()
        await hooks.deliver(seconds=5)
        fourth = await hooks.change()
        target.status = "204 No Content"
        target.received.clear()
        await hooks.deliver(seconds=54)
        assert target.ids == []
        await hooks.deliver(seconds=2)
        assert target.ids == fourth
        await hooks.deliver(seconds=300)
        assert target.ids == [*fourth, *third]


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\0\r\n\r\n")
    writer.close()


async def test_a_slow_and_a_poisoned_endpoint_delay_no_other(hooks: Hooks) -> None:
    """One never answers, one answers garbage, one is not there. The good one has everything before the first attempts at the slow one have ended."""
    async with sink() as ended:
        absent = Sink(port=ended.port)
    client = WebhookClient(TargetPolicy(is_development=True), total_seconds=5)
    hooks = replaced(hooks, client=client)
    async with sink(seconds=60) as slow, sink(answer=garbage) as poisoned, sink() as good:
        for target in (slow, poisoned, absent, good):
            await hooks.endpoint(target)
        await hooks.others(100)
        deliverer, stop, began = Deliverer(hooks.delivering), asyncio.Event(), monotonic()
        work = asyncio.create_task(deliverer.run(stop))
        while len(good.received) < 100 and monotonic() - began < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert len(good.received) == 100
        assert slow.at_once == slow.most_at_once == 16, "its first attempts have not ended"
        stop.set()
        await work
        assert slow.most_at_once == 16
    await client.close()


async def test_a_poisoned_event_does_not_hold_back_its_endpoint(hooks: Hooks) -> None:
    async with sink() as target:
        poisoned = await hooks.change()
        await hooks.endpoint(target)

        async def refuse_one(writer: asyncio.StreamWriter) -> None:
            is_poisoned = target.received[-1].json["data"]["objectId"] == hooks.life.customer_id
            writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n" if is_poisoned else b"HTTP/1.1 204 OK\r\n\r\n")

        target.answer = refuse_one
        poisoned = await hooks.change()
        await hooks.others(50)
        await hooks.deliver()
        assert len(set(target.ids) - set(poisoned)) == 50


async def test_a_message_is_sent_again_by_hand_or_from_an_instant_with_the_same_id(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target)
        before = await hooks.change(2)
        await hooks.deliver()
        since = await hooks.life.admin.fetchval("select clock_timestamp()")
        after = await hooks.change(2)
        await hooks.deliver()
        target.received.clear()
        ids = [row["id"] for row in await hooks.deliveries(endpoint)]
        payload = await hooks.send("redeliver", "deliveries { id status }", deliveryIds=[ids[0]])
        assert payload["deliveries"] == [{"id": ids[0], "status": "PENDING"}]
        await hooks.deliver()
        assert target.ids == before[:1]
        assert len(await hooks.attempts(endpoint)) == 5, "the attempts of before stay"

        target.received.clear()
        payload = await hooks.send("replayEvents", "replay { queued continuesAt }", endpointId=endpoint["id"], since=since.isoformat(), types=UPDATED)
        assert payload["replay"] == {"queued": 2, "continuesAt": None}
        await hooks.deliver()
        assert target.ids == after
        payload = await hooks.send("replayEvents", "replay { queued }", endpointId=endpoint["id"], since=since.isoformat(), types=["invoice.paid"])
        assert payload["replay"] == {"queued": 0}


async def test_an_endpoint_made_later_is_replayed_what_was_before_it(hooks: Hooks) -> None:
    async with sink() as target:
        since = await hooks.life.admin.fetchval("select clock_timestamp()")
        events = await hooks.change(3)
        endpoint = await hooks.endpoint(target)
        await hooks.deliver()
        assert target.ids == []
        await hooks.send("replayEvents", "replay { queued }", endpointId=endpoint["id"], since=since.isoformat(), types=UPDATED)
        await hooks.deliver()
        assert target.ids == events


async def test_two_processes_send_each_message_once(hooks: Hooks) -> None:
    async with sink(seconds=0.01) as target:
        await hooks.endpoint(target)
        await hooks.others(100)
        await asyncio.gather(*(hooks.deliver() for _ in range(3)))
        assert len(target.ids) == len(set(target.ids)) == 100


async def test_a_ping_arrives(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target, types=["invoice.paid"])
        payload = await hooks.send("pingWebhookEndpoint", "delivery { eventId type status }", endpointId=endpoint["id"])
        await hooks.deliver()
        (message,) = target.received
        assert (payload["delivery"]["type"], payload["delivery"]["eventId"]) == ("webhook_endpoint.ping", message.id)
        assert verified(endpoint["secret"], message.headers, message.body)


@pytest.mark.parametrize("overlap", [0, 24])
async def test_messages_are_signed_with_the_secret_of_before_during_the_overlap(overlap: int, hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target, signsEd25519=True)
        rotated = await hooks.send("rotateWebhookSecret", "secret endpoint { publicKey previousSecretUntil }", endpointId=endpoint["id"], overlapHours=overlap)
        assert rotated["endpoint"]["publicKey"] != endpoint["publicKey"]

        async def signed_with() -> list[bool]:
            await hooks.change()
            await hooks.deliver()
            message = target.received[-1]
            return [verified(secret, message.headers, message.body) for secret in (rotated["secret"], endpoint["secret"])]

        assert await signed_with() == [True, overlap > 0]
        assert target.received[-1].headers["webhook-signature"].count("v1a,") == 1 + (overlap > 0)
        hooks.life.now += timedelta(hours=24)
        assert await signed_with() == [True, False]


async def test_the_secret_is_sealed_and_shown_once(hooks: Hooks) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target)
        row = await hooks.life.admin.fetchrow("select * from webhook_endpoint where id = $1", endpoint["id"])
        assert endpoint["secret"].startswith("whsec_")
        assert endpoint["secret"].encode() not in b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
        again: dict[str, Any] = await hooks.send("saveWebhookEndpoint", "secret outcome", id=endpoint["id"], description="Other")
        assert (again["secret"], again["outcome"]) == (None, "UPDATED")
        fields = (await hooks.life.ask('{ __type(name: "WebhookEndpoint") { fields { name } } }', STAFF))["__type"]["fields"]
        assert not any("secret" in field["name"].lower() and field["name"] != "previousSecretUntil" for field in fields)
