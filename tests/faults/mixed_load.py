"""The load of the fault tests and of the soak (`bench/soak`): customers who read, buy, change, upload, and download PDFs, all with retries.

Each customer does one thing at a time and remembers what was confirmed, so that the rows can be compared with it afterwards.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any
from uuid import uuid4

import httpx

from tests.callers.posting import group, headers
from tests.conftest import customer, token
from tests.faults.retrying import PAUSE_SECONDS, GaveUp, RetryingClient, Seen
from tests.lifecycle.conftest import price
from tests.samples import pdf

PAGE = """customer { id name summary { activeSubscriptions } subscriptions(first: 5) { nodes { id status quantity plan { name } } }
  invoices(first: 5) { nodes { id number total { amount } lines { nodes { description } } } } payments(first: 3) { nodes { id status } } }"""
READ = f"query Page {{ {PAGE} }}"
# A field that only the executor runs.
READ_BY_EXECUTOR = f'query Page {{ {PAGE} operation(idempotencyKey: "none") {{ state }} }}'
BUY = """mutation Buy($key: String!, $price: ID!) { result: addPlan(input: { idempotencyKey: $key, priceId: $price }) {
  userErrors { code } subscription { id } invoice { id } payment { status } } }"""
CHANGE = """mutation Change($key: String!, $id: ID!, $quantity: Int!) { result: updateQuantity(input: { idempotencyKey: $key, subscriptionId: $id, quantity: $quantity, when: NOW }) {
  userErrors { code } subscription { id quantity } } }"""
CANCEL = """mutation Cancel($key: String!, $id: ID!) { result: cancelSubscription(input: { idempotencyKey: $key, subscriptionId: $id, when: NOW, reason: UNUSED }) {
  userErrors { code } subscription { id } } }"""
RENAME = "mutation Rename($name: String!) { result: updateProfile(input: { name: $name }) { userErrors { code } customer { name } } }"
DOCUMENT = "query Paper($id: ID!) { node(id: $id) { ... on Invoice { document { url } } } }"
FILE = pdf(20_000)
# An earlier try of the same call goes on, or its server was killed: its lease ends after 20 seconds. Or the customer's other call is under way.
PASSING = {"IN_PROGRESS"}


@dataclass
class Shopper:
    """A customer, and what was confirmed: the ids of subscriptions with their quantities, of canceled ones, of invoices and of files."""

    customer_id: str
    client: RetryingClient
    chance: random.Random
    name: str = ""
    quantities: dict[str, int] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    invoices: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    most_subscriptions: int = 5

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(customer(self.customer_id))}"}

    async def read(self) -> None:
        query = self.chance.choice((READ, READ_BY_EXECUTOR))
        data = await self.client.ask("read", query, self.headers)
        if data["customer"]["id"] != self.customer_id:
            self.client.seen.wrong.append(f"read: the page of {data['customer']['id']} was sent to {self.customer_id}")
        if self.name and data["customer"]["name"] != self.name:
            self.client.seen.wrong.append(f"read: the name is {data['customer']['name']}, and {self.name} was confirmed")

    async def buy(self) -> None:
        """Buy, and cancel what is too much."""
        payload = await self.call("buy", BUY, price=price("storage"))
        self.quantities[payload["subscription"]["id"]] = 1
        self.invoices.append(payload["invoice"]["id"])
        if len(self.quantities) > self.most_subscriptions:
            await self.cancel(next(iter(self.quantities)))

    async def cancel(self, subscription: str) -> None:
        await self.call("cancel", CANCEL, id=subscription)
        self.canceled.add(subscription)
        del self.quantities[subscription]

    async def change(self) -> None:
        if self.quantities:
            subscription = self.chance.choice(list(self.quantities))
            quantity = self.chance.choice([number for number in range(1, 20) if number != self.quantities[subscription]])
            await self.call("change", CHANGE, id=subscription, quantity=quantity)
            self.quantities[subscription] = quantity

    async def rename(self) -> None:
        name = f"Name {self.chance.getrandbits(60)}"
        self.name = ""  # unknown until it is confirmed
        await self.client.ask("rename", RENAME, self.headers, name=name)
        self.name = name

    async def upload(self) -> None:
        if self.invoices:
            key = uuid4().hex
            body, head = group(self.invoices[-1], ("a.pdf", FILE), key=key), headers(customer(self.customer_id))
            while True:
                response = await self.client.send("upload", "POST", "/graphql", content=body, headers=head)
                payload = self.client.data("upload", response)["uploadAttachments"]
                if await self.is_done("upload", payload):
                    self.files.append(payload["attachments"][0]["id"])
                    return

    async def print(self) -> None:
        """Print an invoice. A URL that has expired is requested anew, once; tests whose clock does not jump refuse the outcome 403."""
        if self.invoices:
            response = await self._print(self.chance.choice(self.invoices))
            if response.status_code == 403:
                response = await self._print(self.invoices[-1])
            if response.status_code != 200 or not response.content.startswith(b"%PDF-"):
                self.client.seen.wrong.append(f"print: {response.status_code} {response.content[:200]!r}")

    async def _print(self, invoice: str) -> httpx.Response:
        data = await self.client.ask("print", DOCUMENT, self.headers, id=invoice)
        return await self.client.send("print", "GET", httpx.URL(data["node"]["document"]["url"]).raw_path.decode())

    async def call(self, action: str, query: str, **variables: Any) -> Any:
        """Call a mutation with a key until it is done. Returns its payload."""
        key = uuid4().hex
        while True:
            payload = (await self.client.ask(action, query, self.headers, key=key, **variables))["result"]
            if await self.is_done(action, payload):
                return payload

    async def is_done(self, action: str, payload: Any) -> bool:
        """Whether the call is done; False after a pause if it has to be sent again. Raises GaveUp."""
        codes = {error["code"] for error in payload["userErrors"]}
        if not codes:
            return True
        if not codes <= PASSING:
            self.client.seen.wrong.append(f"{action}: {payload}")
            raise GaveUp(action)
        self.client.seen.answers[action, "IN_PROGRESS"] += 1
        await asyncio.sleep(PAUSE_SECONDS)
        return False


# How often each action comes, out of the sum.
ACTIONS: dict[Callable[[Shopper], Awaitable[None]], int] = {
    Shopper.read: 8,
    Shopper.rename: 2,
    Shopper.buy: 3,
    Shopper.change: 3,
    Shopper.upload: 2,
    Shopper.print: 1,
}


@dataclass
class MixedLoad:
    """Customers who call until `over` is set, each with a pause after each action.

    At most `at_once` call at a time. With `visit`, each does so many actions and then the next one comes, so that no customer's history grows for ever.
    """

    shoppers: list[Shopper]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    pause_seconds: float = 0.02
    at_once: int = 1_000
    visit: int | None = None

    @property
    def seen(self) -> Seen:
        return self.shoppers[0].client.seen

    async def run(self) -> None:
        """Run until `over`, and what each customer has begun to its end."""
        waiting = cycle(self.shoppers)
        await asyncio.gather(*(self._visits(waiting) for _ in range(min(self.at_once, len(self.shoppers)))))

    async def _visits(self, waiting: Iterator[Shopper]) -> None:
        while not self.over.is_set():
            try:
                await self._shop(next(waiting))
            except GaveUp:  # it is noted as wrong
                if self.visit is None:
                    return

    async def _shop(self, shopper: Shopper) -> None:
        actions, weights = list(ACTIONS), list(ACTIONS.values())
        for number in count():
            if self.over.is_set() or number == self.visit:
                return
            (action,) = shopper.chance.choices(actions, weights)
            await action(shopper)
            await asyncio.sleep(self.pause_seconds)


def shoppers(customers: list[str], client: RetryingClient, *, seed: int) -> list[Shopper]:
    return [Shopper(customer_id, client, random.Random(seed + number)) for number, customer_id in enumerate(customers)]
