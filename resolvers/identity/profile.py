"""My Profile: name, language, time zone, e-mail address, password."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auth.passwords import check_password_strength
from auth.secret import hash_of, new_secret
from auth.throttle import Kind, Throttled
from billing.customers import values
from billing.customers.saving import profile_columns
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import AlreadyTaken, Transaction, UnitOfWork
from mail.letters import Letter
from resolvers import letters
from resolvers.audit import note
from resolvers.changes.saving import as_json, in_json
from resolvers.changes.writing import audited
from resolvers.context import Context, identity_of
from resolvers.identity.secret_links import INVALID_LINK, SecretLink, link_to, make, use_link, void_links, wrong_links_counted
from resolvers.identity.sessions import device_of
from resolvers.letters import customer_of
from resolvers.mutating import present_fields
from resolvers.reads.ownership import customer_named, writing_for
from resolvers.recognition import Presented, credential_of, once, presented, recognised, throttled
from resolvers.standing import check_signed_in, lock_signed_in

logger = logging.getLogger("portico.identity")

EMAIL_LINK = timedelta(hours=24)
PASSWORD_LINK = timedelta(minutes=30)
# The kinds of links that set a password: one that the customer asks for, and one by which the merchant invites them.
PASSWORD_LINKS = ("PASSWORD", "INVITATION")

# A link that is still valid for longer than this is not replaced by a new letter.
WORTH_SENDING = timedelta(minutes=10)
WRONG_PASSWORD = "The current password is wrong."
NO_PASSWORD = "This account has no password yet. Call `requestPasswordReset`: it sends a letter by which the customer chooses the first one."


@dataclass(frozen=True, slots=True)
class ProvedOwner:
    """The result of a mutation that proved the caller to be the account's owner, with the device value for the next sign-in."""

    done: bool
    device: str


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A new password of a customer, set by the mutation `event`: by the token of a link, or in the session that continues, which has proved the password `before`."""

    password: str
    customer_id: str
    event: str
    token: str | None = None
    link_kind: str = "PASSWORD"
    session_id: str | None = None
    before: str | None = None


async def update(arguments: Any, context: Context) -> Any:
    name = None if arguments.name is None else values.checked_name(arguments.name)
    locale = None if arguments.locale is None else values.checked_locale(arguments.locale)
    time_zone = None if arguments.time_zone is None else values.checked_time_zone(arguments.time_zone)
    sent = as_json(profile_columns(present_fields(arguments)))
    async with writing_for(context, await customer_named(arguments, context)) as transaction:
        entry = audited(context, "updateProfile", customer_id=transaction.caller.customer_id)
        columns = {"name": name, "locale": locale, "time_zone": time_zone, "sent": sent, "expected_version": arguments.expected_version}
        changed = await transaction.first_beside(in_json(entry), "customers.set_profile", **columns)
        if changed is None:
            raise await _why_unchanged(transaction, arguments)
    return changed


async def _why_unchanged(transaction: Transaction, arguments: Any) -> Refused:
    customer = await transaction.first("customers.by_id", key=transaction.caller.customer_id)
    if arguments.expected_version in (None, customer.version):
        return Refused(ErrorCode.INVALID_VALUE, values.NO_ZONE, "timeZone")
    return Refused(ErrorCode.VERSION_CONFLICT, "Your profile was changed meanwhile. Read it again.", "expectedVersion")


async def request_email_change(arguments: Any, context: Context) -> bool:
    """Send a confirmation link to the new address and a notice to the old one. The answer is the same if another account has the new address. Raises Refused."""
    email = values.checked_email(arguments.new_email, "newEmail")
    await _check_mover(context)
    await throttled(context, Kind.PASSWORD)
    secret = new_secret()
    async with context.session.write() as transaction:
        await lock_signed_in(transaction, context)
        await void_links(transaction, "EMAIL")
        await make(SecretLink(secret, "EMAIL", EMAIL_LINK, email), transaction, context)
        await note(transaction, context, "requestEmailChange")
        await _write_to_new(transaction, context, email, secret)
        await letters.write(transaction, context, Letter.EMAIL_CHANGED)
    return True


async def _check_mover(context: Context) -> None:
    """Raise Refused for a session without a password, and for one that began with a portal link that staff could read.

    Such a caller could move the address, and with it the password reset, to another mailbox. Checked before an attempt of the customer's budget is counted.
    """
    async with context.session.write() as transaction:
        needs_password = context.viewer.session_id is not None and identity_of(context).gives_first_passwords
        if needs_password and await transaction.first("credentials.of_customer") is None:
            raise Refused(ErrorCode.PASSWORD_NOT_SET, NO_PASSWORD)
        await check_signed_in(transaction, context)


async def _write_to_new(transaction: Transaction, context: Context, email: str, secret: str) -> None:
    """Write to the new address. Only the letter depends on whether another account has the address: the statements are the same, so that their number and time reveal
    nothing to the caller.

    The owner of that account gets no link, because it could not work.
    """
    await transaction.set_rls_secret("email", email.lower())
    if await transaction.first("credentials.other_owner", email=email) is None:
        await letters.write(transaction, context, Letter.CONFIRM_EMAIL, to=email, link=link_to(context, "confirm-email", secret), code=secret)
    else:
        await letters.write(transaction, context, Letter.EMAIL_TAKEN, to=email)


async def confirm_email_change(arguments: Any, context: Context) -> ProvedOwner:
    """Set the new address. Links that were sent to the old address become void. Raises Refused."""
    try:
        async with wrong_links_counted(context), context.session.write() as transaction:
            link = await use_link(transaction, arguments.token, "EMAIL")
            await transaction.run("customers.set_email", email=link.email)
            await transaction.run("credentials.set_email", email=link.email)
            await void_links(transaction)
            await note(transaction, context, "confirmEmailChange")
    except AlreadyTaken:
        raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token") from None
    return ProvedOwner(True, device_of(link.email, context))


async def change_password(arguments: Any, context: Context) -> ProvedOwner:
    """Set a new password and end every other session. A first password is only set by a letter, because a portal link does not prove who opened it. Raises Refused."""
    customer_id = context.viewer.customer_id or ""
    async with context.session.write() as transaction:
        credential = await transaction.first("credentials.of_customer")
        if credential is None:
            raise Refused(ErrorCode.PASSWORD_NOT_SET, NO_PASSWORD, "currentPassword")
        await check_signed_in(transaction, context)
    await throttled(context, Kind.PASSWORD)
    verdict = await identity_of(context).passwords.verify(arguments.current_password, credential.password_hash)
    if not verdict.is_right:
        raise Refused(ErrorCode.WRONG_CREDENTIALS, WRONG_PASSWORD, "currentPassword")
    session_id, before = context.viewer.session_id, credential.password_hash
    return await _set_password(NewPassword(arguments.new_password, customer_id, "changePassword", session_id=session_id, before=before), context)


async def request_password_reset(arguments: Any, context: Context) -> bool:
    """Return True at once for every address. Whether the account exists, has a password and is sent a letter is visible only in its mailbox.

    The request uses no budget of the account, so that it cannot lock the customer out. Raises TooManyAttempts.
    """
    once(context)
    who = presented(arguments.email, arguments.device, context)
    await identity_of(context).throttle.hit(Kind.RESET, who.device.identity if who.device else who.network)
    # The access token is verified first: the work after the response must not be done for a caller whose token is not valid.
    await context.session.confirm()
    identity_of(context).later(_send_reset(context, who))
    return True


async def reset_password(arguments: Any, context: Context) -> ProvedOwner:
    """Set a password by a link and end every session, also the caller's. Raises Refused."""
    async with wrong_links_counted(context):
        async with context.session.write() as transaction:
            await transaction.set_rls_secret("secret", hash_of(arguments.token))
            link = await transaction.first("links.by_secret", secret_hash=hash_of(arguments.token))
        if link is None or link.kind not in PASSWORD_LINKS:
            raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")
        new = NewPassword(arguments.new_password, link.customer_id, "resetPassword", token=arguments.token, link_kind=link.kind)
        return await _set_password(new, context)


