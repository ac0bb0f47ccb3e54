"""The socket of `/metrics` and its text."""

from collections.abc import Callable

from gateway.monitoring.endpoint import MetricsListener, MetricsText, metrics_listener
from gateway.monitoring.families import Readings
from gateway.wiring.configuration.settings import Settings


def listener_of(settings: Settings) -> MetricsListener | None:
    """Return the bound listener; None without PORTICO_METRICS_PORT. Raises PortInUse."""
    return metrics_listener(settings.metrics_host, settings.metrics_port, settings.metrics_secret)


def exposition(*sources: Callable[[], Readings]) -> MetricsText:
    """Return the text of these sources. prometheus-client is imported only here."""
    from gateway.monitoring.exposition import Exposition

    return Exposition(*sources)
