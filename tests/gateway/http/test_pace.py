"""Work that would hold up the event loop, in parts and in threads."""

import asyncio
import threading
import time

import pytest

from gateway.http.capacity.threads import run_in_thread
from resolvers.pace import ROWS_AT_ONCE, CompletionPacer
from tests.conftest import BIG, Portal

PAGES = "{ " + " ".join(f"a{number}: customer {{ payments(first: {number + 40}) {{ nodes {{ amount {{ formatted }} }} }} }}" for number in range(10)) + " }"


async def test_few_rows_are_completed_without_a_pause() -> None:
    pace = CompletionPacer()
    for _ in range(ROWS_AT_ONCE):
        with pytest.raises(StopIteration):
            pace.take(1).send(None)


async def test_many_rows_are_completed_in_parts_between_which_others_run() -> None:
    pace, done, turns = CompletionPacer(), [], 0

    async def complete(rows: int) -> None:
        await pace.take(rows)
        done.append(turns)

    async def other() -> None:
        nonlocal turns
        while len(done) < 20:
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(*(complete(ROWS_AT_ONCE // 2) for _ in range(20)), other())
    assert max(done.count(turn) for turn in done) == 2
    assert done == sorted(done)


async def test_rows_that_nobody_waits_for_any_more_take_no_part() -> None:
    pace = CompletionPacer()
    tasks = [asyncio.create_task(pace.take(ROWS_AT_ONCE)) for _ in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert [task.cancelled() for task in tasks] == [False, True, False, False]


async def test_an_answer_of_many_rows_is_the_same_and_lets_others_run(portal: Portal) -> None:
    """As many turns of the event loop pass as there are parts; the planner's answer is the same."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.0005)

    counting = asyncio.create_task(count())
    executed = await portal.execute(PAGES, BIG)
    counting.cancel()
    planned = await portal.plan(PAGES, BIG)
    assert planned is not None
    assert planned.data == executed.data
    assert turns > 9


async def test_work_beside_the_loop_is_done_in_a_thread() -> None:
    assert await run_in_thread(threading.current_thread) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(lambda: 1 // 0)


async def test_whoever_is_cancelled_waits_for_the_thread() -> None:
    done = threading.Event()

    def work() -> None:
        time.sleep(0.1)
        done.set()

    task = asyncio.create_task(run_in_thread(work))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
