"""A worker without enabled endpoints looks for them seldom, and delivers to one that is made or enabled later."""

import asyncio
from typing import Any

import pytest

from jobs.delivering import Deliverer
from tests.lifecycle.webhooks.conftest import Hooks
from tests.waiting import until
from tests.webhooks.sinks import sink


async def test_an_endpoint_is_found_after_a_pause_without_endpoints(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.delivering.IDLE_SECONDS", 0.05)
    monkeypatch.setattr("jobs.delivering.POLL_SECONDS", 3600.0)  # the pause beside endpoints: without endpoints it is the other one
    await hooks.life.admin.execute("delete from webhook_endpoint")  # those of other tests
    async with sink() as target:
        endpoint: dict[str, Any] = await hooks.endpoint(target)
        events = await hooks.change()
        await hooks.send("saveWebhookEndpoint", "outcome", id=endpoint["id"], isEnabled=False)
        deliverer, stop = Deliverer(hooks.delivering), asyncio.Event()
        running = asyncio.create_task(deliverer.run(stop))
        try:
            await asyncio.sleep(0.2)
            assert target.ids == []
            # The turn that finds the endpoint may not see its events yet, while another transaction runs. One that waited so long already goes on waiting.
            monkeypatch.setattr("jobs.delivering.POLL_SECONDS", 0.05)
            await hooks.send("saveWebhookEndpoint", "outcome", id=endpoint["id"], isEnabled=True)
            await until(lambda: asyncio.sleep(0, target.ids == events))
        finally:
            stop.set()
            await running
