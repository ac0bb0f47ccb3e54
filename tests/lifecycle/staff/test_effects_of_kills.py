"""The process that serves a mutation of staff is killed at every await. After the retry the database has what one call without a kill writes, table by table."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

import asyncpg
import pytest
from graphql import get_named_type

from auth.seal import Seal
from billing.states import Actor
from db.pool import Database
from resolvers.context import Identity, Post
from schema.declarations.fields import permission_of
from tests.auditing import violations
from tests.conftest import SECRET, STAFF, Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.invoicing.staff import create, usd
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, assert_nothing_open, killable

# These are killed with checks of their own in the tests named in the comments.
KILLED_ELSEWHERE = {
    "createInvoice", "creditInvoice", "refundPayment", "recordPayment", "retryNow", "extendDueDate", "promiseToPay",  # test_staff_kills
    "createPaymentSchedule", "updateInstallments", "cancelPaymentSchedule",  # test_schedule_kills
    "exportCustomer", "eraseCustomer",  # test_privacy_kills
}  # fmt: skip
# Each call makes a new link on purpose; documents of apps are published as a whole (tests/journeys/partners).
OTHERS = {"createPortalLink", "checkDocuments", "publishDocuments", "retireDocuments", "deprecateDocuments"}
# Each is one transaction, and makes a secret or an event of its own on purpose (tests/lifecycle/webhooks).
OTHERS |= {"saveWebhookEndpoint", "deleteWebhookEndpoint", "rotateWebhookSecret", "pingWebhookEndpoint", "redeliver", "replayEvents", "dryRunWebhook"}
# One transaction; a second call changes nothing (tests/imports/releases/test_releases.py).
OTHERS |= {"releaseImported"}
RANKS = count(2_000)
TABLES = "select relname as name from pg_class where relnamespace = 'portico'::regnamespace and relkind = 'r' and not relispartition order by relname"


async def customer(life: Life) -> str:
    return life.customer_id


@dataclass(frozen=True)
class Call:
    """What exists before, and the input of the call. The values ID, CODE and RANK stand for what was prepared, and for a code and a rank that no other test has."""

    arguments: dict[str, Any]
    begin: Callable[[Life], Awaitable[str]] = customer
    is_upsert: bool = False


async def closed(life: Life) -> str:
    await sent(life, "closeCustomer", {"customerId": life.customer_id})
    return life.customer_id


async def invoice(life: Life) -> str:
    return await create(life)


async def subscription(life: Life) -> str:
    return await life.subscribe("storage")


async def held(life: Life) -> str:
    identifier = await subscription(life)
    await sent(life, "holdSubscription", {"subscriptionId": identifier, "idempotencyKey": f"hold {identifier}"})
    return identifier


async def plan(life: Life) -> str:
    return await saved(life, "savePlan", "plan", name="A plan")


async def priced(life: Life) -> str:
    code = code_of(life)
    await plan(life)
    return await saved(life, "savePrice", "price", planCode=code, amount="10.00", currency="USD", interval="MONTH")


async def coupon(life: Life) -> str:
    return await saved(life, "saveCoupon", "coupon", name="A coupon", percentOff="10", duration="ONCE")


@pytest.fixture(autouse=True)
async def no_options_are_left(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Customers of other tests are offered every option that there is."""
    yield
    await owner.execute("delete from retention_offer where headline = 'Stay'")


async def option(life: Life) -> str:
    return await saved(life, "saveCancellationOption", "cancellationOption", rank=rank_of(life.customer_id), kind="PAUSE", headline="Stay")


async def saved(life: Life, mutation: str, noun: str, **arguments: Any) -> str:
    payload = await sent(life, mutation, {"code": code_of(life), **arguments}, f"{noun} {{ id }}")
    identifier: str = payload[noun]["id"]
    return identifier


CALLS = {
    "voidInvoice": Call({"invoiceId": "ID"}, invoice),
    "writeOffInvoice": Call({"invoiceId": "ID"}, invoice),
    "adjustBalance": Call({"customerId": "ID", "amount": usd("3.00"), "reason": "A correction"}),
    "holdSubscription": Call({"subscriptionId": "ID", "note": "A note"}, subscription),
    "releaseSubscription": Call({"subscriptionId": "ID"}, held),
    "saveCustomer": Call({"id": "ID", "email": "CODE@example.com", "taxRate": "7.7"}, is_upsert=True),
    "inviteCustomer": Call({"customerId": "ID"}),
    "closeCustomer": Call({"customerId": "ID"}),
    "reopenCustomer": Call({"customerId": "ID"}, closed),
    "savePlan": Call({"code": "CODE", "name": "A plan"}, is_upsert=True),
    "savePrice": Call({"id": "ID", "amount": "12.00", "existing": "AT_RENEWAL"}, priced, is_upsert=True),
    "saveCoupon": Call({"code": "CODE", "name": "A coupon", "percentOff": "10", "duration": "ONCE"}, is_upsert=True),
    "saveCancellationOption": Call({"code": "CODE", "rank": "RANK", "kind": "PAUSE", "headline": "Stay"}, is_upsert=True),
    "archivePlan": Call({"id": "ID"}, plan, is_upsert=True),
    "archivePrice": Call({"id": "ID"}, priced, is_upsert=True),
    "archiveCoupon": Call({"id": "ID"}, coupon, is_upsert=True),
    "archiveCancellationOption": Call({"id": "ID"}, option, is_upsert=True),
}
# With a key, and without one where the same call twice changes nothing.
CASES = [(name, True) for name in CALLS] + [(name, False) for name, staff_call in CALLS.items() if staff_call.is_upsert]


