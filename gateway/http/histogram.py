"""Counts of observations by upper bounds, for one event loop: an observation takes a fraction of a microsecond, because no lock is needed."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """`bounds` are ascending and inclusive. `counts` has one more number than there are bounds: that of the observations above the last."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
