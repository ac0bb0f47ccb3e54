"""The turns of Portico's planner and executor with many rows of one customer, and with many customers."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import asyncpg
from rich.console import Console

from bench.peers.contestants import EXECUTOR, PLANNER
from bench.peers.measure import Setting, Turn, rounds, turn_of
from bench.runner import database
from bench.runner.database import Place
from bench.runner.portal import Signer
from bench.runner.processes import server
from demo import PERSONAS

# The turns of each way to answer, by what was compared.
Compared = dict[str, dict[str, list[Turn]]]
WAYS = (PLANNER, EXECUTOR)
BIG = next(person.id for person in PERSONAS if person.email == "big@example.com")


def by_customer(setting: Setting, signer: Signer, count: int) -> Compared:
    """Measure the same page of five for customers with two subscriptions, whose tokens are those of the setting, and for one with five hundred."""
    settings = {"2 subscriptions": setting, "500 subscriptions": Setting(setting.place, [signer.token(BIG)], setting.seconds)}
    return _in_turns(settings, signer, count)


def by_customers(sizes: Sequence[int], turns: tuple[float, int], signer: Signer, console: Console) -> Compared:
    """Measure databases with these numbers of customers. `turns` is seconds per turn and rounds."""
    seconds, count = turns
    with ExitStack() as stack:
        places = {size: stack.enter_context(database.portal(size, console)) for size in sizes}
        tokens = {size: [signer.token(customer_id) for customer_id in asyncio.run(database.customer_ids(place, 2000))] for size, place in places.items()}
        return _in_turns({f"{size:,}": Setting(place, tokens[size], seconds) for size, place in places.items()}, signer, count)


def _in_turns(settings: dict[str, Setting], signer: Signer, count: int) -> Compared:
    turns: dict[str, Callable[[], Turn]] = {}
    with ExitStack() as stack:
        for kind, setting in settings.items():
            for way in WAYS:
                running = stack.enter_context(server(way.command(setting.place, signer)))
                turns[f"{kind}|{way.name}"] = turn_of(way, [running], setting)
        seen = rounds(turns, count, lambda _: None)
    return {kind: {way.name: seen[f"{kind}|{way.name}"] for way in WAYS} for kind in settings}


async def with_two_subscriptions(place: Place) -> list[str]:
    """Return the ids of customers with two subscriptions."""
    connection = await asyncpg.connect(place.app_url)
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("set local app.actor = 'STAFF'")
            rows = await connection.fetch("select customer_id from subscription group by customer_id having count(*) = 2 order by md5(customer_id) limit 200")
            return [record["customer_id"] for record in rows]
    finally:
        await connection.close()
