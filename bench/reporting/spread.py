"""The format of measurements: the median, and the smallest to the largest."""

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float]) -> str:
    return f"{median(values):,.1f} ({min(values):,.1f}–{max(values):,.1f})"


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Return the ratios of values of the same round."""
    ratios = [one / other for one, other in zip(values, others, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
