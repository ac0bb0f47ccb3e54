"""What holds after each fault: the service is back, the pool is whole, nothing has grown, and each effect is there once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import asyncpg
import httpx

from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from tests.auditing import violations
from tests.conftest import customer, token
from tests.faults.mixed_load import READ, READ_BY_EXECUTOR, MixedLoad, Shopper
from tests.faults.site import LOST, POOL_SIZE, Measured, Server, Site
from tests.waiting import count_lock_waits, locked, until

# What a server needs again after a fault: connections to Postgres, of clients, and for notifications.
MORE_DESCRIPTORS = 12
MORE_MEGABYTES = 25.0
# How long a service may take to answer again. On a quiet machine it is less than two seconds (`make soak` prints it); tests run on busy ones.
BOUND_SECONDS = 60.0
NEEDED = {"read", "rename", "buy", "change"}
END_LEASES = "update idempotency_key set lease_until = now() where answer is null and lease_until > now()"
NAME = {"query": "{ customer { name } }"}


async def goes_on(load: MixedLoad, answers: int = 40) -> None:
    """Wait for some further answers, and for one of each action."""
    before = load.seen.count("200")
    await until(lambda: asyncio.sleep(0, load.seen.count("200") >= before + answers and load.seen.answered_at.keys() >= NEEDED), BOUND_SECONDS)


async def is_back(load: MixedLoad) -> float:
    """Wait until each action has been answered again. Returns the seconds until the last failure before that."""
    over_at = monotonic()
    await until(lambda: asyncio.sleep(0, all(load.seen.answered_at.get(action, 0.0) > over_at for action in NEEDED)), BOUND_SECONDS)
    return max(0.0, load.seen.failed_at - over_at)


async def assert_reads(load: MixedLoad, number: int = 0) -> None:
    """Assert that pages of one customer are answered at the first try, while the customers of the load may all be stuck in calls that fail."""
    shopper = load.shoppers[number]
    for query in (READ, READ_BY_EXECUTOR) * 5:
        answer = await shopper.client.http.post(f"{shopper.client.addresses[0]}/graphql", json={"query": query}, headers=shopper.headers)
        assert (answer.status_code, "errors" in answer.json()) == (200, False), answer.text


@asynccontextmanager
async def running(site: Site, load: MixedLoad) -> AsyncIterator[None]:
    """Run the load within the context. At the end each call that was begun is sent until it is answered."""
    task = asyncio.create_task(load.run())
    async with ended_leases(site):
        try:
            await goes_on(load)
            # The first paper of a process loads the compiler for good: its page and its file are answered before memory is measured.
            await until(lambda: asyncio.sleep(0, load.seen.answers["print", "200"] > 1), BOUND_SECONDS)
            yield
        finally:
            load.over.set()
            await asyncio.wait_for(task, 90)


@asynccontextmanager
async def ended_leases(site: Site) -> AsyncIterator[None]:
    """End the leases of calls whose first try was broken off, which take 20 seconds otherwise."""

    async def end() -> None:
        while True:
            with suppress(*LOST):
                async with site.admin() as admin:
                    await admin.execute(END_LEASES)
            await asyncio.sleep(0.3)

    task = asyncio.create_task(end())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def assert_whole_pool(site: Site, server: Server, customer_id: str, *, seconds: float = 20) -> None:
    """Assert that a server runs as many statements at a time as its pool has places, by a lock for which all of them wait."""
    headers = {"Authorization": f"Bearer {token(customer(customer_id))}"}
    over = asyncio.Event()
    async with httpx.AsyncClient(base_url=server.address, headers=headers, timeout=20) as http, site.admin() as admin:

        async def ask() -> None:
            while not over.is_set():
                await http.post("/graphql", json=NAME)

        async def all_wait() -> bool:
            return await count_lock_waits(admin) == POOL_SIZE

        async with locked(site.place.urls):
            tasks = [asyncio.create_task(ask()) for _ in range(POOL_SIZE + 2)]
            try:
                await until(all_wait, seconds)
            finally:
                over.set()
        await asyncio.gather(*tasks)
        answer = await http.post("/graphql", json=NAME)
        assert answer.status_code == 200


def assert_nothing_grew(before: Measured, server: Server) -> None:
    after = server.measure()
    assert after.descriptors <= before.descriptors + MORE_DESCRIPTORS, (before, after)
    assert after.megabytes <= before.megabytes * 1.15 + MORE_MEGABYTES, (before, after)


async def assert_effects(site: Site, load: MixedLoad) -> None:
    """Assert that the rows are what was confirmed, that each payment was captured once, and that the audit has no findings."""
    await assert_effects_of(site, load)
    async with site.admin() as admin:
        assert await violations(admin, {shopper.customer_id for shopper in load.shoppers}, is_whole=True) == []
        assert await captures_of(site) == await admin.fetchval("select count(*) from payment where status = 'SUCCEEDED'"), "money was taken without a row"


async def assert_effects_of(site: Site, load: MixedLoad) -> None:
    """Assert this without the audit, for the customers of the load alone: the database may have others."""
    async with site.admin() as admin:
        for shopper in load.shoppers:
            await _assert_confirmed(admin, shopper)
        ids = [shopper.customer_id for shopper in load.shoppers]
        paid = await admin.fetch("select id from payment where customer_id = any($1) and status = 'SUCCEEDED'", ids)
        assert await admin.fetchval("select count(*) from payment where customer_id = any($1) and status <> 'SUCCEEDED'", ids) == 0
        assert await admin.fetchval("select count(*) from charge where customer_id = any($1) and settled_at is null", ids) == 0
        ledger = Sandbox("secret", Ledger(site.data_dir / "sandbox.sqlite3"))
        captures = Counter(ledger.calls("capture", row["id"]) for row in paid)
        await ledger.close()
        assert set(captures) <= {1}, f"a payment was captured more than once, or never; how often, and how many: {dict(captures)}"


async def captures_of(site: Site) -> int:
    """Return how often the processor has taken money."""
    ledger = Sandbox("secret", Ledger(site.data_dir / "sandbox.sqlite3"))
    number = ledger.calls("capture")
    await ledger.close()
    return number


async def _assert_confirmed(admin: asyncpg.Connection, shopper: Shopper) -> None:
    rows = await admin.fetch("select id, quantity, status from subscription where customer_id = $1", shopper.customer_id)
    assert {row["id"]: row["quantity"] for row in rows if row["status"] != "CANCELED"} == shopper.quantities
    assert {row["id"] for row in rows if row["status"] == "CANCELED"} == shopper.canceled
    files = await admin.fetch("select id from attachment where customer_id = $1", shopper.customer_id)
    assert sorted(row["id"] for row in files) == sorted(shopper.files)
    assert shopper.name in ("", await admin.fetchval("select name from customer where id = $1", shopper.customer_id))


async def assert_nothing_open(site: Site, *, seconds: float = 10) -> None:
    """Assert that no transaction stays open, and no lock of a server."""
    async with site.admin() as admin:
        await until(lambda: admin.fetchval("select count(*) = 0 from pg_stat_activity where state like 'idle in transaction%'"), seconds)
