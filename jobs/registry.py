"""The jobs. A job is registered once, by its entry in JOBS: the worker schedules what is listed here, its health endpoint reports on it, and `tick` runs and counts it."""

from datetime import timedelta

from jobs.attachments import SweepResult, sweep
from jobs.clock import ClockPassResult, tick
from jobs.passes import Job, Schedule
from jobs.upkeep import Upkeep, forget
from resolvers.letters import SendResult, send

EVERY_MINUTE = Schedule(timedelta(minutes=1))
# Each hour, but not both at once.
AT_17 = Schedule(timedelta(hours=1), timedelta(minutes=17))
AT_47 = Schedule(timedelta(hours=1), timedelta(minutes=47))


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
        summary="{steps} subscription steps, {collections} invoices charged, {reconciled} charges settled",
        is_of_billing_time=True,
    ),
    Job(
        "letters",
        EVERY_MINUTE,
        SendResult,
        lambda duties, now, done: send(duties.system(now), duties.post, done=done),
        unit="letter",
        summary="{letters} letters sent",
    ),
    Job(
        "attachments_sweep",
        AT_17,
        SweepResult,
        lambda duties, now, done: sweep(duties.system(now), duties.bucket, now=now, done=done),
        unit="file",
        summary="{expired_uploads} expired upload reservations removed, {objects} unused objects deleted",
        advice=_unchecked,
    ),
    Job(
        "upkeep",
        AT_47,
        Upkeep,
        lambda duties, now, done: forget(duties.system(now), now=now, done=done),
        unit="kind of expired rows",
        summary="{rows} expired rows deleted",
    ),
)
