"""The metrics of a server."""

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from gateway.http.graphql.state import AppState, RequestObserver
from gateway.monitoring import state
from gateway.monitoring.calls import ProcessorMetrics
from gateway.monitoring.endpoint import MetricsListener, metrics_endpoint
from gateway.monitoring.loop_lag import LoopLag
from gateway.monitoring.operations import OperationMetrics
from gateway.monitoring.requests import RequestCounter
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.metrics.listener import exposition, listener_of
from payments.processor import Processor


@dataclass(slots=True)
class ServerMetrics:
    """What a server counts. Each part is given to what it observes when the application is composed. Without a listener nothing is observed."""

    listener: MetricsListener | None
    operations: OperationMetrics = field(default_factory=OperationMetrics)
    processors: ProcessorMetrics = field(default_factory=ProcessorMetrics)
    lag: LoopLag = field(default_factory=LoopLag)
    requests: RequestCounter | None = None

    @property
    def observe(self) -> RequestObserver | None:
        """Return what counts a request to `/graphql`."""
        return self.operations.observe if self.listener else None

    def around(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> ASGIApp:
        """Return the application, whose responses are counted."""
        if self.listener:
            self.requests = RequestCounter(app, routes)
        return self.requests or app

    def around_processor(self, processor: Processor) -> Processor:
        """Return the processor, whose calls are counted."""
        return self.processors.around(processor) if self.listener else processor

    def tasks(self, app: AppState) -> tuple[Coroutine[Any, Any, None], ...]:
        """Return what a server runs for its metrics, until it is cancelled."""
        return (self._run(self.listener, app),) if self.listener else ()

    async def _run(self, listener: MetricsListener, app: AppState) -> None:
        counted = [self.operations.readings, self.processors.readings, self.lag.readings]
        if self.requests:
            counted.append(self.requests.readings)
        async with metrics_endpoint(listener, exposition(*counted, state.app(app), state.pool(app.database), state.build("server"))):
            await self.lag.run()


def server_metrics(settings: Settings, listener: MetricsListener | None = None) -> ServerMetrics:
    """Return the metrics of a server, with this listener or else a bound port. Raises PortInUse."""
    return ServerMetrics(listener or listener_of(settings))
