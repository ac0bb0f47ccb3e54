"""`metrics`: the figures of months, each read by one block over all customers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from billing.money.money import ratio_text
from billing.periods import add_months
from billing.refusals import BadUserInput
from billing.rows.reports import MonthlyMetrics
from resolvers.context import Context
from resolvers.reads.facts import fetch_rows

MAX_MONTHS = 24

# A month and a currency.
Cell = tuple[date, str]


async def metrics(from_month: date, to_month: date, currency: str | None, context: Context) -> list[MonthlyMetrics]:
    """Return the figures of each month and currency, by month and then by currency. Raises BadUserInput."""
    months = months_between(from_month, to_month, context.now.astimezone(UTC).date())
    before = add_months(months[0], -1)  # whose end is the start of the first month
    read = _reader([before, *months, add_months(months[-1], 1)], currency, context)
    mrr, active, ended = await read("mrr", "minor"), await read("active_subscriptions", "number"), await read("ended_subscriptions", "number")
    collected, refunded, opened = await read("collected", "minor"), await read("refunded", "minor"), await read("open_amount", "minor")
    currencies = sorted({cell[1] for figures in (mrr, active, ended, collected, refunded, opened) for cell in figures})
    return [
        MonthlyMetrics(
            month,
            code,
            mrr.get((month, code), 0),
            _churn(ended.get((month, code), 0), active.get((add_months(month, -1), code), 0)),
            active.get((month, code), 0),
            collected.get((month, code), 0),
            refunded.get((month, code), 0),
            opened.get((month, code), 0),
        )
        for month in months
        for code in currencies
    ]


def months_between(from_month: date, to_month: date, today_on: date) -> Sequence[date]:
    """Return the first days of the months from one to the other, both included. Raises BadUserInput unless they are in order, at most MAX_MONTHS, and have begun."""
    first, last = from_month.replace(day=1), to_month.replace(day=1)
    if last < first:
        raise BadUserInput("`to` is before `from`.", "to")
    if last > today_on:
        raise BadUserInput("`to` is a month that has not begun.", "to")
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count > MAX_MONTHS:
        raise BadUserInput(f"At most {MAX_MONTHS} months are reported at once.", "from")
    return [add_months(first, number) for number in range(count)]


def _reader(starts: Sequence[date], currency: str | None, context: Context) -> Any:
    """Return a function that reads one figure of all months. `starts` are the days on which the months begin, and the last one ends."""
    instants = [_instant(day) for day in starts]
    values = {"starts": instants, "until_at": instants[-1], "currency": currency}

    async def read(name: str, column: str) -> Mapping[Cell, int]:
        rows = await fetch_rows(context.session, f"reports.{name}", **values)
        return {(starts[row.month - 1], row.currency): getattr(row, column) for row in rows}

    return read


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _churn(ended: int, active: int) -> str | None:
    return ratio_text(ended, active) if active else None
