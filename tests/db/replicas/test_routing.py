"""Which replica is chosen, by what it has replayed, how old that is, and how many connections are free; and connections of a replica that is dropped."""

import asyncio
from functools import partial
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from db.builtin import embedded
from db.outages import DatabaseUnavailable
from db.pool import Database, Pool
from db.replicas.positions import NEWEST, formatted, parsed
from db.replicas.replica import Replica
from db.replicas.routing import MAX_CALLERS, Replicas
from db.unit_of_work import Caller, UnitOfWork
from tests.conftest import ADA, NOW
from tests.waiting import until


def replica(number: int, replayed: int, age_seconds: float = 0.0, **more: Any) -> Replica:
    database: Any = SimpleNamespace(has_free_place=True)
    return Replica(number, partial(Database), database, replayed, monotonic() - age_seconds, **more)


def chosen(replicas: Replicas, *, count: int = 6, caller: str = "customer:a", position: int = 0) -> list[int | None]:
    replicas_ = [replicas.choose(caller, position) for _ in range(count)]
    return [each.number if each else None for each in replicas_]


def test_positions_are_numbers() -> None:
    assert parsed("16/B374D848") == (0x16 << 32) + 0xB374D848
    assert formatted(parsed("16/b374d848") or 0) == "16/B374D848"
    assert [parsed(text) for text in ("", "16", "/1", "1/", "1/123456789", "g/1", "1/1 ", "-1/1")] == [None] * 8
    assert (parsed("FFFFFFFF/FFFFFFFF") or 0) < NEWEST


def test_replicas_answer_in_turn_if_they_have_the_position_and_are_young_enough() -> None:
    ready, behind, old = replica(1, 100), replica(2, 99), replica(3, 100, 3)
    assert chosen(Replicas([ready, replica(2, 100)])) == [2, 1, 2, 1, 2, 1]
    assert chosen(Replicas([ready, behind]), position=100) == [1] * 6
    assert chosen(Replicas([ready, old])) == [1] * 6
    assert chosen(Replicas([behind, old]), position=100) == [None] * 6
    assert chosen(Replicas([ready]), position=NEWEST) == [None] * 6
    assert chosen(Replicas()) == [None] * 6


def test_one_that_is_suspected_closed_or_full_does_not_answer() -> None:
    suspect, closed, full = replica(1, 100), replica(2, 100), replica(3, 100)
    suspect.suspect()
    closed.database = None
    full.database.has_free_place = False  # type: ignore[misc, union-attr]
    replicas = Replicas([suspect, closed, full])
    assert chosen(replicas) == [None] * 6
    replicas.sampled(monotonic(), 90)
    replicas.reached(suspect, 100)
    assert chosen(replicas) == [1] * 6


def test_a_process_remembers_the_last_position_of_a_caller() -> None:
    replicas = Replicas([replica(1, 100)])
    replicas.note("customer:a", 101)
    replicas.note("customer:a", 50)
    assert (chosen(replicas, count=1), chosen(replicas, count=1, caller="customer:b")) == ([None], [1])
    for number in range(MAX_CALLERS):
        replicas.note(f"customer:{number}", 200)
    assert len(replicas.noted) == MAX_CALLERS
    assert chosen(replicas, count=1) == [1]


def test_the_age_of_a_replica_is_that_of_the_newest_position_of_the_primary_that_it_has() -> None:
    one = replica(1, 0, 1000)
    replicas = Replicas([one])
    for read_at, position in ((10.0, 100), (20.0, 200), (30.0, 200), (40.0, 300)):
        replicas.sampled(read_at, position)
    one.fresh_at = float("-inf")
    ages = []
    for position in (99, 100, 199, 200, 299, 300, 300):
        replicas.reached(one, position)
        ages.append(one.fresh_at)
    assert ages == [float("-inf"), 10.0, 10.0, 30.0, 30.0, 40.0, 40.0]


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_replica_that_is_dropped_ends_its_statements_at_once_and_loses_no_place(urls: embedded.Urls, is_running: bool) -> None:
    one = Replica(1, partial(Database, urls.app, Pool(2), server_settings={}))
    await one.use()
    database = one.database
    assert database is not None
    sessions = [UnitOfWork(database, Caller(ADA.customer_id, ADA.kind, NOW)) for _ in range(2)]
    await asyncio.gather(*(session.fetch("select 1", ()) for session in sessions))
    reads = [asyncio.create_task(session.fetch("select pg_sleep(5)", ())) for session in sessions] if is_running else []
    await asyncio.sleep(0.2)
    assert not database.has_free_place
    one.drop("a test")
    one.drop("a test")
    for read in reads:
        with pytest.raises(DatabaseUnavailable):
            await asyncio.wait_for(read, 1)
    for session in sessions:
        await session.close()
    await until(lambda: asyncio.sleep(0, database._queue._slots == 2))
    with pytest.raises(DatabaseUnavailable):  # a query that chose it a moment before
        await UnitOfWork(database, Caller(ADA.customer_id, ADA.kind, NOW)).fetch("select 1", ())
    await one.use()
    assert await one.database._backend._pool.fetchval("select 1") == 1  # type: ignore[union-attr]
    await one.close()
