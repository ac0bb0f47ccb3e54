"""Letters that mutations cause. They are written in the transaction of their cause, and sent after the response: the response time reveals nothing about them,
and no transaction waits for a mail server. A letter that could not be sent, or whose process ended, is sent by the worker."""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from billing.states import Actor
from db.blocks import blocks
from db.outages import cause_of, describe
from db.unit_of_work import Caller, DatabaseUnavailable, Transaction, UnitOfWork
from loaders import Loaders
from mail.letters import Envelope, Letter, compose
from mail.port import Message, Undeliverable, Unsendable
from resolvers.audit import fresh_id
from resolvers.context import Context, Letterhead, Post, identity_of

logger = logging.getLogger("portico.mail")

# A letter is retried for this long: the links in letters are valid for a day at most.
LIFETIME = timedelta(days=1)
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """A letter to be written: its envelope, the customer it belongs to (None for one to the merchant), and the words to fill in."""

    letter: Letter
    envelope: Envelope
    customer_id: str | None
    words: dict[str, str]


async def write(transaction: Transaction, context: Context, letter: Letter, *, customer_id: str | None = None, to: str | None = None, **words: str) -> None:
    """Write a letter to the customer's current address, or to `to`. It is sent after the transaction has committed, and not if it rolls back."""
    identity = identity_of(context)
    owner = customer_id or transaction.caller.customer_id
    customer = await transaction.first("customers.by_id", key=owner, customer_id=owner)
    envelope = Envelope(to or customer.email, customer.locale, fresh_id("let", context), context.now)
    letterhead = Letterhead(identity.merchant, identity.portal_url, identity.post.seal, identity.post.brand, identity.post.off)
    if await enqueue_letter(transaction, letterhead, LetterDraft(letter, envelope, customer.id, words)):
        transaction.afterwards.append(partial(_send_later, context, envelope.id))


async def enqueue_letter(transaction: Transaction, letterhead: Letterhead, draft: LetterDraft) -> bool:
    """Write a letter that the worker sends once the transaction has committed. Return whether it was written: it may be switched off, or there may be no address."""
    letter_id = draft.envelope.id
    if draft.letter in letterhead.off or not draft.envelope.to:
        return False
    try:
        message = compose(draft.letter, draft.envelope, {"portal": letterhead.portal, "help": letterhead.help, **draft.words}, letterhead.brand)
    except Unsendable as error:  # an address that no mail server accepts; the mutation itself goes on
        logger.error("the letter %s could not be written: %s", draft.letter, error)
        return False
    sealed = letterhead.seal.close(_written(message), letter_id)
    await transaction.run("letters.write", id=letter_id, customer_id=draft.customer_id, kind=draft.letter.value, sealed=sealed)
    return True


@dataclass(slots=True)
class SendResult:
    """How many letters were sent, and how many failed."""

    letters: int = 0
    failures: int = 0


async def send(session: UnitOfWork, post: Post, *, only: str | None = None, done: SendResult | None = None) -> int:
    """Send the letters that are due, or the letter `only`; return how many were sent. Delivery is at least once: a mail server recognises a duplicate by its Message-ID.

    `session` is any unit of work on the database; the current instant is its caller's. Updates `done`. Raises DatabaseUnavailable where no letters can be claimed.
    """
    system = session.apart(Caller(None, Actor.SYSTEM, session.caller.now))
    done = done or SendResult()
    while True:
        async with system.write() as transaction:
            taken = await transaction.run("letters.take_on", id=only, wanted=AT_ONCE)
        await asyncio.gather(*(_send_one(letter, system, post, done) for letter in taken))
        if len(taken) < AT_ONCE:
            return done.letters


async def customer_of(context: Context, customer_id: str) -> Any:
    """Return the customer, read in a unit of work of its own: the operation's may be closed by now, or not act for this customer yet."""
    session = context.session.for_caller(replace(context.session.caller, customer_id=customer_id, actor=Actor.SYSTEM, session_id=None, app=None))
    try:
        return await Loaders(session).one(blocks()["customers.by_id"]).load((customer_id, customer_id))
    finally:
        await session.close()


def _send_later(context: Context, letter_id: str) -> None:
    identity_of(context).later(_send_now(context, letter_id))


async def _send_now(context: Context, letter_id: str) -> None:
    try:
        await send(context.session, identity_of(context).post, only=letter_id)
    except DatabaseUnavailable as error:  # the worker sends it later
        logger.info("a letter is left to the worker", extra={"cause": error.cause})


async def _send_one(letter: Any, system: UnitOfWork, post: Post, done: SendResult) -> None:
    """Send one letter; its failure does not stop the others. A letter that was sent and could not be marked as sent is sent again."""
    try:
        is_sent = await _send(letter, system, post)
    except Exception as error:
        logger.error("the letter %s could not be marked as sent: %s", letter.kind, describe(error))
        is_sent = False
    done.letters += is_sent
    done.failures += not is_sent


async def _send(letter: Any, system: UnitOfWork, post: Post) -> bool:
    """Return whether the letter was sent. It is given up after a final failure, and after a day in which it could not be sent, or not be decrypted with our secret.

    Only the kind and the cause of a failure are logged, because a mail server's answer often repeats the address.
    """
    try:
        await post.sender.send(_read(post.seal.open(letter.sealed, letter.id), letter.id))
        is_sent = True
    except Exception as error:  # no caller awaits the result, so the failure is only logged
        is_final = isinstance(error, (Undeliverable, Unsendable)) or system.caller.now - letter.written_at >= LIFETIME
        about = {"cause": cause_of(error)}
        logger.error("the letter %s could not be sent%s: %s", letter.kind, "" if is_final else " yet", type(error).__name__, extra=about)
        if not is_final:
            return False
        is_sent = False
    async with system.for_caller(system.caller).write() as transaction:
        await transaction.run("letters.done", id=letter.id)
    return is_sent


def _written(message: Message) -> str:
    return json.dumps(asdict(message) | {"written_at": message.written_at.isoformat()})


def _read(text: str, letter_id: str) -> Message:
    fields = json.loads(text)
    headers = tuple((name, value) for name, value in fields["headers"])
    return Message(**fields | {"id": letter_id, "written_at": datetime.fromisoformat(fields["written_at"]), "headers": headers})
