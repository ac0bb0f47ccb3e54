"""Objects of the bucket that no attachment owns. Each is named by a row before its first byte is written, and until it is known to be gone."""

import logging
from dataclasses import replace
from datetime import timedelta

from db.outages import cause_of
from db.session import Session
from storage.bucket import TICKET_SECONDS, Bucket

logger = logging.getLogger("portico.files")

# By then nobody writes an object any more that a request of now began.
WRITING = timedelta(hours=1)

# By then nobody can send a file any more to an address that was given out now.
SENDING = timedelta(seconds=TICKET_SECONDS) + WRITING


async def remove(session: Session, bucket: Bucket, object_keys: list[str]) -> int:
    """Delete those of the objects that are loose, and then forget them; how many there were. `session` acts for their customer.

    Dooming them first waits for whoever is about to own them: a commit whose answer was lost leaves nothing loose, and so nothing is deleted.
    """
    async with session.write() as transaction:
        doomed = [row.object_key for row in await transaction.run("loose_objects.doom", object_keys=object_keys)]
    for key in doomed:
        await bucket.delete(key)
    async with session.write() as transaction:
        await transaction.run("loose_objects.forget", object_keys=doomed)
    return len(doomed)


async def discard(session: Session, bucket: Bucket, object_keys: list[str]) -> None:
    """After the answer. What fails is left to the sweep."""
    try:
        await remove(session.of(replace(session.caller, session_id=None)), bucket, object_keys)
    except Exception as error:  # nobody waits any more, and the sweep comes by anyway
        logger.warning("objects are left to the sweep: %s", type(error).__name__, extra={"cause": cause_of(error)})


async def clear(bucket: Bucket, key: str) -> None:
    """After the answer: delete an object now, and let its row stand, because somebody may still send it once more."""
    try:
        await bucket.delete(key)
    except Exception as error:  # nobody waits any more, and the sweep comes by anyway
        logger.warning("an object is left to the sweep: %s", type(error).__name__, extra={"cause": cause_of(error)})
