"""The anchor of an imported subscription: the boundary from which its periods are counted, so that a 31st that the source writes as February 28 is the 31st again in March."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.periods import MONTHS, Cycle, add_months
from billing.rows.contracts import Offer
from imports.reasons import ImportReason, LineFault

# How far back a month with the anchor's day is looked for: a February 29 is at most eight years before.
MAX_STEPS = 100
LONGEST = 31


def checked_anchor(anchor_at: datetime, ends_at: datetime, offer: Offer, zone: str) -> datetime:
    """Return an anchor of the line, if the period's end is a boundary from it. Raises LineFault."""
    cycle = Cycle(anchor_at, zone, offer.billing_interval, offer.interval_count)
    if anchor_at > ends_at or (anchor_at < ends_at and cycle.next_after(ends_at - timedelta(seconds=1)) != ends_at):
        raise LineFault(ImportReason.ANCHOR_MISMATCH, "anchorAt")
    return anchor_at


def anchor_of(ends_at: datetime, evidence: list[datetime], day: int | None, offer: Offer, zone: str) -> datetime:
    """Return an anchor from which `ends_at` is a boundary, on the day of the month that the line has (`day`), or that its earlier dates have: the start of the period, then the
    end of the trial, then the start. Raises LineFault."""
    if offer.billing_interval not in MONTHS:
        return ends_at
    local = ends_at.astimezone(ZoneInfo(zone))
    anchor_day = day or _day_of(local.date(), [each.astimezone(ZoneInfo(zone)).date() for each in evidence], offer.billing_interval)
    if anchor_day == local.day:
        return ends_at
    if anchor_day < local.day or not _is_last(local.date()):
        raise LineFault(ImportReason.ANCHOR_MISMATCH, "anchorDay")
    months = MONTHS[offer.billing_interval] * offer.interval_count
    for step in range(1, MAX_STEPS):
        before = add_months(local.date(), -months * step)
        if monthrange(before.year, before.month)[1] >= anchor_day:
            return datetime.combine(before.replace(day=anchor_day), local.time(), ZoneInfo(zone)).astimezone(UTC)
    raise LineFault(ImportReason.ANCHOR_MISMATCH, "anchorDay")


def _day_of(end: date, evidence: list[date], interval: str) -> int:
    """Return the anchor's day of the month. Only an end on the last day of a short month leaves it open; then the first earlier date that is not cut off itself decides.
    Raises LineFault."""
    if not _is_last(end) or end.day == LONGEST:
        return end.day
    if interval == "YEAR":
        return max(end.day, *(each.day for each in evidence if each.month == end.month), 0)
    certain = [each.day for each in evidence if not _is_last(each) or each.day == LONGEST]
    if not certain or certain[0] < end.day:
        raise LineFault(ImportReason.ANCHOR_AMBIGUOUS, "anchorDay")
    return certain[0]


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
