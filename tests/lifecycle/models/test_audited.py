"""Random operations of several customers, of staff and of the billing clock that they share: afterwards every invariant of the audit holds for all of them."""

from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
from graphql import get_named_type

from db.pool import Database
from tests.auditing import violations
from tests.conftest import Portal
from tests.depth import SEED, by_depth
from tests.lifecycle.conftest import living
from tests.lifecycle.invoicing.staff import usd
from tests.lifecycle.models.histories import PASSING, SUBJECTS, History, Sent, for_sale

CUSTOMERS = 4
# The audit runs after each stride, so that a failure is not far from its cause.
OPERATIONS, STRIDE = by_depth(200, 2_000), 100
# Mutations about a customer, which the histories of one customer do not have.
OF_A_CUSTOMER = {"createInvoice", "recordPayment", "adjustBalance", "saveCustomer", "updateProfile"}
# What would often be refused: an id that another object has, and a day that has not come.
OMITTED = {"externalId", "receivedOn"}
# A run must carry these out, or it proves nothing about staff.
OF_STAFF = {"createInvoice", "creditInvoice", "recordPayment", "adjustBalance", "createPaymentSchedule"}
done: Counter[str] = Counter()


class Neighbour(History):
    """A history with the inputs of staff."""

    async def value(self, name: str, kind: Any) -> Any:
        if get_named_type(kind).name == "MoneyInput":
            minor = self.chance.choice([0, 1, 250, 999, 4_000])
            return usd(f"{minor // 100}.{minor % 100:02}")
        if name == "lines":
            return [{"description": "Work", "quantity": self.chance.randint(1, 3), "unitAmount": usd(f"{self.chance.randint(1, 40)}.50")}]
        if name == "customerId":
            return self.life.customer_id
        if name in OMITTED:
            return None
        return await super().value(name, kind)

    async def arguments(self, mutation: str) -> dict[str, Any] | None:
        """Name one subject, where only one is allowed, and the customer only where staff must."""
        if mutation == "saveCustomer":
            return {"id": self.life.customer_id, "name": self.chance.choice(["A", "B"]), "taxRate": self.chance.choice(["0", "8.1", "19"])}
        if mutation == "updateProfile":
            return {"name": self.chance.choice(["A", "B"])}
        arguments = await super().arguments(mutation)
        if arguments is not None and mutation == "creditInvoice":
            left_out = {"lines"} if self.chance.random() < 0.3 else {"lines", "refund", "toBalance", "paymentId"}
            return {name: value for name, value in arguments.items() if name not in left_out}
        if arguments is not None and mutation == "recordPayment":
            subjects = [name for name in ("customerId", "invoiceId", "installmentId") if name in arguments]
            left = self.chance.choice(subjects) if subjects else None
            return {name: value for name, value in arguments.items() if name not in subjects or name == left}
        return arguments

    async def call(self, mutation: str, arguments: dict[str, Any]) -> Sent:
        sent = await super().call(mutation, arguments)
        done[mutation] += sent.code is None
        return sent

    async def operation(self) -> None:
        if self.chance.random() < 0.3:
            await self.send(self.chance.choice(sorted(OF_A_CUSTOMER | OF_STAFF)))
        else:
            await self.step()

    async def advance(self, length: timedelta, *, is_clock_late: bool = False) -> None:
        """Do nothing: the clock is of all customers."""

    async def tick(self) -> None:
        """Do nothing."""

    async def pass_of_all(self) -> None:
        await super().tick()


async def test_the_audit_holds_after_random_operations_of_neighbours_staff_and_clock(portal: Portal, pool: Database, owner: asyncpg.Connection) -> None:
    assert {"invoiceId", "priceId"} <= SUBJECTS
    chance, catalogue = Random(SEED), await for_sale(owner)
    async with AsyncExitStack() as stack:
        neighbours = [Neighbour(await stack.enter_async_context(living(portal, pool, owner)), chance, catalogue) for _ in range(CUSTOMERS)]
        for neighbour in neighbours:
            neighbour.life.sandbox = neighbours[0].life.sandbox  # of which the clock has one
            await neighbour.begin()
        for number in range(OPERATIONS):
            await one_operation(chance, neighbours)
            if number % STRIDE == STRIDE - 1:
                await agrees(owner, neighbours)
    # In a short run chance may leave out what is possible only seldom.
    missing = {name for name in OF_STAFF if not done[name]}
    assert len(missing) <= by_depth(2, 0), (missing, done)


async def one_operation(chance: Random, neighbours: list[Neighbour]) -> None:
    if chance.random() < 0.2:
        now = neighbours[0].life.now + chance.choice(PASSING)
        for neighbour in neighbours:
            neighbour.life.now = now
        await neighbours[0].pass_of_all()
    else:
        await chance.choice(neighbours).operation()


async def agrees(owner: asyncpg.Connection, neighbours: list[Neighbour]) -> None:
    problems = await violations(owner, {neighbour.life.customer_id for neighbour in neighbours}, is_whole=True)
    assert problems == [], "\n".join([*problems, *(line for neighbour in neighbours for line in neighbour.log)])
