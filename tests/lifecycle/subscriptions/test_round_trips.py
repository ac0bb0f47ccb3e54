"""How many messages a mutation sends to Postgres, one after the other, before its payload is read: each is a round trip (decision 0096)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg

from db.builtin.embedded import Urls
from tests.lifecycle.conftest import Life, price


@contextmanager
def messages(life: Life) -> Iterator[list[str]]:
    """Record the texts of all messages that the operation's connections send."""
    sent: list[str] = []

    @contextmanager
    def trace(sql: str) -> Iterator[None]:
        sent.append(" ".join(sql.split()))
        yield

    life.database.trace = trace
    try:
        yield sent
    finally:
        life.database.trace = None


async def test_a_change_without_a_charge_is_four_messages(life: Life) -> None:
    """Open, claim and lock; read the facts; write; commit and open the payload's snapshot."""
    subscription = await life.subscribe("storage")
    with messages(life) as sent:
        payload = await life.do("suspendSubscription", subscriptionId=subscription)
    assert payload["userErrors"] == []
    assert [("begin_call" in text, text.startswith("select array"), text.startswith("with "), text.startswith("COMMIT; BEGIN")) for text in sent[:4]] == [
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
        (False, False, False, True),
    ]
    assert not any(text.startswith(("insert", "update", "with subscription", "BEGIN ISOLATION LEVEL READ COMMITTED")) for text in sent[4:])


async def test_a_replay_reads_what_is_known_in_a_second_transaction(life: Life) -> None:
    """The first statement of the first transaction, which was sent in the packet that claims the key, is answered with the error of the claim."""
    arguments = {"priceId": price("storage"), "idempotencyKey": "one"}
    await life.do("addPlan", **arguments)
    with messages(life) as sent:
        assert (await life.do("addPlan", **arguments))["replayed"]
    assert ["begin_call" in sent[0], sent[1].startswith("select array"), "claim_key" in sent[3], sent[4]] == [True, True, True, "COMMIT"]


async def test_a_replay_is_answered_before_its_input_is_judged(life: Life) -> None:
    """What refuses a call before its first statement does not refuse a call that was done."""
    subscription = await life.subscribe("storage")
    arguments = {"subscriptionId": subscription, "priceId": price("team"), "idempotencyKey": "one"}
    token = (await life.preview("changePlan", **arguments))["preview"]["previewToken"]
    assert not (await life.do("changePlan", **arguments, previewToken=token))["replayed"]
    life.now += timedelta(days=1)
    assert (await life.do("changePlan", **arguments, previewToken=token))["replayed"]


async def test_a_key_in_use_is_refused_without_waiting_for_the_customer(life: Life, place: Urls) -> None:
    """The claim comes before the lock: repeated requests do not occupy connections while the first one is running."""
    subscription = await life.subscribe("storage")
    other = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    try:
        async with other.transaction():
            await other.execute("select from customer where id = $1 for no key update", life.customer_id)
            await other.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{life.customer_id} suspendSubscription one")
            async with asyncio.timeout(20):
                payload = await life.do("suspendSubscription", subscriptionId=subscription, idempotencyKey="one")
    finally:
        await other.close()
    assert [error["code"] for error in payload["userErrors"]] == ["IN_PROGRESS"]
    assert (await life.do("suspendSubscription", subscriptionId=subscription, idempotencyKey="one"))["userErrors"] == []
