"""Uploads and other operations on one event loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from gateway.http.capacity.flow import STEP_BYTES, Flow


def waits(passing: Coroutine[Any, Any, None]) -> bool:
    """Whether it gives the event loop to others before it goes on."""
    try:
        passing.send(None)
    except StopIteration:
        return False
    passing.close()
    return True


async def test_bytes_pass_without_a_pause_where_nothing_else_runs() -> None:
    flow = Flow(lambda: False)
    assert not waits(flow.passed(100 * STEP_BYTES))


async def test_beside_other_operations_there_is_a_pause_after_each_step() -> None:
    flow = Flow(lambda: True)
    assert not waits(flow.passed(STEP_BYTES - 1))
    assert waits(flow.passed(1))
    assert not waits(flow.passed(STEP_BYTES - 1))


async def test_all_uploads_together_have_one_step() -> None:
    flow, order = Flow(lambda: True), []

    async def upload(name: str, size: int) -> None:
        await flow.passed(size)
        order.append(name)

    pausing = asyncio.create_task(upload("pauses", STEP_BYTES))
    await asyncio.sleep(0)
    await upload("comes behind it", 1)
    await pausing
    assert order == ["pauses", "comes behind it"]


async def test_who_is_cancelled_in_a_pause_lets_others_go_on() -> None:
    flow = Flow(lambda: True)
    pausing = asyncio.create_task(flow.passed(STEP_BYTES))
    await asyncio.sleep(0)
    pausing.cancel()
    await asyncio.wait({pausing})
    assert pausing.cancelled()
    assert not waits(flow.passed(1))
