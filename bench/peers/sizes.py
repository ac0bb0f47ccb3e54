"""How Portico's own two ways grow: with the number of customers, and with how much one customer has."""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import asyncpg
from rich.console import Console

from bench.peers.contestants import EXECUTOR, PLANNER
from bench.peers.measure import Setting, rounds, turn_of
from bench.runner import database
from bench.runner.database import Place
from bench.runner.portal import Signer, signer
from bench.runner.processes import server
from demo import PERSONAS

Seen = dict[str, list[dict[str, Any]]]
WAYS = (PLANNER, EXECUTOR)
BIG = next(shown.id for shown in PERSONAS if shown.email == "big@example.com")


def by_customer(setting: Setting, signed: Signer, count: int) -> dict[str, Seen]:
    """Customers of two subscriptions each, and one of five hundred: the same page of five."""
    small = [signed.token(found) for found in asyncio.run(_with_two_subscriptions(setting.place))]
    kinds = {"2 subscriptions": small, "500 subscriptions": [signed.token(BIG)]}
    with ExitStack() as stack:
        servers = {way: stack.enter_context(server(way.command(setting.place, signed))) for way in WAYS}
        turns = {
            (kind, way.name): turn_of(way, [found], Setting(setting.place, tokens, setting.seconds))
            for kind, tokens in kinds.items()
            for way, found in servers.items()
        }
        seen = rounds({f"{kind}|{way}": turn for (kind, way), turn in turns.items()}, count, lambda _: None)
    return {kind: {way.name: [asdict(turn) for turn in seen[f"{kind}|{way.name}"]] for way in WAYS} for kind in kinds}


def by_customers(customers: int, setting: tuple[float, int], console: Console) -> Seen:
    """A database of so many customers, seeded if it is not kept from last time. `setting` is seconds per turn and rounds."""
    seconds, count = setting
    with database.portal(customers, console) as place, signer() as signed, ExitStack() as stack:
        tokens = [signed.token(found) for found in asyncio.run(database.customer_ids(place, 2000))]
        common = Setting(place, tokens, seconds)
        turns = {way.name: turn_of(way, [stack.enter_context(server(way.command(place, signed)))], common) for way in WAYS}
        return {name: [asdict(turn) for turn in seen] for name, seen in rounds(turns, count, lambda _: None).items()}


async def _with_two_subscriptions(place: Place) -> list[str]:
    connection = await asyncpg.connect(place.app_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("set local app.actor = 'STAFF'")
            found = await connection.fetch("select customer_id from subscription group by customer_id having count(*) = 2 order by md5(customer_id) limit 200")
            return [record["customer_id"] for record in found]
    finally:
        await connection.close()
