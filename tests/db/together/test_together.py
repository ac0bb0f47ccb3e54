"""Blocks that are read together in one statement give the rows that each gives by itself."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from billing.rows.contracts import Offer
from db.blocks import TOGETHER, block_named, blocks, positional
from db.records import rows_of
from tests.conftest import ADA

# The names of blocks that the program reads together.
NAMES = (
    "contracts.by_id + accounts.around + offers.around",
    "contracts.by_id + accounts.around + offers.around + covers.of_subscription",
    "accounts.around + offers.around",
    "accounts.around + offers.by_ids",
    "owed.invoices + owed.installments + accounts.around",
)
# Read under the lock of a charge, which the demo does not have: tests/lifecycle/payments read it with every payment.
OF_CHARGES = ("charges.lock + charges.attempt",)


async def rows(connection: asyncpg.Connection, name: str, values: dict[str, Any]) -> list[Any]:
    block = block_named(name)
    sql, parameters = positional(block.sql)
    return rows_of(block.returns, await connection.fetch(sql, *(values[parameter] for parameter in parameters)))


@pytest.mark.parametrize("name", NAMES)
async def test_together_they_give_the_same_rows(name: str, app: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'; set local app.now = '2026-11-22T00:00:00Z'")
        count = 0
        subscriptions = await app.fetch("select id, price_id from subscription where customer_id = $1", ADA.customer_id)
        invoices = [record["id"] for record in await app.fetch("select id from invoice where customer_id = $1", ADA.customer_id)]
        for subscription in subscriptions:
            prices = [subscription["price_id"]]
            values = {
                "customer_id": ADA.customer_id,
                "key": subscription["id"],
                "ids": prices,
                "others": [],
                "currency": None,
                "method_id": None,
                "invoice_ids": [],
            }
            if name.startswith("owed"):
                values |= {"ids": invoices, "invoice_ids": invoices}
            together = await rows(app, name, values)
            assert together == [await rows(app, part, values) for part in name.split(TOGETHER)]
            count += sum(map(len, together))
        assert count > len(name.split(TOGETHER))


async def test_a_connection_decodes_lists_of_texts_at_once(app: asyncpg.Connection) -> None:
    """The holds of a contract are a list within a record, a type that a new connection has not met yet."""
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'; set local app.now = '2026-11-22T00:00:00Z'")
        key = await app.fetchval("select id from subscription where customer_id = $1 limit 1", ADA.customer_id)
        values = {"customer_id": ADA.customer_id, "key": key, "ids": [], "others": [], "currency": None, "method_id": None}
        contracts, _, _ = await rows(app, NAMES[0], values)
    assert contracts[0].holds == []


def test_the_list_is_complete(root: Path) -> None:
    """Names are joined in the resolvers only, where this finds them."""
    blocks_named = "|".join(map(re.escape, blocks()))
    pattern = re.compile(rf'"((?:{blocks_named})(?: \+ (?:{blocks_named}))+)"')
    named = {match for path in (root / "resolvers").rglob("*.py") for match in pattern.findall(path.read_text(encoding="utf-8"))}
    assert named <= {*NAMES, *OF_CHARGES}
    assert len(named) >= 3


async def test_offers_around_a_subscription_are_those_by_their_ids(app: asyncpg.Connection) -> None:
    """With the price to which the merchant moves subscriptions from one of them."""
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'; set local app.now = '2026-11-22T00:00:00Z'")
        subscription = await app.fetchrow("select id, price_id from subscription where customer_id = $1 order by id limit 1", ADA.customer_id)
        other = await app.fetchval("select id from price where id <> $1 order by id limit 1", subscription["price_id"])
        values = {"customer_id": ADA.customer_id, "key": subscription["id"], "others": [other], "ids": [subscription["price_id"], other]}
        around, by_ids = await rows(app, "offers.around", values), await rows(app, "offers.by_ids", values)
    prices = [Offer(**{column.name: getattr(offer, column.name) for column in fields(Offer)}) for offer in by_ids]
    assert sorted(around, key=lambda offer: offer.price_id) == sorted(prices, key=lambda offer: offer.price_id)
    assert len(around) == 2
