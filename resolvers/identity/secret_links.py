"""One-time secret links: created, sent, used once, and void when the address or the password that they were made for changes."""

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
    """A link that is mailed and used once. `email` is the address it is sent to: the new address to be confirmed, or the address for which a password is set."""

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
    """Return the creator of a link, as columns of its row."""
    viewer = context.viewer
    issuer = (viewer.issuer or context.issuer) if viewer.subject else None
    return {"made_by": viewer.client or viewer.kind, "made_by_subject": viewer.subject or None, "made_by_issuer": issuer}


async def use_link(transaction: Transaction, token: str, kind: str) -> Any:
    """Use a link up, and act as its customer from then on. Raises Refused, with the same error for every invalid link.

    The links of one customer are used under the customer's lock: each voids others, and two concurrent uses would deadlock.
    """
    await transaction.set_rls_secret("secret", hash_of(token))
    link = await transaction.first("links.by_secret", secret_hash=hash_of(token))
    if link is not None:
        await transaction.impersonate_verified(link.customer_id)
        await transaction.run("customers.lock")
        used = await transaction.first("links.use", secret_hash=hash_of(token), kind=kind)
        if used is not None:
            return used
    raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")


@asynccontextmanager
async def wrong_links_counted(context: Context) -> AsyncIterator[None]:
    """Count an attempt only if its link is invalid, so that other callers of the same network cannot block the use of a valid link. Raises TooManyAttempts."""
    once(context)
    try:
        yield
    except Refused as refused:
        if refused.code is ErrorCode.LINK_INVALID:
            await identity_of(context).throttle.hit(Kind.LINK, network_of(context.origin.network))
        raise


async def void_links(transaction: Transaction, kind: str | None = None) -> None:
    """Void every link of the transaction's customer, or those of one kind, because the address or password they were made for has changed."""
    await transaction.run("links.void", kind=kind)


def link_to(context: Context, page: str, secret: str) -> str:
    """Return the URL of a page with the secret in its fragment, so that it is in no server log and no Referer header."""
    return f"{identity_of(context).portal_url}/{page}#token={secret}"
