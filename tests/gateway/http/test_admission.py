"""Places for operations, and how callers share them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.http.capacity.admission import Admission, Overloaded


def admission(*, running: int = 4, queued: int = 8, wait_seconds: float = 5.0, per_caller: int | None = None) -> Admission:
    return Admission(running=running, queued=queued, wait_seconds=wait_seconds, per_caller=per_caller)


@asynccontextmanager
async def holding(places: Admission, caller: str, count: int) -> AsyncIterator[Callable[[], None]]:
    """Hold so many places; the function gives back one of them."""
    leaving = [asyncio.Event() for _ in range(count)]

    async def hold(event: asyncio.Event) -> None:
        async with places.place(caller):
            await event.wait()

    tasks = [asyncio.create_task(hold(event)) for event in leaving]
    await asyncio.sleep(0)
    remaining = iter(leaving)
    yield lambda: next(remaining).set()
    for event in leaving:
        event.set()
    await asyncio.gather(*tasks)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Waiting:
    """Operations that wait, and the order in which they got their places."""

    def __init__(self, places: Admission) -> None:
        self._places = places
        self.order: list[str] = []
        self.refused: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def join(self, *names: str) -> None:
        """A name is the caller, and a number for the reader: `a1`."""
        self.tasks += [asyncio.create_task(self._run(name)) for name in names]
        await asyncio.sleep(0)

    async def _run(self, name: str) -> None:
        try:
            async with self._places.place(name[0]):
                self.order.append(name)
        except Overloaded:
            self.refused.append(name)


async def test_waiting_operations_are_served_in_turns_of_their_callers() -> None:
    places = admission(running=1)
    waiting = Waiting(places)
    async with holding(places, "x", 1):
        await waiting.join("a1", "a2", "a3", "b1", "b2", "c1")
    await asyncio.gather(*waiting.tasks)
    assert waiting.order == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_a_place_that_comes_free_goes_to_the_caller_who_holds_the_fewest() -> None:
    places = admission(running=4, per_caller=4)
    waiting = Waiting(places)
    async with holding(places, "a", 4) as leave:
        await waiting.join("a1", "a2", "b1")
        leave()
        await settle()
        assert waiting.order[0] == "b1"
    await asyncio.gather(*waiting.tasks)
    assert waiting.order == ["b1", "a1", "a2"]


async def test_one_caller_leaves_places_to_others_however_many_operations_wait() -> None:
    places = admission(running=4)
    waiting = Waiting(places)
    async with holding(places, "a", 2):
        await waiting.join("a1", "a2")
        assert waiting.order == [], "half of the places are the most that one caller has"
        await waiting.join("b1", "c1")
        assert waiting.order == ["b1", "c1"], "others do not wait behind it"
    await asyncio.gather(*waiting.tasks)
    assert waiting.order == ["b1", "c1", "a1", "a2"]


async def test_a_caller_alone_is_never_refused_a_place_that_is_within_its_share() -> None:
    places, entered = admission(running=1, queued=0), 0
    for _ in range(2):
        async with places.place("a"):
            entered += 1
            with pytest.raises(Overloaded):  # the control: beside itself there is no place
                places.check("a")
    assert entered == 2


async def test_beyond_the_queue_the_newest_of_the_longest_queue_is_refused_at_once() -> None:
    places = admission(running=1, queued=3)
    waiting = Waiting(places)
    async with holding(places, "x", 1):
        await waiting.join("a1", "a2", "a3")
        with pytest.raises(Overloaded):
            places.check("a")
        places.check("b")
        await waiting.join("a4")
        assert waiting.refused == ["a4"]
        await waiting.join("b1")
        await settle()
        assert waiting.refused == ["a4", "a3"]
        await waiting.join("b2")
        assert waiting.refused == ["a4", "a3", "b2"], "b's queue would be longer than a's"
    await asyncio.gather(*waiting.tasks)
    assert waiting.order == ["a1", "b1", "a2"]


async def test_who_waits_too_long_is_refused_in_time_and_leaves_the_queue() -> None:
    places = admission(running=1, queued=1, wait_seconds=0.05)
    async with holding(places, "x", 1):
        began = time.perf_counter()
        with pytest.raises(Overloaded):
            async with places.place("a"):
                pass
        assert 0.04 < time.perf_counter() - began < 1
        places.check("a")
    async with places.place("a"):
        pass


async def test_a_place_that_comes_free_too_late_is_not_granted_even_when_the_loop_was_too_busy_for_the_timer() -> None:
    places = admission(running=1, wait_seconds=0.02)
    waiting = Waiting(places)
    async with holding(places, "x", 1) as leave:
        await waiting.join("a1")
        leave()
        time.sleep(0.05)  # noqa: ASYNC251  # the loop is busy: neither the timer nor the release has run yet
        await asyncio.gather(*waiting.tasks)
    assert (waiting.refused, waiting.order) == (["a1"], [])


async def test_an_operation_that_is_cancelled_while_it_waits_leaves_the_queue() -> None:
    places = admission(running=1, queued=1)
    waiting = Waiting(places)
    async with holding(places, "x", 1):
        await waiting.join("a1")
        waiting.tasks[0].cancel()
        await settle()
        await waiting.join("b1")
    await asyncio.gather(*waiting.tasks, return_exceptions=True)
    assert waiting.order == ["b1"]


async def test_a_place_granted_to_an_operation_that_is_cancelled_in_that_moment_goes_to_the_next() -> None:
    places = admission(running=1)
    waiting = Waiting(places)
    async with holding(places, "x", 1) as leave:
        await waiting.join("a1", "b1")
        leave()
        await asyncio.sleep(0)  # the place is granted to a1, whose task has not run yet
        assert waiting.order == []
        waiting.tasks[0].cancel()
        await settle()
    await asyncio.gather(*waiting.tasks, return_exceptions=True)
    assert waiting.order == ["b1"]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_no_place_is_lost_and_none_is_given_twice(seed: int) -> None:
    """Random callers come, work, fail, are cancelled and time out; afterwards every place is free and nothing is remembered of anybody."""
    dice = random.Random(seed)
    places = admission(running=3, queued=4, wait_seconds=0.003, per_caller=2)
    running: list[str] = []

    async def operate(caller: str) -> None:
        await asyncio.sleep(dice.random() * 0.01)
        async with places.place(caller):
            running.append(caller)
            try:
                assert len(running) <= 3
                assert running.count(caller) <= 2
                await asyncio.sleep(dice.random() * 0.003)
                if dice.random() < 0.2:
                    raise ValueError("a bug")
            finally:
                running.remove(caller)

    tasks = [asyncio.create_task(operate(dice.choice("abcde"))) for _ in range(100)]
    for task in dice.sample(tasks, 40):
        asyncio.get_running_loop().call_later(dice.random() * 0.015, task.cancel)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {type(None), Overloaded, ValueError, asyncio.CancelledError}
    assert {type(None), Overloaded} <= {type(outcome) for outcome in outcomes}
    async with holding(places, "a", 2), holding(places, "b", 1):
        with pytest.raises(Overloaded):
            await asyncio.wait_for(places.place("c").__aenter__(), 1)
    assert vars(places)["_free"] == 3
    assert not any(vars(places)[name] for name in ("_running", "_waiting", "_length"))


async def test_places_are_used_while_an_operation_runs_and_for_a_moment_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    places = admission()
    assert not places.is_used()
    async with places.place("a"):
        assert places.is_used()
    assert places.is_used()
    monkeypatch.setattr("gateway.http.capacity.admission.RECENT_SECONDS", 0.0)
    assert not places.is_used()
