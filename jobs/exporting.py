"""Makes the exports of customers' data, and ends those whose time is over. Safe to kill: an export that no worker reports about is made again, a bounded number of times."""

import asyncio
import hashlib
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import IO

from billing.customers.exporting import LEASE, LIFETIME, MAX_TRIES, pause_after
from billing.rows.customers import ClaimedExport, Owner
from billing.rows.letters import LetterRecipientRow
from billing.states import Actor
from db.outages import DatabaseUnavailable, describe
from db.pool import Database
from db.replicas.positions import current_position
from db.unit_of_work import Caller, Transaction, UnitOfWork
from jobs.passes import Duties
from mail.letters import Envelope, Letter
from resolvers.attachments.orphans import WRITE_WINDOW
from resolvers.changes.writing import new_system_id
from resolvers.context import Letterhead
from resolvers.exports.archive import COPIED_AT_ONCE, ArchiveSources, Printing, write_archive
from resolvers.letters import LetterDraft, enqueue_letter
from resolvers.reads.facts import fetch_rows
from storage import keys
from storage.bucket import Bucket

logger = logging.getLogger("portico.exports")

BATCH = 20
# A worker reports about an export that it makes at most this often.
REPORT_SECONDS = 30.0
# How long an export waits for a replica that has its claim.
REPLICA_SECONDS = 1.0


@dataclass(slots=True)
class ExportResult:
    """How many exports were made, how many expired, and how many failed and are tried again or given up."""

    exports: int = 0
    expired: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """A ZIP in the bucket."""

    object_key: str
    size_bytes: int
    sha256: str
    missing: list[str]


@dataclass(slots=True)
class Maker:
    """What one export is made with. `session` acts as the system for its customer."""

    session: UnitOfWork
    bucket: Bucket
    printing: Printing
    letterhead: Letterhead | None
    export: ClaimedExport
    reported_at: float

    def apart(self, actor: Actor, *, replica: Database | None = None) -> UnitOfWork:
        """Return another unit of work for the customer, by the present time, which reads from the replica."""
        return self.session.apart(Caller(self.export.customer_id, actor, datetime.now(UTC)), replica=replica)

    async def report(self) -> None:
        """Extend the lease, if the last report is some time ago."""
        if monotonic() - self.reported_at >= REPORT_SECONDS:
            self.reported_at = monotonic()
            async with self.apart(Actor.SYSTEM).write() as transaction:
                await transaction.run("data_exports.renew", id=self.export.id, tries=self.export.tries, lease_until=transaction.caller.now + LEASE)


async def make_exports(duties: Duties, now: datetime, *, done: ExportResult) -> None:
    """End exports whose time is over, and make those that are due, one after the other. Updates `done`."""
    system = duties.system(now)
    try:
        await _expire(system, done)
        while duties.printing and (due := await _due(system, "data_exports.due", wanted=BATCH)):
            for each in due:
                await _make_one(duties, duties.printing, each, done)
            if done.failures:
                return
            system = system.apart(Caller(None, Actor.SYSTEM, datetime.now(UTC)))
    finally:
        await system.close()


async def _due(system: UnitOfWork, block: str, *, wanted: int) -> list[Owner]:
    rows: list[Owner] = await fetch_rows(system, block, wanted=wanted)
    await system.release()
    return rows


async def _expire(system: UnitOfWork, done: ExportResult) -> None:
    """Leave the objects of exports whose time is over to the sweep of attachments."""
    for past in await _due(system, "data_exports.past", wanted=BATCH):
        async with system.for_caller(Caller(past.customer_id, Actor.SYSTEM, system.caller.now)).write() as transaction:
            expired = [row.object_key for row in await transaction.run("data_exports.expire", id=past.id)]
            await transaction.run("loose_objects.add", object_keys=expired, expires_at=system.caller.now)
        done.expired += len(expired)


async def _make_one(duties: Duties, printing: Printing, due: Owner, done: ExportResult) -> None:
    """Make one export; its failure does not stop the others."""
    session = duties.system(datetime.now(UTC)).for_caller(Caller(due.customer_id, Actor.SYSTEM, datetime.now(UTC)))
    async with session.write() as transaction:
        export = await transaction.first("data_exports.claim", id=due.id, lease_until=session.caller.now + LEASE)
    if export is None:
        return
    maker = Maker(session, duties.bucket, printing, duties.billing.letterhead, export, monotonic())
    try:
        if export.tries > MAX_TRIES:
            raise TimeoutError("every worker that made it was stopped")
        done.exports += await _finish(maker, await _store(maker, await _replica(duties, maker)))
    except Exception as error:  # whatever it is, the other exports are made
        done.failures += 1
        logger.error("the export %s could not be made%s: %s", export.id, "" if export.tries >= MAX_TRIES else " yet", describe(error))
        await _put_off(maker)


