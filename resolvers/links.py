"""Portal links: the merchant's staff let a customer in without a password, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auth.landing import is_landing
from auth.secret import hash_of, new_secret
from billing.refusals import ErrorCode, Refused
from billing.states import SignInMethod
from mail.letters import Letter
from resolvers import letters
from resolvers.audit import note
from resolvers.context import Context
from resolvers.letters import customer_of
from resolvers.secret_links import link_to, use_link, wrong_links_counted
from resolvers.sessions import SessionTokens, begin, device_of, enter

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PortalLink:
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A session, the device value of an account that has a password, and the page of the portal that the link leads to."""

    tokens: SessionTokens
    device: str | None
    landing: str | None


async def create(given: Any, context: Context) -> PortalLink:
    """With `send`, the customer also gets it by mail."""
    customer_id = str(given.customer_id)
    if await customer_of(context, customer_id) is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such customer.", "customerId")
    landing = given.landing
    if landing is not None and not is_landing(landing):
        raise Refused(ErrorCode.INVALID_VALUE, "A landing page is a path of the portal such as /invoices.", "landing")
    secret, expires_at = new_secret(), context.now + LIFETIME
    url = link_to(context, "enter", secret)
    async with context.session.write() as transaction:
        await transaction.present("secret", hash_of(secret))
        await transaction.run(
            "links.create",
            customer_id=customer_id,
            secret_hash=hash_of(secret),
            kind="PORTAL",
            email=None,
            landing=landing,
            made_by=context.viewer.client,
            expires_at=expires_at,
        )
        await note(transaction, context, "createPortalLink", customer_id=customer_id, detail=customer_id)
        if given.send:
            await letters.write(transaction, context, Letter.PORTAL_LINK, customer_id=customer_id, link=url)
    return PortalLink(url, expires_at)


async def redeem(given: Any, context: Context) -> Redeemed:
    async with wrong_links_counted(context), context.session.write() as transaction:
        link = await use_link(transaction, given.token, "PORTAL")
        tokens = await begin(transaction, context, SignInMethod.PORTAL_LINK)
        credential = await transaction.first("credentials.of_customer")
        await note(transaction, context, "redeemPortalLink", detail=tokens.session_id)
    device = device_of(credential.email, context) if credential else None
    # A link that an earlier version made is checked by today's rule.
    return Redeemed(enter(context, tokens), device, link.landing if link.landing and is_landing(link.landing) else None)
