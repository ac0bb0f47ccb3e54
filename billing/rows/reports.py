"""Rows of reports: a figure of a month and a currency. `month` is the number of the month among those of the report, from 1."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MonthlyAmount:
    month: int
    currency: str
    minor: int


@dataclass(frozen=True, slots=True)
class MonthlyCount:
    month: int
    currency: str
    number: int


@dataclass(frozen=True, slots=True)
class MonthlyMetrics:
    """All figures of a month, which is its first day, and a currency. `churn` is a share from 0 to 1, as decimal text; None where no subscription was active at the month's start."""

    month: date
    currency: str
    mrr_minor: int
    churn: str | None
    active_subscriptions: int
    collected_minor: int
    refunded_minor: int
    open_minor: int
