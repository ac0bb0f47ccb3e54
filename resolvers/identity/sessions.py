"""Sign-in, sessions, their rotating refresh tokens, and the end of sessions."""

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

# For this long a used refresh token returns its successor again, in case the response was lost; later use counts as theft.
GRACE = timedelta(seconds=10)

# The purpose of the seal under which a used token's row stores the successor token.
SUCCESSOR = "successor"

# The client_id of our own tokens. The User-Agent header names the program, and is not verified.
CLIENT = "portal"

# The acting party of a session that began with a link of an unknown app.
LINK = "portal-link"

ENDED = "This session has ended. Sign in again."


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The access token and the refresh token of a session. `acting_party` is the party that may act in the session beside the customer."""

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
    """The tokens of a session, and the device value for the next sign-in."""

    tokens: TokenPair
    device: str


async def sign_in(arguments: Any, context: Context) -> SignedIn:
    """Begin a session by password. An unknown account and a wrong password take the same work and get the same error.

    A session of the same customer that began with a portal link is replaced by the new one. Raises Refused, TooManyAttempts.
    """
    once(context)
    who = presented(arguments.email, arguments.device, context)
    credential = await counted_sign_in(who, context)
    identity = identity_of(context)
    verdict = await identity.passwords.verify(arguments.password, credential.password_hash if credential else None)
    if not credential or not verdict.is_right:
        raise Refused(ErrorCode.WRONG_CREDENTIALS, "The e-mail address or the password is wrong.")
    renewed = await identity.passwords.hash(arguments.password) if verdict.needs_rehash else None
    async with context.session.write() as transaction:
        await transaction.impersonate_verified(credential.customer_id)
        if renewed:  # before the lock that follows, which sign-ins at the same time share, so that none waits for another one's
            await transaction.run("credentials.rehash", password_hash=renewed, changed_at=credential.changed_at)
        # Since the password was compared, it may have been changed, or the customer closed or erased.
        if await transaction.first("credentials.unchanged", changed_at=credential.changed_at) is None:
            raise Refused(ErrorCode.WRONG_CREDENTIALS, "The e-mail address or the password is wrong.")
        # Another holder of the tokens of the session that began with a portal link gets no access to the new session.
        await transaction.run("sessions.end_link", id=context.viewer.session_id)
        tokens = await begin(transaction, context)
        await note(transaction, context, "signIn", detail=tokens.session_id)
    return SignedIn(enter(context, tokens), identity.devices.issue(who.email, now=context.now, known=who.device))


async def refresh(arguments: Any, context: Context) -> TokenPair:
    """Return the next pair of tokens. A used token within GRACE returns its successor; later it ends the session, because the token has a second holder."""
    async with context.session.write() as transaction:
        tokens = await _rotated(transaction, context, arguments.refresh_token)
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


async def end_session(arguments: Any, context: Context) -> str:
    """End one session of the caller and return its id. Raises Refused."""
    async with context.session.write() as transaction:
        if str(arguments.session_id) != context.viewer.session_id:
            await check_signed_in(transaction, context)
        ended = await transaction.first("sessions.end", id=str(arguments.session_id), reason="SIGNED_OUT")
        if ended is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such session.", "sessionId")
        await note(transaction, context, "endSession", detail=ended.id)
    if ended.id == context.viewer.session_id:
        _end_session(context)
    return str(ended.id)


async def begin(transaction: Transaction, context: Context, link: Any = None) -> TokenPair:
    """Create a session of the transaction's customer, begun by the password or by a portal link."""
    expires_at, network = context.now + SESSION, network_of(context.origin.network)
    is_proved = link is None or link.delivery == LinkDelivery.MAIL
    session = await transaction.first(
        "sessions.create",
        id=fresh_id("ses", context),
        method=SignInMethod.PASSWORD if link is None else SignInMethod.PORTAL_LINK,
        client=CLIENT,
        user_agent=context.origin.user_agent,
        network=context.origin.network[:64],
        # A network from which a returned link was opened is not recorded as one that the account signs in from.
        throttle_network=network if is_proved and network != UNKNOWN_NETWORK else "",
        expires_at=expires_at,
        link_delivery=link and (link.delivery or LinkDelivery.RETURN),
        **{name: getattr(link, name, None) for name in ("made_by", "made_by_subject", "made_by_issuer")},
    )
    secret = new_secret()
    await transaction.run("refresh_tokens.create", secret_hash=hash_of(secret), session_id=session.id, expires_at=expires_at)
    return _tokens(context, session, secret)


def device_of(email: str, context: Context) -> str:
    """Return the device value for the proved owner of the account with this address."""
    return identity_of(context).devices.issue(email.strip().lower(), now=context.now)


def enter(context: Context, tokens: TokenPair) -> TokenPair:
    """Read the rest of the response as the customer of the new session."""
    context.become(_viewer(tokens.customer_id, tokens.session_id, tokens.acting_party))
    return tokens


async def _rotated(transaction: Transaction, context: Context, secret: str) -> TokenPair | None:
    """Return the next pair; None where the token is unknown or reused, or its session has ended. The end of a session for reuse must commit, so nothing is raised."""
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
    token = await transaction.first("refresh_tokens.by_secret", secret_hash=hash_of(secret))  # again: a concurrent request may have used it
    if context.now - token.used_at <= GRACE:
        try:
            successor = Seal(secret, SUCCESSOR).open(bytes.fromhex(token.successor_sealed), token.secret_hash)
        except NotSealed:  # sealed by another version during a deployment: the response is lost, but the token was not stolen
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
    """Continue the operation unauthenticated: the caller's own session has ended."""
    context.become(Viewer(Actor.ANONYMOUS, None, (), context.viewer.client))