async def _replica(duties: Duties, maker: Maker) -> Database | None:
    """Return a replica that has everything up to the claim of the export, within a short time; None where the primary is read."""
    if not duties.replicas:
        return None
    position, ends_at = await current_position(maker.session), monotonic() + REPLICA_SECONDS
    await maker.session.release()
    while monotonic() < ends_at:
        if replica := duties.replicas.choose(maker.export.customer_id, position):
            return replica.database
        await asyncio.sleep(REPLICA_SECONDS / 10)
    return None


async def _write(target: IO[bytes], maker: Maker, replica: Database | None) -> list[str]:
    """Write the ZIP, and again from the primary where the replica fails. Return the names of the files that are missing in it."""
    try:
        return await write_archive(target, _sources(maker, replica))
    except DatabaseUnavailable:
        if replica is None:
            raise
    target.seek(0)
    target.truncate()
    return await write_archive(target, _sources(maker, None))


def _sources(maker: Maker, replica: Database | None) -> ArchiveSources:
    return ArchiveSources(
        maker.export.customer_id,
        lambda: maker.apart(Actor.SYSTEM, replica=replica),
        lambda: maker.apart(Actor.CUSTOMER, replica=replica),
        maker.bucket,
        maker.printing,
        maker.report,
        maker.session.caller.now,
    )


async def _store(maker: Maker, replica: Database | None) -> StoredArchive:
    """Write the ZIP to a temporary file and put it into the bucket, under a key that nobody can guess and that is loose until the export is ready."""
    customer_id, export_id = maker.export.customer_id, maker.export.id
    key = keys.stored(customer_id, export_id, secrets.token_hex(8))
    with tempfile.TemporaryFile() as target:
        missing = await _write(target, maker, replica)
        async with maker.apart(Actor.SYSTEM).write() as transaction:
            await transaction.run("loose_objects.add", object_keys=[key], expires_at=transaction.caller.now + WRITE_WINDOW)
        size = target.seek(0, 2)
        target.seek(0)
        digest = await asyncio.to_thread(hashlib.file_digest, target, "sha256")
        target.seek(0)
        await maker.bucket.put(key, _chunks(target, maker), "application/zip")
        return StoredArchive(key, size, digest.hexdigest(), missing)


async def _chunks(target: IO[bytes], maker: Maker) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(target.read, COPIED_AT_ONCE):
        yield chunk
        await maker.report()


async def _finish(maker: Maker, stored: StoredArchive) -> bool:
    """Offer the export for download and write the letter to a customer who requested it. Return whether it was still wanted; else its object stays loose."""
    async with maker.apart(Actor.SYSTEM).write() as transaction:
        now = transaction.caller.now
        values = {"object_key": stored.object_key, "size_bytes": stored.size_bytes, "sha256": stored.sha256, "missing": stored.missing}
        if not await transaction.run("loose_objects.own", object_keys=[stored.object_key]):
            raise TimeoutError("the object was not stored in time")
        export = maker.export
        if await transaction.first("data_exports.finish", id=export.id, tries=export.tries, expires_at=now + LIFETIME, **values) is None:
            await transaction.run("loose_objects.add", object_keys=[stored.object_key], expires_at=now)
            return False
        if export.requested_by == Actor.CUSTOMER:
            await _write_letter(transaction, maker.letterhead)
        return True


async def _write_letter(transaction: Transaction, letterhead: Letterhead | None) -> None:
    """Write the letter, which links to the portal: without signing in nobody gets the export."""
    recipient: LetterRecipientRow | None = await transaction.first("letters.recipient")
    if letterhead is None or recipient is None or not recipient.is_reachable:
        return
    now = transaction.caller.now
    envelope = Envelope(recipient.email, recipient.locale, new_system_id("let", now), now)
    await enqueue_letter(transaction, letterhead, LetterDraft(Letter.DATA_EXPORT, envelope, recipient.id, {"link": f"{letterhead.help}/profile"}))


async def _put_off(maker: Maker) -> None:
    tries = maker.export.tries
    async with maker.apart(Actor.SYSTEM).write() as transaction:
        make_at = transaction.caller.now + pause_after(tries) if tries < MAX_TRIES else None
        await transaction.run("data_exports.put_off", id=maker.export.id, tries=tries, make_at=make_at)
