"""My Profile: name, language, time zone, e-mail address, password."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from auth.passwords import judge
from auth.secret import hash_of, new_secret
from auth.throttle import Kind
from billing.refusals import ErrorCode, Refused
from db.session import AlreadyTaken, Transaction
from mail.letters import Letter
from resolvers import letters
from resolvers.audit import note
from resolvers.context import Context, identity_of
from resolvers.letters import customer_of
from resolvers.sessions import throttled

EMAIL_LINK = timedelta(hours=24)
PASSWORD_LINK = timedelta(minutes=30)

INVALID_LINK = "This link is used, expired or was never made. Ask for a new one."


@dataclass(frozen=True, slots=True)
class _Link:
    """What is sent by mail and used once. `email` is the new address of the one that confirms it."""

    secret: str
    kind: str
    lifetime: timedelta
    email: str | None = None


async def update(given: Any, context: Context) -> Any:
    name = _name(given.name)
    locale = _locale(given.locale)
    time_zone = _time_zone(given.time_zone)
    async with context.session.write() as transaction:
        changed = await transaction.first("customers.set_profile", name=name, locale=locale, time_zone=time_zone, expected_version=given.expected_version)
        if changed is None:
            raise Refused(ErrorCode.VERSION_CONFLICT, "Your profile was changed meanwhile. Read it again.", "expectedVersion")
        await note(transaction, context, "updateProfile")
    return changed


async def request_email_change(given: Any, context: Context) -> bool:
    """The new address must be confirmed from there, and the old one is told. Whether it belongs to somebody else is never told."""
    email = _email(given.new_email)
    await throttled(context, Kind.PASSWORD, context.viewer.customer_id)
    secret = new_secret()
    async with context.session.write() as transaction:
        await _make(_Link(secret, "EMAIL", EMAIL_LINK, email), transaction, context)
        await note(transaction, context, "requestEmailChange")
        await letters.write(transaction, context, Letter.CONFIRM_EMAIL, to=email, link=link_to(context, "confirm-email", secret), code=secret)
        await letters.write(transaction, context, Letter.EMAIL_CHANGED)
    return True


async def confirm_email_change(given: Any, context: Context) -> bool:
    try:
        async with context.session.write() as transaction:
            link = await use_link(transaction, given.token, "EMAIL")
            await transaction.run("customers.set_email", email=link.email)
            await transaction.run("credentials.set_email", email=link.email)
            await note(transaction, context, "confirmEmailChange")
    except AlreadyTaken:
        raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token") from None
    return True


async def change_password(given: Any, context: Context) -> bool:
    """Ends every other session."""
    customer_id = context.viewer.customer_id or ""
    await throttled(context, Kind.PASSWORD, customer_id)
    async with context.session.write() as transaction:
        found = await transaction.first("credentials.of_customer")
    passwords = identity_of(context).passwords
    verdict = await passwords.verify(given.current_password, found.password_hash if found else None)
    if not found or not verdict.is_right:
        raise Refused(ErrorCode.WRONG_CREDENTIALS, "The current password is not right.", "currentPassword")
    await _set_password(context, given.new_password, customer_id, event="changePassword")
    return True


async def request_password_reset(given: Any, context: Context) -> bool:
    """Always the same answer at once; whether there is such an account shows only in its mailbox."""
    email = given.email.strip().lower()
    await throttled(context, Kind.PASSWORD, email)
    identity_of(context).later(_send_reset(context, email))
    return True


async def reset_password(given: Any, context: Context) -> bool:
    """Ends every session."""
    await throttled(context, Kind.LINK)
    async with context.session.write() as transaction:
        await transaction.present("secret", hash_of(given.token))
        link = await transaction.first("links.by_secret", secret_hash=hash_of(given.token))
    if link is None or link.kind != "PASSWORD":
        raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")
    await _set_password(context, given.new_password, link.customer_id, event="resetPassword", token=given.token)
    return True


async def use_link(transaction: Transaction, token: str, kind: str) -> Any:
    """Spend a link, and act as the customer it was made for. One answer for every link that does not hold."""
    await transaction.present("secret", hash_of(token))
    found = await transaction.first("links.by_secret", secret_hash=hash_of(token))
    if found is not None:
        await transaction.act_as(found.customer_id)
        used = await transaction.first("links.use", secret_hash=hash_of(token), kind=kind)
        if used is not None:
            return used
    raise Refused(ErrorCode.LINK_INVALID, INVALID_LINK, "token")


def link_to(context: Context, page: str, secret: str) -> str:
    """The secret stands behind the #, so that it reaches no server log and no referrer."""
    return f"{identity_of(context).portal_url}/{page}#token={secret}"


async def _send_reset(context: Context, email: str) -> None:
    session = context.session.of(context.session.caller)
    secret = new_secret()
    async with session.write() as transaction:
        await transaction.present("email", email)
        found = await transaction.first("credentials.by_email", email=email)
        if found is None:
            return
        await transaction.act_as(found.customer_id)
        await _make(_Link(secret, "PASSWORD", PASSWORD_LINK), transaction, context)
        await note(transaction, context, "requestPasswordReset")
        await letters.write(transaction, context, Letter.PASSWORD_RESET, link=link_to(context, "reset-password", secret))


async def _make(link: _Link, transaction: Transaction, context: Context) -> None:
    await transaction.run(
        "links.create",
        secret_hash=hash_of(link.secret),
        kind=link.kind,
        email=link.email,
        landing=None,
        made_by=context.origin.client or context.viewer.kind,
        expires_at=context.now + link.lifetime,
    )


async def _set_password(context: Context, password: str, customer_id: str, *, event: str, token: str | None = None) -> None:
    """Judge it, hash it outside of any transaction, then write it and end the sessions that the old one began."""
    customer = await customer_of(context, customer_id)
    judge(password, personal=(customer.name, customer.email), field="newPassword")
    hashed = await identity_of(context).passwords.hash(password)
    async with context.session.write() as transaction:
        if token is not None:
            await use_link(transaction, token, "PASSWORD")
        if not await transaction.run("credentials.set_password", password_hash=hashed):
            await transaction.run("credentials.create", email=customer.email, password_hash=hashed)
        await transaction.run("sessions.end_others", keep=context.viewer.session_id, reason="PASSWORD_CHANGED")
        await note(transaction, context, event)
        await letters.write(transaction, context, Letter.PASSWORD_CHANGED)


def _name(text: str | None) -> str | None:
    if text is None:
        return None
    name = " ".join(text.split())
    if not 1 <= len(name) <= 200 or any(not character.isprintable() for character in name):
        raise Refused(ErrorCode.INVALID_VALUE, "A name has 1 to 200 printable characters.", "name")
    return name


def _locale(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        raise Refused(ErrorCode.INVALID_VALUE, "A locale is a BCP 47 tag such as de-CH.", "locale") from None
    return text


def _time_zone(text: str | None) -> str | None:
    if text is not None and text not in available_timezones():
        raise Refused(ErrorCode.INVALID_VALUE, "A time zone is an IANA name such as Europe/Zurich.", "timeZone")
    return text


def _email(text: str) -> str:
    """Only what can never be an address is refused; whether it is one, the letter will show."""
    email = text.strip()
    local, _, domain = email.rpartition("@")
    if not local or "." not in domain or len(email) > 320 or any(character.isspace() or not character.isprintable() for character in email):
        raise Refused(ErrorCode.INVALID_VALUE, "This is not an e-mail address.", "newEmail")
    return email
