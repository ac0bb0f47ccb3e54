"""Portal links: one-time links by which the merchant's staff give a customer access without a password.

Staff can open a link that is returned to them, so its session does not prove that its user is the customer (`resolvers/standing.py`). A link that is mailed is read
only in the mailbox of an address with which the customer signs in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auth.secret import hash_of, new_secret
from auth.urls.landing import is_landing
from billing.refusals import ErrorCode, Refused
from billing.states import LinkDelivery
from mail.letters import Letter
from resolvers import letters
from resolvers.attachments.attachment_targets import acting
from resolvers.audit import note
from resolvers.context import Context, identity_of
from resolvers.identity.secret_links import INVALID_LINK, link_to, maker, use_link, wrong_links_counted
from resolvers.identity.sessions import TokenPair, begin, device_of, enter
from resolvers.letters import customer_of

LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PortalLinkUrl:
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedLink:
    """A created link as staff see it: `link` is set only if the link is returned to them."""

    link: PortalLinkUrl | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RedeemedLink:
    """A session, the device value of an account that has a password, and the page of the portal that the link leads to."""

    tokens: TokenPair
    device: str | None
    landing: str | None


async def create(arguments: Any, context: Context) -> CreatedLink:
    """Create a link. With `send`, the customer also gets it by mail. A link that is mailed only is in no response, log line or row, but sealed in its letter.

    Raises Refused.
    """
    customer_id, landing = str(arguments.customer_id), arguments.landing
    customer = await customer_of(context, customer_id)
    if customer is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such customer.", "customerId")
    _check_open(customer)
    if landing is not None and not is_landing(landing):
        raise Refused(ErrorCode.INVALID_VALUE, "A landing page is a path of the portal such as /payments; left out, it is the Summary.", "landing")
    is_mailed = arguments.delivery is LinkDelivery.MAIL
    address = await _verified_address(context, customer_id) if is_mailed else None
    secret, expires_at = new_secret(), context.now + LIFETIME
    url = link_to(context, "enter", secret)
    async with context.session.write() as transaction:
        # Who closes or erases the customer meanwhile voids the links that there are.
        await transaction.act_for(customer_id)
        await transaction.run("customers.lock")
        _check_open(await transaction.first("customers.by_id", key=customer_id))
        await transaction.set_rls_secret("secret", hash_of(secret))
        await transaction.run(
            "links.create",
            secret_hash=hash_of(secret),
            kind="PORTAL",
            email=address,
            landing=landing,
            delivery=arguments.delivery,
            expires_at=expires_at,
            **maker(context),
        )
        await note(transaction, context, "createPortalLink", customer_id=customer_id, detail=f"{customer_id} MAIL" if is_mailed else customer_id)
        if arguments.send or is_mailed:
            await letters.write(transaction, context, Letter.PORTAL_LINK, customer_id=customer_id, to=address, link=url)
    return CreatedLink(None if is_mailed else PortalLinkUrl(url, expires_at), expires_at)


def _check_open(customer: Any) -> None:
    if customer.closed_at is not None:
        raise Refused(ErrorCode.CUSTOMER_CLOSED, "The customer is closed and cannot sign in.", "customerId")


async def _verified_address(context: Context, customer_id: str) -> str:
    """Return the customer's e-mail address, which is verified if they sign in with it. Raises Refused."""
    if not identity_of(context).sends_mail:
        raise Refused(ErrorCode.MAIL_NOT_CONFIGURED, "This server sends no letters: set PORTICO_SMTP_HOST.", "delivery")
    customer = await customer_of(context, customer_id)
    session = acting(context, customer_id)
    async with session.write() as transaction:
        credential = await transaction.first("credentials.of_customer")
    if credential is None or credential.email != customer.email.lower() or not credential.is_email_proved:
        raise Refused(
            ErrorCode.EMAIL_NOT_VERIFIED,
            "The customer has not signed in with this e-mail address yet. Let them choose a password by a letter first.",
            "delivery",
        )
    return str(customer.email)


async def redeem(arguments: Any, context: Context) -> RedeemedLink:
    async with wrong_links_counted(context), context.session.write() as transaction:
        link = await use_link(transaction, arguments.token, "PORTAL")
        is_mailed = link.delivery == LinkDelivery.MAIL
        customer = await transaction.first("customers.by_id", key=link.customer_id)
        if is_mailed and link.email != customer.email:
            # The merchant has corrected the address since: a reader of the former mailbox must not get a session.
            raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")
        tokens = await begin(transaction, context, link)
        await transaction.set_rls_secret("session_id", tokens.session_id)
        credential = await transaction.first("credentials.of_customer")
        await note(transaction, context, "redeemPortalLink", detail=tokens.session_id)
    # Only a proved customer gets a device value, and with it a throttle budget of their own for the password.
    device = device_of(credential.email, context) if credential and is_mailed else None
    # The landing page is checked again: a link of an earlier version was made by another rule.
    return RedeemedLink(enter(context, tokens), device, link.landing if link.landing and is_landing(link.landing) else None)
