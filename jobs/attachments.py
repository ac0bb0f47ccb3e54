"""The sweep of attachments: announced files that never came, and objects that no attachment owns. Safe to run again, and at once from several places."""

import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing.states import Actor
from db.session import Caller, Session
from resolvers.loose import SENDING, remove
from storage.bucket import Bucket, BucketUnavailable

logger = logging.getLogger("portico.jobs")

# A file that was announced has so long to come.
PATIENCE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many announced files were given up, and how many objects were deleted."""

    announced: int
    objects: int


async def sweep(session: Session, bucket: Bucket, *, now: datetime) -> Swept:
    """`session` is any unit of work on the database; the sweep acts as the system, for one customer at a time. A bucket that is away is tried next time."""
    system = session.of(Caller(None, Actor.SYSTEM, now))
    given_up = await _give_up(system, now)
    objects = 0
    while due := await _due(system):
        try:
            objects += sum([await remove(_for(system, customer_id), bucket, keys) for customer_id, keys in due.items()])
        except BucketUnavailable:
            logger.warning("the bucket is away; %d objects are left to the next sweep", sum(map(len, due.values())))
            break
    return Swept(given_up, objects)


async def _give_up(system: Session, now: datetime) -> int:
    """Announced files that never came: their rows go, and what may have been sent is loose."""
    count = 0
    async with system.write() as transaction:
        customers = [row.customer_id for row in await transaction.run("attachments.overdue", before=now - PATIENCE)]
    for customer_id in customers:
        async with _for(system, customer_id).write() as transaction:
            gone = [row.object_key for row in await transaction.run("attachments.delete_pending", before=now - PATIENCE)]
            await transaction.run("loose_objects.add", object_keys=gone, expires_at=now - PATIENCE + SENDING)
        count += len(gone)
    return count


async def _due(system: Session) -> dict[str, list[str]]:
    """The keys of objects that can be deleted, by their customer."""
    found: dict[str, list[str]] = defaultdict(list)
    async with system.write() as transaction:
        for row in await transaction.run("loose_objects.due"):
            found[row.customer_id].append(row.object_key)
    return found


def _for(system: Session, customer_id: str) -> Session:
    return system.of(replace(system.caller, customer_id=customer_id))
