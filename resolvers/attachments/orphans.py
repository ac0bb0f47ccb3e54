"""Objects of the bucket that no attachment owns. Each is named by a row before its first byte is written, and until it is known to be gone."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

from db.outages import describe
from db.unit_of_work import UnitOfWork
from storage.bucket import PRESIGNED_SECONDS, Bucket, BucketRefused, BucketUnavailable

logger = logging.getLogger("portico.files")

# By then nobody writes an object any more that a request of now began.
WRITE_WINDOW = timedelta(hours=1)

# By then nobody can send a file any more to an address that was given out now.
UPLOAD_WINDOW = timedelta(seconds=PRESIGNED_SECONDS) + WRITE_WINDOW

# A bucket that cannot be reached for so many objects in a row is away, and it is not the objects.
AWAY = 3
# One that answers, and refuses to delete so many in a row, refuses all of them.
REFUSING = 100


@dataclass(slots=True)
class FailureStreak:
    """How many objects the bucket failed to delete since the last one that it deleted."""

    unreachable: int = 0
    refused: int = 0

    def add(self, error: Exception) -> None:
        """What is wrong with one key alone says nothing of the bucket."""
        self.refused += isinstance(error, BucketRefused)
        self.unreachable += isinstance(error, BucketUnavailable) and not isinstance(error, BucketRefused)

    def is_over(self) -> bool:
        """Whether the bucket is to blame, so that other objects need not be tried."""
        return self.unreachable >= AWAY or self.refused >= REFUSING

    def end(self) -> None:
        self.unreachable = self.refused = 0


@dataclass(slots=True)
class DeletionResult:
    """Which objects are gone, and why others could not be deleted. What is in neither was not tried, because the bucket is away.

    `unchecked` of those that are gone may have left parts of unfinished uploads, which the bucket refuses to list or to abort.
    """

    deleted: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)
    unchecked: int = 0


async def remove(session: UnitOfWork, bucket: Bucket, object_keys: list[str], streak: FailureStreak | None = None) -> DeletionResult:
    """Delete those of the objects that are loose, and then forget them. `session` acts for their customer.

    Dooming them first waits for whoever is about to own them: a commit whose answer was lost leaves nothing loose, and so nothing is deleted.
    """
    async with session.write() as transaction:
        doomed = [row.object_key for row in await transaction.run("loose_objects.doom", object_keys=object_keys)]
    removed = await _delete(bucket, doomed, streak or FailureStreak())
    async with session.write() as transaction:
        await transaction.run("loose_objects.forget", object_keys=removed.deleted)
        if removed.failed:
            # They come after everything that is due already, so that what fails each time never stands before the others.
            await transaction.run("loose_objects.add", object_keys=list(removed.failed), expires_at=session.caller.now)
    return removed


async def _delete(bucket: Bucket, keys: list[str], streak: FailureStreak) -> DeletionResult:
    removed = DeletionResult()
    for key in keys:
        try:
            removed.unchecked += not await bucket.delete(key)
        except Exception as error:  # whatever one object fails with, the others are deleted
            removed.failed[key] = error
            streak.add(error)
            if streak.is_over():
                break
        else:
            removed.deleted.append(key)
            streak.end()
    return removed


async def discard(session: UnitOfWork, bucket: Bucket, object_keys: list[str]) -> None:
    """After the answer. What fails is left to the sweep."""
    try:
        removed = await remove(session.apart(replace(session.caller, session_id=None, app=None)), bucket, object_keys)
    except Exception as error:  # nobody waits any more, and the sweep comes by anyway
        logger.warning("%d objects are left to the sweep: %s", len(object_keys), describe(error))
        return
    for failure in removed.failed.values():
        logger.warning("an object is left to the sweep: %s", describe(failure))


async def clear(bucket: Bucket, key: str) -> None:
    """After the answer: delete an object now, and let its row stand, because somebody may still send it once more."""
    try:
        await bucket.delete(key)
    except Exception as error:  # nobody waits any more, and the sweep comes by anyway
        logger.warning("an object is left to the sweep: %s", describe(error))
