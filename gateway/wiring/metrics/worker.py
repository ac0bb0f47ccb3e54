"""The metrics of a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from db.pool import Database
from gateway.monitoring import state
from gateway.monitoring.calls import ProcessorMetrics
from gateway.monitoring.endpoint import MetricsListener, metrics_endpoint
from gateway.monitoring.loop_lag import LoopLag
from gateway.monitoring.queues import Queues, WorkerReadings
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.metrics.listener import exposition, listener_of
from jobs.delivering import DeliveryResult
from jobs.worker import WorkerState
from payments.processor import Processor


@dataclass(slots=True)
class WorkerMetrics:
    """What a worker counts; without a listener nothing."""

    listener: MetricsListener | None
    processors: ProcessorMetrics = field(default_factory=ProcessorMetrics)
    lag: LoopLag = field(default_factory=LoopLag)

    def around_processor(self, processor: Processor) -> Processor:
        """Return the processor, whose calls are counted."""
        return self.processors.around(processor) if self.listener else processor

    @asynccontextmanager
    async def endpoint(self, worker: WorkerState, delivered: DeliveryResult, queues: Database) -> AsyncIterator[None]:
        """Answer scrapes as long as the context. `queues` is a connection of its own, because a worker with a busy pool is still working."""
        if self.listener is None:
            yield
            return
        waiting = Queues(queues)
        counted = (self.processors.readings, self.lag.readings, waiting.readings, WorkerReadings(worker, delivered).readings)
        text = exposition(*counted, state.pool(worker.duties.billing.database), state.build("worker"))
        async with queues, metrics_endpoint(self.listener, text, waiting.refresh):
            lag = asyncio.create_task(self.lag.run())
            try:
                yield
            finally:
                lag.cancel()
                await asyncio.wait({lag})


def worker_metrics(settings: Settings) -> WorkerMetrics:
    """Return the metrics of a worker, with their bound port. Raises PortInUse."""
    return WorkerMetrics(listener_of(settings))
