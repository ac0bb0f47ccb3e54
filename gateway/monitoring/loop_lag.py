"""The lag of the event loop: by how much its timers are late, because something else runs."""

import asyncio

from gateway.http.histogram import Histogram
from gateway.monitoring.families import Reading, Readings

INTERVAL_SECONDS = 0.25
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class LoopLag:
    def __init__(self) -> None:
        self._seconds = Histogram(SECONDS)

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_at = loop.time() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self._seconds.observe(max(0.0, loop.time() - due_at))

    def readings(self) -> Readings:
        yield Reading("portico_event_loop_lag_seconds", (), self._seconds)