# What an invitation needs: it seals a letter with a link, and the worker sends it. It calls nothing of the rest.
INVITING: Any = Identity(*(None,) * 5, lambda sending: sending.close(), portal_url="https://portal.example.com", merchant="Example", issuer="")  # type: ignore[arg-type]


def code_of(life: Life) -> str:
    return f"K{life.customer_id[-20:]}".upper()


@cache
def rank_of(customer_id: str) -> int:
    """Return a rank that no other option has."""
    return next(RANKS)


async def sent(life: Life, mutation: str, arguments: dict[str, Any], selection: str = "") -> dict[str, Any]:
    """Call the mutation as staff, which does not refuse, and return its payload."""
    kind = get_named_type(life.schema.mutation_type.fields[mutation].args["input"].type).name
    text = f"mutation M($i: {kind}!) {{ {mutation}(input: $i) {{ {selection} userErrors {{ code path message }} }} }}"
    payload: dict[str, Any] = (await life.ask(text, STAFF, i=arguments))[mutation]
    assert payload["userErrors"] == [], payload
    return payload


async def written_since(owner: asyncpg.Connection, start: int) -> dict[str, int]:
    """Return by table how many rows were written and not replaced since the transaction `start`."""
    tables = [row["name"] for row in await owner.fetch(TABLES)]
    counts = ", ".join(f"(select count(*) from {table} where xmin::text::bigint >= {start}) as {table}" for table in tables)
    return {table: count for table, count in dict(await owner.fetchrow(f"select {counts}")).items() if count}


async def next_transaction(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text"))


async def effect(
    life: Life, owner: asyncpg.Connection, name: str, kill: Callable[[Awaitable[Any]], Awaitable[None]] | None, *, has_key: bool
) -> dict[str, int]:
    """Prepare, call, with a kill and a retry if there is `kill`, and return what the call has written."""
    staff_call = CALLS[name]
    life.identity = replace(INVITING, throttle=life.identity.throttle, post=Post(None, Seal(SECRET)))  # type: ignore[arg-type]
    identifier, code = await staff_call.begin(life), code_of(life)
    key = {"idempotencyKey": f"the one of {code}"} if has_key else {}
    arguments = key | {
        argument: {"ID": identifier, "RANK": rank_of(life.customer_id)}.get(value) or value.replace("CODE", code) if isinstance(value, str) else value
        for argument, value in staff_call.arguments.items()
    }
    start = await next_transaction(owner)
    if kill is not None:
        await kill(sent(life, name, arguments))
        await assert_nothing_open(life)
        await sent(life, name, arguments)
    await sent(life, name, arguments)
    return await written_since(owner, start)


@pytest.mark.parametrize(("name", "has_key"), CASES, ids=[f"{name}{'' if has_key else ', without a key'}" for name, has_key in CASES])
async def test_killed_at_every_await_and_called_again_a_mutation_of_staff_writes_what_one_call_writes(
    name: str, has_key: bool, portal: Portal, pool: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with living(portal, pool, owner) as life:
        once = await effect(life, owner, name, None, has_key=has_key)
    assert once.get("audit_event") == 1, "the call writes something"
    for turn in in_turns(EVERYTHING, 6):
        kill_point = KillPoint(turn)
        async with living(portal, pool, owner) as life:

            async def kill(act: Awaitable[Any], life: Life = life, kill_point: KillPoint = kill_point) -> None:
                with killable(life, kill_point, monkeypatch):
                    await kill_point.run_until_killed(act)

            assert await effect(life, owner, name, kill, has_key=has_key) == once, turn
            assert await violations(owner, {life.customer_id}) == []
        if not kill_point.is_killed:
            assert turn > 3
            return
    pytest.fail("it never got through")


def test_every_mutation_of_staff_is_killed(portal: Portal) -> None:
    mutations = portal.schema.mutation_type
    of_staff = {name for name in mutations.fields if (permission := permission_of(mutations, name)) and Actor.CUSTOMER not in permission.kinds}
    assert of_staff == CALLS.keys() | KILLED_ELSEWHERE | OTHERS
