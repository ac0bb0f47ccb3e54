"""The text of `/metrics`, made by prometheus-client from readings of the process."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from gateway.http.histogram import Histogram
from gateway.monitoring.families import BY_NAME, FAMILIES, MetricFamily, MetricTotal, Reading, Readings


class ReadingsCollector:
    """A collector of prometheus-client. It reads the sources at each scrape, in a thread: they copy what changes meanwhile."""

    def __init__(self, sources: Iterable[Callable[[], Readings]]) -> None:
        self._sources = tuple(sources)

    def collect(self) -> Iterator[Metric]:
        # The library's name of a counter has no suffix; its samples have.
        metrics = {family.name: Metric(family.name.removesuffix("_total"), family.help, family.kind) for family in FAMILIES}
        for source in self._sources:
            for reading in source():
                _add(metrics[reading.name], BY_NAME[reading.name], reading)
        yield from metrics.values()

    def describe(self) -> list[Metric]:
        return []


class Exposition:
    """The metrics of a process in a registry of their own, with those of the process: CPU, memory and file descriptors."""

    def __init__(self, *sources: Callable[[], Readings]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(ReadingsCollector(sources))
        ProcessCollector(registry=self._registry)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the body and its content type: OpenMetrics where the header Accept has it, else the text format of Prometheus."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


def _add(metric: Metric, family: MetricFamily, reading: Reading) -> None:
    labels = dict(zip(family.labels, reading.labels, strict=True))
    if isinstance(reading.value, Histogram):
        bounds = [*map(floatToGoString, reading.value.bounds), "+Inf"]
        counts = list(accumulate(tuple(reading.value.counts)))
        for bound, count in zip(bounds, counts, strict=True):
            metric.add_sample(f"{family.name}_bucket", {**labels, "le": bound}, count)
        metric.add_sample(f"{family.name}_count", labels, counts[-1])
        metric.add_sample(f"{family.name}_sum", labels, reading.value.total)
    elif isinstance(reading.value, MetricTotal):
        metric.add_sample(f"{family.name}_count", labels, reading.value.observations)
        metric.add_sample(f"{family.name}_sum", labels, reading.value.total)
    else:
        metric.add_sample(family.name, labels, reading.value)
