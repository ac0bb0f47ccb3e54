"""Objects of the bucket that no attachment owns. A row names each of them from before its first byte is written until it is known to be deleted."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

from db.outages import describe
from db.unit_of_work import UnitOfWork
from storage.bucket import PRESIGNED_SECONDS, Bucket, BucketRefused, BucketUnavailable

logger = logging.getLogger("portico.files")

# After this time no request that began now still writes its object.
WRITE_WINDOW = timedelta(hours=1)

# After this time no file can be sent any more to a presigned URL that was issued now.
UPLOAD_WINDOW = timedelta(seconds=PRESIGNED_SECONDS) + WRITE_WINDOW

# After this many consecutive unreachable objects the bucket counts as unavailable.
AWAY = 3
# After this many consecutive refusals to delete, the bucket counts as refusing all deletions.
REFUSING = 100


@dataclass(slots=True)
class FailureStreak:
    """How many objects could not be deleted since the last one that was."""

    unreachable: int = 0
    refused: int = 0

    def add(self, error: Exception) -> None:
        """Count an error of the bucket. An error of one key alone is not counted."""
        self.refused += isinstance(error, BucketRefused)
        self.unreachable += isinstance(error, BucketUnavailable) and not isinstance(error, BucketRefused)

    def is_over(self) -> bool:
        """Whether the bucket itself fails, so that further objects need not be tried."""
        return self.unreachable >= AWAY or self.refused >= REFUSING

    def end(self) -> None:
        self.unreachable = self.refused = 0


@dataclass(slots=True)
class DeletionResult:
    """Which objects are deleted, and why others could not be. An object in neither was not tried, because the bucket is unavailable.

    `unchecked` counts deleted objects that may have left parts of unfinished uploads, which the bucket refuses to list or to abort.
    """

    deleted: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)
    unchecked: int = 0


async def remove(session: UnitOfWork, bucket: Bucket, object_keys: list[str], streak: FailureStreak | None = None) -> DeletionResult:
    """Delete those of the objects that are loose, in the order given by `object_keys`, and then their rows. `session` acts for their customer.

    Marking them as doomed first waits for a transaction that is about to own them: after a commit whose answer was lost nothing is loose, and nothing is deleted.
    """
    async with session.write() as transaction:
        doomed = {row.object_key for row in await transaction.run("loose_objects.doom", object_keys=object_keys)}
    # Postgres returns them in any order, and objects that fail each time must not come before the others each time.
    removed = await _delete(bucket, [key for key in object_keys if key in doomed], streak or FailureStreak())
    async with session.write() as transaction:
        await transaction.run("loose_objects.forget", object_keys=removed.deleted)
        if removed.failed:
            # They become due after everything that is due already, so that objects that fail each time do not delay others.
            await transaction.run("loose_objects.add", object_keys=list(removed.failed), expires_at=session.caller.now)
    return removed


async def _delete(bucket: Bucket, keys: list[str], streak: FailureStreak) -> DeletionResult:
    removed = DeletionResult()
    for key in keys:
        try:
            removed.unchecked += not await bucket.delete(key)
        except Exception as error:  # an error of one object does not stop the deletion of the others
            removed.failed[key] = error
            streak.add(error)
            if streak.is_over():
                break
        else:
            removed.deleted.append(key)
            streak.end()
    return removed


async def discard(session: UnitOfWork, bucket: Bucket, object_keys: list[str]) -> None:
    """Delete loose objects after the response. What fails is left to the sweep."""
    try:
        removed = await remove(session.apart(replace(session.caller, session_id=None, app=None)), bucket, object_keys)
    except Exception as error:  # the response is sent already, and the sweep retries
        logger.warning("%d objects are left to the sweep: %s", len(object_keys), describe(error))
        return
    for failure in removed.failed.values():
        logger.warning("an object is left to the sweep: %s", describe(failure))


async def clear(bucket: Bucket, key: str) -> None:
    """Delete an object after the response, but not its row, because a client may still send the file again."""
    try:
        await bucket.delete(key)
    except Exception as error:  # the response is sent already, and the sweep retries
        logger.warning("an object is left to the sweep: %s", describe(error))
