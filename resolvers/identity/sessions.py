"""Signing in and staying in: sessions, their rotating refresh tokens, and their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auth.seal import NotSealed, Seal
from auth.secret import hash_of, new_secret
from auth.throttle import UNKNOWN_NETWORK, network_of
from auth.viewer import Viewer
from billing.refusals import ErrorCode, Refused
from billing.states import Actor, LinkDelivery, SignInMethod
from db.unit_of_work import Transaction
from mail.letters import Letter
from resolvers import letters
from resolvers.audit import fresh_id, note
from resolvers.context import Context, identity_of
from resolvers.recognition import counted_sign_in, once, presented
from resolvers.standing import check_signed_in

ACCESS = timedelta(minutes=15)
SESSION = timedelta(days=30)

# An answer that was lost on its way may be asked for again this long; after that a used token is a stolen one.
GRACE = timedelta(seconds=10)

# What a used token seals: the token that came after it.
SUCCESSOR = "successor"

# The client_id of our own tokens. Which program sent the request, its User-Agent says, and nothing vouches for that.
CLIENT = "portal"

# Who acts in a session that began with a link of which the app is not known.
LINK = "portal-link"

ENDED = "This session has ended. Sign in again."


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps: a token to call with, and one to get the next pair. `acting_party` is who may be acting in the session beside the customer."""

    customer_id: str
    session_id: str
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    acting_party: str | None = None

    @property
    def needs_sign_in(self) -> bool:
        return self.acting_party is not None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, and the device value for the next time."""

    tokens: TokenPair
    device: str


async def sign_in(given: Any, context: Context) -> SignedIn:
    """Unknown accounts and wrong passwords cost the same work and get the same words. In a session of that customer which began with a portal link, the new one takes
    its place."""
    once(context)
    who = presented(given.email, given.device, context)
    credential = await counted_sign_in(who, context)
    identity = identity_of(context)
    verdict = await identity.passwords.verify(given.password, credential.password_hash if credential else None)
    if not credential or not verdict.is_right:
        raise Refused(ErrorCode.WRONG_CREDENTIALS, "The e-mail address or the password is wrong.")
    renewed = await identity.passwords.hash(given.password) if verdict.needs_rehash else None
    async with context.session.write() as transaction:
        await transaction.impersonate_verified(credential.customer_id)
        if renewed:
            await transaction.run("credentials.rehash", password_hash=renewed)
        # Whoever else has the tokens of the session that began with a portal link has nothing of the one that begins now.
        await transaction.run("sessions.end_link", id=context.viewer.session_id)
        tokens = await begin(transaction, context)
        await note(transaction, context, "signIn", detail=tokens.session_id)
    return SignedIn(enter(context, tokens), identity.devices.issue(who.email, now=context.now, known=who.device))


async def refresh(given: Any, context: Context) -> TokenPair:
    """A used token within the grace gets the answer that was lost; later it ends the session, for one of two holders is a thief."""
    async with context.session.write() as transaction:
        tokens = await _rotated(transaction, context, given.refresh_token)
    if tokens is None:
        raise Refused(ErrorCode.SESSION_ENDED, ENDED)
    return enter(context, tokens)


async def sign_out(_: Any, context: Context) -> bool:
    session_id = context.viewer.session_id
    if session_id is None:
        raise Refused(ErrorCode.SESSION_ENDED, "The refresh token belongs to no active session. Sign in again.")
    async with context.session.write() as transaction:
        await transaction.run("sessions.end", id=session_id, reason="SIGNED_OUT")
        await note(transaction, context, "signOut", detail=session_id)
    _end_session(context)
    return True


async def sign_out_everywhere(_: Any, context: Context) -> int:
    async with context.session.write() as transaction:
        await check_signed_in(transaction, context)
        ended = await transaction.run("sessions.end_others", keep=None, reason="SIGNED_OUT")
        await note(transaction, context, "signOutEverywhere", detail=str(len(ended)))
    _end_session(context)
    return len(ended)


async def end_session(given: Any, context: Context) -> bool:
    async with context.session.write() as transaction:
        if str(given.session_id) != context.viewer.session_id:
            await check_signed_in(transaction, context)
        ended = await transaction.first("sessions.end", id=str(given.session_id), reason="SIGNED_OUT")
        if ended is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such session.", "sessionId")
        await note(transaction, context, "endSession", detail=ended.id)
    if ended.id == context.viewer.session_id:
        _end_session(context)
    return True


async def begin(transaction: Transaction, context: Context, link: Any = None) -> TokenPair:
    """A new session of the customer who acts in the transaction, by the password or by a portal link."""
    expires_at, network = context.now + SESSION, network_of(context.origin.network)
    is_proved = link is None or link.delivery == LinkDelivery.MAIL
    session = await transaction.first(
        "sessions.create",
        id=fresh_id("ses", context),
        method=SignInMethod.PASSWORD if link is None else SignInMethod.PORTAL_LINK,
        client=CLIENT,
        user_agent=context.origin.user_agent,
        network=context.origin.network[:64],
        # A network from which somebody came by a link of staff is not one that the account signs in from.
        throttle_network=network if is_proved and network != UNKNOWN_NETWORK else "",
        expires_at=expires_at,
        link_delivery=link and (link.delivery or LinkDelivery.RETURN),
        **{name: getattr(link, name, None) for name in ("made_by", "made_by_subject", "made_by_issuer")},
    )
    secret = new_secret()
    await transaction.run("refresh_tokens.create", secret_hash=hash_of(secret), session_id=session.id, expires_at=expires_at)
    return _tokens(context, session, secret)


def device_of(email: str, context: Context) -> str:
    """The device value of who has just proved to be the owner of the account with this address."""
    return identity_of(context).devices.issue(email.strip().lower(), now=context.now)


def enter(context: Context, tokens: TokenPair) -> TokenPair:
    """Show the rest of the answer to the customer who has just come in."""
    context.become(_viewer(tokens.customer_id, tokens.session_id, tokens.acting_party))
    return tokens


async def _rotated(transaction: Transaction, context: Context, secret: str) -> TokenPair | None:
    """None where the token is unknown, spent, or its session has ended. Ending it for reuse is committed, so it is not raised here."""
    await transaction.set_rls_secret("secret", hash_of(secret))
    token = await transaction.first("refresh_tokens.by_secret", secret_hash=hash_of(secret))
    if token is None:
        return None
    await transaction.impersonate_verified(token.customer_id)
    session = await transaction.first("sessions.use", id=token.session_id)
    if session is None:
        return None
    successor = new_secret()
    sealed = Seal(secret, SUCCESSOR).close(successor, token.secret_hash).hex()
    used = await transaction.first("refresh_tokens.use", secret_hash=token.secret_hash, successor_sealed=sealed)
    if used:
        await transaction.run("refresh_tokens.create", secret_hash=hash_of(successor), session_id=session.id, expires_at=session.expires_at)
        return _tokens(context, session, successor)
    return await _reused(transaction, context, session, secret)


async def _reused(transaction: Transaction, context: Context, session: Any, secret: str) -> TokenPair | None:
    """Return the successor of a token that was used within the grace; end the session if it was used before that, or if its successor was used too."""
    token = await transaction.first("refresh_tokens.by_secret", secret_hash=hash_of(secret))  # again: it may have been used just now
    if context.now - token.used_at <= GRACE:
        try:
            successor = Seal(secret, SUCCESSOR).open(bytes.fromhex(token.successor_sealed), token.secret_hash)
        except NotSealed:  # by a program that is older or newer, during a deployment: the answer is lost, but nothing was stolen
            return None
        await transaction.set_rls_secret("secret", hash_of(successor))
        after = await transaction.first("refresh_tokens.by_secret", secret_hash=hash_of(successor))
        if after and after.used_at is None:
            return _tokens(context, session, successor)
    await transaction.run("sessions.end", id=session.id, reason="REUSED_TOKEN")
    await note(transaction, context, "refreshSession", outcome="REUSED_TOKEN", detail=session.id)
    await letters.write(transaction, context, Letter.NEW_SIGN_IN_ELSEWHERE)
    return None


def _tokens(context: Context, session: Any, secret: str) -> TokenPair:
    acting_party = (session.made_by or LINK) if session.needs_sign_in else None
    viewer = _viewer(session.customer_id, session.id, acting_party)
    access = identity_of(context).sign(viewer, context.now, ACCESS)
    return TokenPair(session.customer_id, session.id, access, context.now + ACCESS, secret, session.expires_at, acting_party)


def _viewer(customer_id: str, session_id: str, acting_party: str | None) -> Viewer:
    return Viewer(Actor.CUSTOMER, customer_id, ("portal",), CLIENT, session_id, acting_party=acting_party, subject=customer_id)


def _end_session(context: Context) -> None:
    """The caller's own session is over, so nothing more is read by its name."""
    context.become(Viewer(Actor.ANONYMOUS, None, (), context.viewer.client))
