"""The process that delivers is killed at every statement and around every message. Each event arrives all the same, with the same id whenever it is sent again."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from jobs.delivering import LEASE, Deliverer
from tests.lifecycle.subscriptions.test_kill import EVERYTHING, KillPoint, killable
from tests.lifecycle.webhooks.conftest import Hooks
from tests.webhooks.sinks import sink
from webhooks.client import HttpAnswer, WebhookClient


class KillableClient:
    """A client with a point before and after each message."""

    def __init__(self, client: WebhookClient, kill_point: KillPoint) -> None:
        self._client, self._kill_point = client, kill_point

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer: HttpAnswer = await self._kill_point.check_around(self._client.post(url, headers, body))
        return answer


async def run_and_die(deliverer: Deliverer) -> None:
    """Run what a process would: tasks of a killed one do nothing more."""
    await deliverer.turn()
    tasks = list(deliverer._tasks)
    try:
        await deliverer.settle()
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_killed_at_every_await_a_process_loses_no_event(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sink() as target:
        endpoint = await hooks.endpoint(target)
        sent_twice = 0
        for turn in range(EVERYTHING):
            target.received.clear()
            events = await hooks.change(2)
            kill_point = KillPoint(turn)
            with killable(hooks.life, kill_point, monkeypatch):
                client = KillableClient(hooks.delivering.client, kill_point)
                await kill_point.run_until_killed(run_and_die(Deliverer(replace(hooks.delivering, client=client))))  # type: ignore[arg-type]
            await hooks.deliver(seconds=LEASE.total_seconds() + 1)
            await hooks.deliver(seconds=LEASE.total_seconds() + 1)
            assert set(target.ids) == set(events), turn
            sent_twice += len(target.ids) > len(events)
            deliveries = (await hooks.deliveries(endpoint))[-2:]
            assert [(row["event_id"], row["status"]) for row in deliveries] == [(event, "DELIVERED") for event in events], turn
            if not kill_point.is_killed:
                assert turn > 10
                assert sent_twice > 0, "a kill between the answer and its record sends the message again"
                return
    pytest.fail("it never got through")
