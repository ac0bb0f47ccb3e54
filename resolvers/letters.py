"""Letters that mutations cause. They are written in the transaction of their cause, and sent after the answer: their time tells nothing,
no transaction waits for a mail server, and a letter that could not be sent, or whose process died, is sent by the worker."""

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

# The links in letters hold for a day at most.
LIFETIME = timedelta(days=1)
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """A letter to be written: to whom, whose it is, and what is filled in."""

    letter: Letter
    envelope: Envelope
    customer_id: str
    words: dict[str, str]


async def write(transaction: Transaction, context: Context, letter: Letter, *, customer_id: str | None = None, to: str | None = None, **words: str) -> None:
    """To the address that the customer has now, or to another (`to`). It is sent once the transaction is committed, and not if it is not."""
    identity = identity_of(context)
    owner = customer_id or transaction.caller.customer_id
    customer = await transaction.first("customers.by_id", key=owner, customer_id=owner)
    envelope = Envelope(to or customer.email, customer.locale, fresh_id("let", context), context.now)
    letterhead = Letterhead(identity.merchant, identity.portal_url, identity.post.seal)
    if await enqueue_letter(transaction, letterhead, LetterDraft(letter, envelope, customer.id, words)):
        transaction.afterwards.append(partial(_send_later, context, envelope.id))


async def enqueue_letter(transaction: Transaction, letterhead: Letterhead, draft: LetterDraft) -> bool:
    """Write a letter for the worker to send, if the transaction is committed. Whether it could be written."""
    letter_id = draft.envelope.id
    try:
        message = compose(draft.letter, draft.envelope, {"portal": letterhead.portal, "help": letterhead.help, **draft.words})
    except Unsendable as error:  # an address that no mail server takes; what causes the letter happens all the same
        logger.error("the letter %s could not be written: %s", draft.letter, error)
        return False
    sealed = letterhead.seal.close(_written(message), letter_id)
    await transaction.run("letters.write", id=letter_id, customer_id=draft.customer_id, kind=draft.letter.value, sealed=sealed)
    return True


@dataclass(slots=True)
class SendResult:
    """How many letters went out, and how many could not."""

    letters: int = 0
    failures: int = 0


async def send(session: UnitOfWork, post: Post, *, only: str | None = None, done: SendResult | None = None) -> int:
    """Send what is to be sent by now, or the one letter; how many were. At least once: a mail server knows by the Message-ID what it has had before.

    `session` is any unit of work on the database; its caller says when it is. Fills `done`. Raises DatabaseUnavailable where no letters can be taken on.
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
    """The customer, read in a unit of work of its own: the operation's may be over by now, or not be theirs yet."""
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
    except DatabaseUnavailable as error:  # the worker will see to it
        logger.info("a letter is left to the worker", extra={"cause": error.cause})


async def _send_one(letter: Any, system: UnitOfWork, post: Post, done: SendResult) -> None:
    """Whatever happens to one letter, the others are sent. One that went out and could not be crossed off is sent again."""
    try:
        is_sent = await _send(letter, system, post)
    except Exception as error:
        logger.error("the letter %s could not be marked as sent: %s", letter.kind, describe(error))
        is_sent = False
    done.letters += is_sent
    done.failures += not is_sent


async def _send(letter: Any, system: UnitOfWork, post: Post) -> bool:
    """Whether it went out. One that never will is given up, and so is one that nobody could send, or open with the secret that they have, for a day.

    Of a failure its kind and cause alone are logged: what a mail server says often repeats the address.
    """
    try:
        await post.sender.send(_read(post.seal.open(letter.sealed, letter.id), letter.id))
        is_sent = True
    except Exception as error:  # nobody waits for it, so the log is all that may hear of a failure
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
    found = json.loads(text)
    headers = tuple((name, value) for name, value in found["headers"])
    return Message(**found | {"id": letter_id, "written_at": datetime.fromisoformat(found["written_at"]), "headers": headers})
