"""The sweep of attachments: announced files that never came, and objects that no attachment owns. Safe to run again, and at once from several places."""

import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, UnitOfWork
from resolvers.attachments.orphans import UPLOAD_WINDOW, DeletionResult, FailureStreak, remove
from storage.bucket import Bucket

logger = logging.getLogger("portico.jobs")

# A file that was announced has so long to come.
PATIENCE = timedelta(hours=24)
BATCH = 1000


@dataclass(slots=True)
class SweepResult:
    """How many announced files were given up, how many objects were deleted, and how many objects and customers failed and are tried by the next pass.

    `unchecked` of the deleted objects may have left parts of unfinished uploads behind, because the bucket refuses to list or to abort those.
    """

    expired_uploads: int = 0
    objects: int = 0
    failures: int = 0
    unchecked: int = 0


async def sweep(session: UnitOfWork, bucket: Bucket, *, now: datetime, done: SweepResult | None = None) -> SweepResult:
    """`session` is any unit of work on the database; the sweep acts as the system, for one customer at a time. Fills and returns `done`.

    An object that cannot be deleted is logged and does not keep the others. A bucket that is away is tried next time.
    """
    done = done or SweepResult()
    system = session.for_caller(Caller(None, Actor.SYSTEM, now))
    await _give_up(system, now, done)
    failed: set[tuple[str, str]] = set()
    streak = FailureStreak()
    while due := await _due(system, failed):
        for customer_id, keys in due.items():
            removed = await _remove(_for(system, customer_id), bucket, keys, streak)
            _count(removed, done)
            failed |= {(customer_id, key) for key in keys if removed is None or key not in removed.deleted}
            if streak.is_over():
                logger.error("the bucket cannot be reached or refuses everything; the other objects are left to the next sweep")
                return done
    return done


async def _give_up(system: UnitOfWork, now: datetime, done: SweepResult) -> None:
    """Announced files that never came: their rows go, and what may have been sent is loose."""
    async with system.write() as transaction:
        customers = [row.customer_id for row in await transaction.run("attachments.overdue", before=now - PATIENCE)]
    for customer_id in customers:
        try:
            async with _for(system, customer_id).write() as transaction:
                gone = [row.object_key for row in await transaction.run("attachments.delete_pending", before=now - PATIENCE)]
                await transaction.run("loose_objects.add", object_keys=gone, expires_at=now - PATIENCE + UPLOAD_WINDOW)
        except Exception as error:  # one customer whose files cannot be given up must not keep the others
            done.failures += 1
            logger.error("expired upload reservations of %s could not be removed; the next sweep tries again: %s", customer_id, describe(error))
        else:
            done.expired_uploads += len(gone)


async def _remove(session: UnitOfWork, bucket: Bucket, keys: list[str], streak: FailureStreak) -> DeletionResult | None:
    """Delete one customer's objects. Whatever happens, the next customer's turn comes. None where it was not even tried."""
    try:
        removed = await remove(session, bucket, keys, streak)
    except Exception as error:  # a row that is locked, or a bug
        logger.error("objects of %s are left to the next sweep: %s", session.caller.customer_id, describe(error))
        return None
    for key, failure in removed.failed.items():
        logger.error("the object %s could not be deleted and is tried by the next sweep: %s", key, describe(failure))
    return removed


def _count(removed: DeletionResult | None, done: SweepResult) -> None:
    if removed is None:
        done.failures += 1
        return
    done.objects += len(removed.deleted)
    done.unchecked += removed.unchecked
    done.failures += len(removed.failed)


async def _due(system: UnitOfWork, failed: set[tuple[str, str]]) -> dict[str, list[str]]:
    """The keys of objects that can be deleted, by their customer, without those that failed in this sweep."""
    due: dict[str, list[str]] = defaultdict(list)
    async with system.write() as transaction:
        for row in await transaction.run("loose_objects.due", wanted=BATCH + len(failed)):
            if (row.customer_id, row.object_key) not in failed:
                due[row.customer_id].append(row.object_key)
    return due


def _for(system: UnitOfWork, customer_id: str) -> UnitOfWork:
    return system.for_caller(replace(system.caller, customer_id=customer_id))
