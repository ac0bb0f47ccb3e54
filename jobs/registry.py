"""The jobs. A job is registered once, by its entry in JOBS: the worker schedules what is listed here, its health endpoint reports on it, and `tick` runs and counts it."""

from datetime import datetime, timedelta

from jobs.attachments import SweepResult, sweep
from jobs.clock import ClockPassResult, tick
from jobs.coming import EVENTS, LETTERS, ComingResult, note_coming
from jobs.composing import compose_due
from jobs.delivering import DeliveryResult, deliver_due
from jobs.exporting import ExportResult, make_exports
from jobs.passes import Duties, Job, Schedule
from jobs.upkeep import Upkeep, forget
from resolvers.letters import SendResult, send

EVERY_MINUTE = Schedule(timedelta(minutes=1))
# Each hour, but not all at once.
AT_17 = Schedule(timedelta(hours=1), timedelta(minutes=17))
AT_27 = Schedule(timedelta(hours=1), timedelta(minutes=27))
AT_37 = Schedule(timedelta(hours=1), timedelta(minutes=37))
AT_47 = Schedule(timedelta(hours=1), timedelta(minutes=47))


async def _letters(duties: Duties, now: datetime, done: SendResult) -> None:
    """Make the letters of what has caused them, then send all that are due."""
    session = duties.system(now)
    try:
        await compose_due(session, duties.billing.letterhead, done)
    finally:
        await session.close()
    await send(duties.system(now), duties.post, done=done)


def _unchecked(counts: SweepResult) -> str:
    if not counts.unchecked:
        return ""
    return f"The bucket does not list unfinished uploads, so {counts.unchecked} of the objects may have left parts: see docs/attachments.md#s3-servers."


JOBS = (
    Job(
        "billing_clock",
        EVERY_MINUTE,
        ClockPassResult,
        lambda duties, now, done: tick(duties.billing, now, done),
        unit="step of the billing clock",
        summary="{steps:subscription step}, {collections:invoice} charged, {reconciled:charge} settled",
        is_of_billing_time=True,
    ),
    Job(
        "letters",
        EVERY_MINUTE,
        SendResult,
        lambda duties, now, done: _letters(duties, now, done),
        unit="letter",
        summary="{letters:letter} sent",
    ),
    Job(
        "letters_to_come",
        AT_27,
        ComingResult,
        lambda duties, now, done: note_coming(duties.system(now), LETTERS, done=done),
        unit="customer",
        summary="{customers:customer} checked for letters to come",
    ),
    Job(
        "timed_events",
        AT_37,
        ComingResult,
        lambda duties, now, done: note_coming(duties.system(now), EVENTS, done=done),
        unit="customer",
        summary="{customers:customer} checked for events of time",
        is_of_billing_time=True,
    ),
    Job(
        "attachments_sweep",
        AT_17,
        SweepResult,
        lambda duties, now, done: sweep(duties.system(now), duties.bucket, now=now, done=done),
        unit="file",
        summary="{expired_uploads:expired upload reservation} removed, {objects:unused object} deleted",
        advice=_unchecked,
    ),
    Job(
        "data_exports",
        EVERY_MINUTE,
        ExportResult,
        lambda duties, now, done: make_exports(duties, now, done=done),
        unit="export",
        summary="{exports:export} made, {expired:export} expired",
    ),
    Job(
        "webhooks",
        EVERY_MINUTE,
        DeliveryResult,
        lambda duties, now, done: deliver_due(duties.delivering, done),
        unit="webhook",
        summary="{delivered:webhook} delivered",
    ),
    Job(
        "upkeep",
        AT_47,
        Upkeep,
        lambda duties, now, done: forget(duties.system(now), now=now, event_days=duties.event_days, done=done),
        unit="kind of expired rows",
        summary="{rows:expired row} deleted",
    ),
)
