"""Links that prove something once: made, sent, used, and void when what they stand for changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auth.secret import hash_of
from auth.throttle import Kind, network_of
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.context import Context, identity_of
from resolvers.recognition import once

INVALID_LINK = "This link was used already, has expired or is unknown. Request a new one."


@dataclass(frozen=True, slots=True)
class SecretLink:
    """What is sent by mail and used once. `email` is the address to which it is sent: the new one that is to be confirmed, or the one for which a password is set."""

    secret: str
    kind: str
    lifetime: timedelta
    email: str | None = None


async def make(link: SecretLink, transaction: Transaction, context: Context) -> None:
    await transaction.run(
        "links.create",
        secret_hash=hash_of(link.secret),
        kind=link.kind,
        email=link.email,
        landing=None,
        delivery=None,
        **maker(context),
        expires_at=context.now + link.lifetime,
    )


def maker(context: Context) -> dict[str, str | None]:
    """Who makes a link, as columns of it."""
    viewer = context.viewer
    issuer = (viewer.issuer or context.issuer) if viewer.subject else None
    return {"made_by": viewer.client or viewer.kind, "made_by_subject": viewer.subject or None, "made_by_issuer": issuer}


async def use_link(transaction: Transaction, token: str, kind: str) -> Any:
    """Spend a link, and act as the customer it was made for. One answer for every link that does not hold.

    Links of one customer are spent one after the other: each makes others void, and two at once would wait for each other's rows.
    """
    await transaction.set_rls_secret("secret", hash_of(token))
    found = await transaction.first("links.by_secret", secret_hash=hash_of(token))
    if found is not None:
        await transaction.impersonate_verified(found.customer_id)
        await transaction.run("customers.lock")
        used = await transaction.first("links.use", secret_hash=hash_of(token), kind=kind)
        if used is not None:
            return used
    raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")


@asynccontextmanager
async def wrong_links_counted(context: Context) -> AsyncIterator[None]:
    """Only a link that does not hold is counted, so that nobody who shares a network can keep a right one from being used. Raises TooManyAttempts."""
    once(context)
    try:
        yield
    except Refused as refused:
        if refused.code is ErrorCode.LINK_INVALID:
            await identity_of(context).throttle.hit(Kind.LINK, network_of(context.origin.network))
        raise


async def void_links(transaction: Transaction, kind: str | None = None) -> None:
    """Every link of the customer who acts in the transaction, or those of one kind: they were made for an address or a password that is no longer."""
    await transaction.run("links.void", kind=kind)


def link_to(context: Context, page: str, secret: str) -> str:
    """The secret stands behind the #, so that it reaches no server log and no referrer."""
    return f"{identity_of(context).portal_url}/{page}#token={secret}"
