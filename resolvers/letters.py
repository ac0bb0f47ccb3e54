"""Letters that mutations cause. They are written and sent after the answer: their time tells nothing, and no transaction waits for a mail server."""

import logging
from dataclasses import replace
from typing import Any

from billing.states import Actor
from db.blocks import blocks
from loaders import Loaders
from mail.letters import Envelope, Letter, compose
from resolvers.audit import fresh_id
from resolvers.context import Context, identity_of

logger = logging.getLogger("portico.mail")


def send_later(context: Context, customer_id: str, letter: Letter, *, to: str | None = None, **words: str) -> None:
    """To the customer's address, or to another (`to`). A letter that cannot be sent is logged: the caller's work is done already."""
    identity_of(context).later(_send(context, customer_id, letter, to=to, words=words))


async def customer_of(context: Context, customer_id: str) -> Any:
    """The customer, read in a unit of work of its own: the operation's may be over by now, or not be theirs yet."""
    session = context.session.of(replace(context.session.caller, customer_id=customer_id, actor=Actor.SYSTEM, session_id=None))
    try:
        return await Loaders(session).one(blocks()["customers.by_id"]).load((customer_id, customer_id))
    finally:
        await session.close()


async def _send(context: Context, customer_id: str, letter: Letter, *, to: str | None, words: dict[str, str]) -> None:
    identity = identity_of(context)
    try:
        customer = await customer_of(context, customer_id)
        envelope = Envelope(to or customer.email, customer.locale, fresh_id("let", context), context.now)
        await identity.mail.send(compose(letter, envelope, {"portal": identity.merchant, "help": identity.portal_url, **words}))
    except Exception as error:  # nobody waits for it any more, so the log is all that may hear of a failure
        # Its kind alone: what a mail server says often repeats the address.
        logger.error("the letter %s could not be sent: %s", letter, type(error).__name__)