async def _send_reset(context: Context, who: Presented) -> None:
    """Send the letter. While an earlier link is valid no other is sent, except to a recognised caller, within a budget."""
    session = context.session.apart(context.session.caller)
    credential = await credential_of(who, session)
    customer_id = credential.customer_id if credential else await _without_password(who, session, context)
    if customer_id is None:
        return
    may_repeat = await _may_repeat(recognised(who, credential), context)
    secret = new_secret()
    async with session.write() as transaction:
        await transaction.impersonate_verified(customer_id)
        await transaction.run("customers.lock")  # two concurrent requests send one letter
        if not may_repeat and await transaction.first("links.holding", kind="PASSWORD", until=context.now + WORTH_SENDING):
            return
        if credential is None and await transaction.first("credentials.of_customer"):
            return  # the credential has another address, or was created after the first read
        customer = await transaction.first("customers.by_id", key=customer_id)
        if customer.closed_at is not None:
            return  # since the account was looked up
        await make(SecretLink(secret, "PASSWORD", PASSWORD_LINK, customer.email), transaction, context)
        await note(transaction, context, "requestPasswordReset")
        letter = Letter.PASSWORD_RESET if credential else Letter.FIRST_PASSWORD
        await letters.write(transaction, context, letter, link=link_to(context, "reset-password", secret))


