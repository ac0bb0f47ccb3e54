"""Fixtures of tests of outgoing webhooks: a database of their own, so that endpoints read the events of one test only, and a process that delivers with the test's clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from auth.seal import Seal
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin import embedded
from db.pool import Database, Pool
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.webhooks import TrustedPayloads
from jobs.delivering import Deliverer, Delivering
from mail.brand import Brand
from resolvers.context import Letterhead, Webhooks
from tests.conftest import SECRET, STAFF, Portal, closing_pool
from tests.lifecycle.conftest import Life, fill, living
from tests.template import create_database
from tests.webhooks.sinks import Sink
from webhooks.client import WebhookClient
from webhooks.targets import TargetPolicy, resolve_name

ENDPOINT = "id url types payload documentId scopes signsEd25519 publicKey status disabledReason disabledAt failingSince version"
DELIVERY = "id eventId type objectId customerId status attemptCount nextAttemptAt attempts { number statusCode error answer milliseconds }"


@pytest.fixture(scope="session")
async def place(urls: embedded.Urls) -> embedded.Urls:
    database = await create_database(urls, "webhooks")
    await fill(database.admin)
    return database


@pytest.fixture(scope="session")
async def pool(place: embedded.Urls) -> AsyncIterator[Database]:
    """Not the pool of the other modules, which a process of tests has made for their database."""
    async with closing_pool(Database(place.app, Pool(max_size=8), server_settings={})) as opened:
        yield opened


@dataclass
class Hooks:
    """One customer whose changes are events, and the deliveries of one process."""

    life: Life
    delivering: Delivering

    @property
    def now(self) -> datetime:
        return self.life.now

    async def send(self, mutation: str, selection: str, viewer: Viewer = STAFF, **arguments: Any) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:] + "Input"
        text = f"mutation M($input: {name}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code path message }} }} }}"
        payload: dict[str, Any] = (await self.life.ask(text, viewer, input=arguments))[mutation]
        return payload

    async def endpoint(self, sink: Sink, **arguments: Any) -> dict[str, Any]:
        """Make an endpoint and return it, with its secret."""
        payload = await self.send("saveWebhookEndpoint", f"secret endpoint {{ {ENDPOINT} }}", url=sink.url, **arguments)
        assert payload["userErrors"] == [], payload
        return payload["endpoint"] | {"secret": payload["secret"]}

    async def change(self, count: int = 1) -> list[str]:
        """Change the customer so many times, each in a transaction of its own, and return the ids of the events."""
        for _ in range(count):
            await self.life.admin.execute("update customer set version = version + 1, name = name || '.' where id = $1", self.life.customer_id)
        last = await self.life.admin.fetchval("select seq from event_counter where owner_id = $1", self.life.customer_id)
        await self.announce()
        return [f"evt_{self.life.customer_id[4:]}_{seq}" for seq in range(last - count + 1, last + 1)]

    async def others(self, count: int) -> None:
        """Add so many customers, each with an event of another object."""
        await self.life.admin.execute(
            """insert into customer (id, name, email, locale, time_zone, currency, created_at)
               select 'cus_' || lpad(to_hex(n), 4, '0') || substr($1, 9), 'Other', n || $1 || '@example.com', 'en', 'UTC', 'USD', $3 from generate_series(1, $2) n""",
            self.life.customer_id, count, self.now,
        )  # fmt: skip
        await self.announce()

    async def announce(self) -> None:
        while await self.life.admin.fetchval("select announce_events(5000)") > 0:
            pass

    async def deliver(self, *, seconds: float = 0) -> Deliverer:
        """Let time pass, and deliver what is due then."""
        self.life.now += timedelta(seconds=seconds)
        deliverer = Deliverer(self.delivering)
        while await deliverer.turn() or deliverer.may_have_more:
            await deliverer.settle()
        return deliverer

    async def deliveries(self, endpoint: dict[str, Any]) -> list[asyncpg.Record]:
        return await self.life.admin.fetch("select * from webhook_delivery where endpoint_id = $1 order by owner_id, seq", endpoint["id"])

    async def attempts(self, endpoint: dict[str, Any]) -> list[asyncpg.Record]:
        return await self.life.admin.fetch(
            "select a.* from webhook_attempt a join webhook_delivery d on d.id = a.delivery_id where d.endpoint_id = $1 order by d.seq, a.number",
            endpoint["id"],
        )

    async def read(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        listed = (await self.life.ask(f"{{ webhookEndpoints(first: 100) {{ nodes {{ {ENDPOINT} deliveries {{ nodes {{ {DELIVERY} }} }} }} }} }}", STAFF))[
            "webhookEndpoints"
        ]
        (wanted,) = [node for node in listed["nodes"] if node["id"] == endpoint["id"]]
        return wanted


@pytest.fixture
async def hooks(portal: Portal, pool: Database, owner: asyncpg.Connection) -> AsyncIterator[Hooks]:
    async with living(portal, pool, owner) as life:
        settings = Settings(environment="development", secret=SECRET)
        documents = TrustedPayloads(pool, lambda: portal.schema, settings)
        policy = TargetPolicy(is_development=True)
        life.webhooks = Webhooks(Seal(SECRET, "webhooks"), policy, resolve_name, documents)
        life.identity = None
        letterhead = Letterhead("Example", "https://portal.example.com", Seal(SECRET), Brand(), frozenset())
        client = WebhookClient(policy)
        hooks = Hooks(life, Delivering(pool, life.webhooks, client, letterhead, lambda: life.now, lambda: 0.5))
        await owner.execute("delete from webhook_endpoint")
        await owner.execute("delete from event")  # a replay would send those of earlier tests, too
        await hooks.announce()
        yield hooks
        await client.close()
        await owner.execute("delete from webhook_endpoint")
        await owner.execute("delete from letter where kind = 'webhook_disabled'")


def with_scopes(*scopes: str) -> Viewer:
    return Viewer(Actor.STAFF, None, scopes, "tests")


def replaced(hooks: Hooks, **what: Any) -> Hooks:
    return replace(hooks, delivering=replace(hooks.delivering, **what))
