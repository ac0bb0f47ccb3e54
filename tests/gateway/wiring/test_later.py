"""What is done after the answer: nothing of it is lost without a line of the log."""

import asyncio
import logging

import pytest

from gateway.http.capacity.after_response import DeferredTasks


async def quick(done: list[str]) -> None:
    await asyncio.sleep(0)
    done.append("quick")


async def endless(done: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        done.append("cancelled")


async def failing() -> None:
    raise ValueError("no such thing")


async def test_what_runs_is_finished_and_so_is_what_it_begins(caplog: pytest.LogCaptureFixture) -> None:
    later, done = DeferredTasks(), list[str]()

    async def chained() -> None:
        later(quick(done))

    later(chained())
    await later.finish()
    assert done == ["quick"]
    assert caplog.records == []


async def test_what_does_not_end_in_time_is_cancelled_counted_and_named(caplog: pytest.LogCaptureFixture) -> None:
    later, done = DeferredTasks(), list[str]()
    for work in (endless(done), endless(done), quick(done)):
        later(work)
    await asyncio.wait_for(later.finish(0.05), 5)
    assert sorted(done) == ["cancelled", "cancelled", "quick"]
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == "the process ends before these tasks, which are left to the worker: 2 × endless"


async def test_what_fails_is_a_line_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    later = DeferredTasks()
    later(failing())
    await later.finish()
    (line,) = caplog.records
    assert line.getMessage() == "failing failed after the response and is left to the worker: ValueError: no such thing"