async def _without_password(who: Presented, session: UnitOfWork, context: Context) -> str | None:
    """Return the id of the customer at an address without a credential; None where customers share the address and none of them can sign in with it."""
    if not identity_of(context).gives_first_passwords:
        return None
    async with session.write() as transaction:
        await transaction.set_rls_secret("email", who.email)
        customer = await transaction.first("customers.at_address", email=who.email)
    if customer is not None and customer.shares_email:
        logger.warning("no first password: %s and another customer have the same e-mail address", customer.id)
        return None
    return str(customer.id) if customer else None


async def _may_repeat(own: str | None, context: Context) -> bool:
    if own is None:
        return False
    try:
        await identity_of(context).throttle.hit(Kind.LETTER, own)
    except Throttled:
        return False
    return True


async def _set_password(new: NewPassword, context: Context) -> ProvedOwner:
    """Check the password, hash it outside of any transaction, then store it. Raises Refused."""
    customer = await customer_of(context, new.customer_id)
    if customer is None:  # deleted since its link was read
        raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")
    check_password_strength(new.password, personal=(customer.name, customer.email), field="newPassword")
    hashed = await identity_of(context).passwords.hash(new.password)
    try:
        return ProvedOwner(True, device_of(await _store_password(new, hashed, context), context))
    except AlreadyTaken:  # another customer with the same address has set a password first
        raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token") from None


async def _store_password(new: NewPassword, hashed: str, context: Context) -> str:
    """Store the password, end the sessions of the old one and void every earlier link. Return the address that signs in. Raises AlreadyTaken, Refused."""
    async with context.session.write() as transaction:
        link = None
        if new.token is not None:
            link = await use_link(transaction, new.token, new.link_kind)
        else:
            await _check_unchanged(transaction, context, new)
        customer = await transaction.first("customers.by_id", key=new.customer_id)
        if link is not None and link.email not in (customer.email, None):  # links of the previous version have no address
            # The merchant has corrected the address since, by SQL or an import: a reader of the former mailbox must not set the password.
            raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")
        credential = await transaction.first("credentials.set_password", password_hash=hashed, is_by_letter=link is not None)
        if credential is None:
            credential = await transaction.first("credentials.create", email=customer.email, password_hash=hashed)
        await void_links(transaction)
        await transaction.run("sessions.end_others", keep=new.session_id, reason="PASSWORD_CHANGED")
        await note(transaction, context, new.event)
        await letters.write(transaction, context, Letter.PASSWORD_CHANGED)
    return str(credential.email)


async def _check_unchanged(transaction: Transaction, context: Context, new: NewPassword) -> None:
    """Lock the customer, as `use_link` does. Raises Refused if the password was changed since the present one was compared, by who ended this session or in it."""
    await lock_signed_in(transaction, context)
    credential = await transaction.first("credentials.of_customer")
    if credential is None or credential.password_hash != new.before:
        raise Refused(ErrorCode.WRONG_CREDENTIALS, WRONG_PASSWORD, "currentPassword")
