"""Makes the letters about money of what has caused them. Each is made in a transaction of its own, which marks its cause as done: however often it is tried, there is one."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from billing.rows.letters import LetterCauseRow, LetterRecipientRow
from billing.states import Actor
from db.outages import describe
from db.unit_of_work import Caller, Transaction, UnitOfWork
from mail.letters import Envelope, Letter
from mail.reader import reader_of
from mail.words import MADE
from resolvers.changes.writing import new_system_id
from resolvers.context import Letterhead
from resolvers.letters import LetterDraft, SendResult, enqueue_letter
from resolvers.reads.facts import fetch_rows

logger = logging.getLogger("portico.mail")

BATCH = 500
AT_ONCE = 4
# The letters on what is to come, by the instant that they are about: once it has passed, they are not sent.
TO_COME = {Letter.TRIAL_ENDING: "trial_ends_at", Letter.RENEWAL_TO_COME: "renews_at"}


async def compose_due(session: UnitOfWork, letterhead: Letterhead | None, done: SendResult) -> None:
    """Make the letters of all causes that are due; a later pass tries again what fails. `session` is any unit of work on the database. Updates `done`."""
    if letterhead is None:
        return
    turn = asyncio.Semaphore(AT_ONCE)
    while True:
        batch = await fetch_rows(session, "letter_causes.due", wanted=BATCH)
        await session.release()
        await asyncio.gather(*(_compose_one(session, letterhead, cause, turn, done) for cause in batch))
        if len(batch) < BATCH:
            return


async def _compose_one(session: UnitOfWork, letterhead: Letterhead, cause: LetterCauseRow, turn: asyncio.Semaphore, done: SendResult) -> None:
    """Make one letter; its failure does not stop the others."""
    unit = session.for_caller(Caller(cause.customer_id, Actor.SYSTEM, session.caller.now))
    key = {"kind": cause.kind, "object_id": cause.object_id, "occurrence": cause.occurrence}
    async with turn:
        try:
            async with unit.write() as transaction:
                if await transaction.first("letter_causes.claim", **key):
                    await _compose(transaction, letterhead, cause, now=session.caller.now)
        except Exception as error:  # whatever it is, the other letters are made
            done.failures += 1
            logger.error("the letter %s could not be made yet: %s", cause.kind, describe(error))
            async with session.for_caller(unit.caller).write() as transaction:
                await transaction.run("letter_causes.put_off", **key)
        finally:
            await unit.close()


async def _compose(transaction: Transaction, letterhead: Letterhead, cause: LetterCauseRow, *, now: datetime) -> None:
    """Write the letter, unless it is switched off, there is nobody to write to, or what it would say is no longer so."""
    letter = Letter(cause.kind)
    block, words_of, page = MADE[letter]
    recipient: LetterRecipientRow | None = await transaction.first("letters.recipient")
    if letter in letterhead.off or recipient is None or not recipient.is_reachable:
        return
    row = await transaction.first(block, key=cause.object_id)
    if row is None or not is_current(letter, row, now=now):
        return
    words = words_of(row, reader_of(letter, recipient.locale, recipient.time_zone))
    link = f"{letterhead.help}/{page.format(id=row.id)}"
    envelope = Envelope(recipient.email, recipient.locale, new_system_id("let", now), now)
    await enqueue_letter(transaction, letterhead, LetterDraft(letter, envelope, recipient.id, words | {"link": link}))


def is_current(letter: Letter, row: Any, *, now: datetime) -> bool:
    """Return whether a letter still says what is so: the day that it announces is to come, the hold that it reports lasts."""
    if letter is Letter.ON_HOLD:
        return row.suspended_by is not None
    at = getattr(row, TO_COME[letter]) if letter in TO_COME else None
    return letter not in TO_COME or (at is not None and at > now)
