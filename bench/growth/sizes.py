"""The scaling of Portico's planner and executor: with the number of customers, and with the number of rows of one customer."""

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
BIG = next(person.id for person in PERSONAS if person.email == "big@example.com")


def by_customer(setting: Setting, signed: Signer, count: int) -> dict[str, Seen]:
    """Measure the same page of five for customers with two subscriptions, and for one with five hundred."""
    small = [signed.token(customer_id) for customer_id in asyncio.run(_with_two_subscriptions(setting.place))]
    kinds = {"2 subscriptions": small, "500 subscriptions": [signed.token(BIG)]}
    with ExitStack() as stack:
        servers = {way: stack.enter_context(server(way.command(setting.place, signed))) for way in WAYS}
        turns = {
            (kind, way.name): turn_of(way, [running], Setting(setting.place, tokens, setting.seconds))
            for kind, tokens in kinds.items()
            for way, running in servers.items()
        }
        seen = rounds({f"{kind}|{way}": turn for (kind, way), turn in turns.items()}, count, lambda _: None)
    return {kind: {way.name: [asdict(turn) for turn in seen[f"{kind}|{way.name}"]] for way in WAYS} for kind in kinds}


def by_customers(customers: int, setting: tuple[float, int], console: Console) -> Seen:
    """Measure with a database of this number of customers, which is seeded if it is not stored. `setting` is seconds per turn and rounds."""
    seconds, count = setting
    with database.portal(customers, console) as place, signer() as signed, ExitStack() as stack:
        tokens = [signed.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 2000))]
        common = Setting(place, tokens, seconds)
        turns = {way.name: turn_of(way, [stack.enter_context(server(way.command(place, signed)))], common) for way in WAYS}
        return {name: [asdict(turn) for turn in seen] for name, seen in rounds(turns, count, lambda _: None).items()}


async def _with_two_subscriptions(place: Place) -> list[str]:
    connection = await asyncpg.connect(place.app_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("set local app.actor = 'STAFF'")
            rows = await connection.fetch("select customer_id from subscription group by customer_id having count(*) = 2 order by md5(customer_id) limit 200")
            return [record["customer_id"] for record in rows]
    finally:
        await connection.close()
