"""Objects of the bucket that no attachment owns. Each is named by a row before its first byte is written, and until it is known to be gone."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

from db.outages import describe
from db.session import Session
from storage.bucket import TICKET_SECONDS, Bucket, BucketUnavailable

logger = logging.getLogger("portico.files")

# By then nobody writes an object any more that a request of now began.
WRITING = timedelta(hours=1)

# By then nobody can send a file any more to an address that was given out now.
SENDING = timedelta(seconds=TICKET_SECONDS) + WRITING

# A bucket that cannot be reached for so many objects in a row is away, and it is not the objects.
AWAY = 3


@dataclass(slots=True)
class Removed:
    """Which objects are gone, and why others could not be deleted. What is in neither was not tried, because the bucket is away."""

    gone: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


async def remove(session: Session, bucket: Bucket, object_keys: list[str]) -> Removed:
    """Delete those of the objects that are loose, and then forget them. `session` acts for their customer.

    Dooming them first waits for whoever is about to own them: a commit whose answer was lost leaves nothing loose, and so nothing is deleted.
    """
    async with session.write() as transaction:
        doomed = [row.object_key for row in await transaction.run("loose_objects.doom", object_keys=object_keys)]
    removed = await _delete(bucket, doomed)
    async with session.write() as transaction:
        await transaction.run("loose_objects.forget", object_keys=removed.gone)
        if removed.failed:
            # They come after everything that is due already, so that what fails each time never stands before the others.
            await transaction.run("loose_objects.add", object_keys=list(removed.failed), expires_at=session.caller.now)
    return removed


async def _delete(bucket: Bucket, keys: list[str]) -> Removed:
    removed, in_a_row = Removed(), 0
    for key in keys:
        try:
            await bucket.delete(key)
        except Exception as error:  # whatever one object fails with, the others are deleted
            removed.failed[key] = error
            in_a_row = in_a_row + 1 if isinstance(error, BucketUnavailable) else 0
            if in_a_row == AWAY:
                break
        else:
            removed.gone.append(key)
            in_a_row = 0
    return removed


async def discard(session: Session, bucket: Bucket, object_keys: list[str]) -> None:
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
