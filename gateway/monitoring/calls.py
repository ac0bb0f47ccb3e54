"""Observes the calls of a port, such as a payment processor, around whichever object implements it."""

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any, TypeVar, cast

from gateway.http.histogram import Histogram
from gateway.monitoring.families import Reading, Readings
from payments.processor import ChargeResult, OutcomeUnknown, Processor, ProcessorUnavailable, SetupNotFound, SetupUnfinished

T = TypeVar("T")

PROCESSOR_CALLS = ("start_setup", "finish_setup", "detach", "charge", "confirm", "cancel", "outcome", "refund", "refund_outcome")
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
RESULTS: dict[type[BaseException], str] = {
    ProcessorUnavailable: "unavailable",
    OutcomeUnknown: "unknown",
    SetupNotFound: "refused",
    SetupUnfinished: "refused",
}

# Runs a call of this name, and returns or raises what it does.
Observer = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]


class ObservedCalls:
    """Passes everything on to an object; the named calls, which are coroutine functions, go through `observer`."""

    def __init__(self, target: object, names: Iterable[str], observer: Observer) -> None:
        self._target = target
        for name in names:
            setattr(self, name, _observed(getattr(target, name), name, observer))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


def _observed(call: Callable[..., Awaitable[Any]], name: str, observer: Observer) -> Callable[..., Awaitable[Any]]:
    async def run(*arguments: Any, **named: Any) -> Any:
        return await observer(name, lambda: call(*arguments, **named))

    return run


def observed(target: T, names: Iterable[str], observer: Observer) -> T:
    """Return an object that behaves as `target`, and whose named calls go through `observer`."""
    return cast("T", ObservedCalls(target, names, observer))


class ProcessorMetrics:
    """The durations of calls, by processor, call and result."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, str], Histogram] = {}

    def around(self, processor: Processor) -> Processor:
        async def observe(name: str, call: Callable[[], Awaitable[Any]]) -> Any:
            began, result = perf_counter(), "error"
            try:
                answer = await call()
                result = answer.status.lower() if isinstance(answer, ChargeResult) else "ok"
                return answer
            except tuple(RESULTS) as error:
                result = RESULTS.get(type(error), result)
                raise
            finally:
                key = (processor.name, name, result)
                (self._seconds.get(key) or self._seconds.setdefault(key, Histogram(SECONDS))).observe(perf_counter() - began)

        return observed(processor, PROCESSOR_CALLS, observe)

    def readings(self) -> Readings:
        for labels, seconds in list(self._seconds.items()):
            yield Reading("portico_processor_call_seconds", labels, seconds)
