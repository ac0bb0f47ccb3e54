"""By which budget an attempt is counted, before anybody is authenticated.

Everybody may know an account's address, so whatever counts by the address alone can be spent by everybody. A device value, and a network from which the account signed in
before, have budgets of their own: what other callers spend does not reach them (`docs/decisions/0036-own-budgets-for-who-is-recognised.md`).
"""

from dataclasses import dataclass

from auth.devices import Device
from auth.throttle import Kind, account_of, familiar_of, network_of
from billing.refusals import TooManyAttempts
from billing.rows.identity import PresentedCredential
from billing.states import Actor
from db.unit_of_work import UnitOfWork
from resolvers.context import Context, identity_of


@dataclass(frozen=True, slots=True)
class Presented:
    """An address, the network it is presented from, and the device value beside it if that is one of this account's."""

    email: str
    account: str
    network: str
    device: Device | None


def presented(email: str, device: str | None, context: Context) -> Presented:
    address = email.strip().lower()
    account = account_of(address)
    known = identity_of(context).devices.read(device, address, now=context.now)
    return Presented(address, account, network_of(context.origin.network), known)


def once(context: Context) -> None:
    """A request has one attempt, however many aliases it has. Raises TooManyAttempts."""
    if context.has_attempted:
        raise TooManyAttempts("A request may try this only once.")
    context.has_attempted = True


async def throttled(context: Context, kind: Kind) -> None:
    """Count one attempt of who is signed in. Raises TooManyAttempts."""
    once(context)
    await identity_of(context).throttle.hit(kind, caller_of(context))


def caller_of(context: Context) -> str:
    """Whose budget is spent by who is signed in: the customer's own, or what a partner's app has for that customer, so that the app cannot spend the customer's."""
    viewer = context.viewer
    return account_of(f"{viewer.customer_id} {viewer.client}" if viewer.kind is Actor.PARTNER else viewer.customer_id or "")


async def credential_of(who: Presented, session: UnitOfWork) -> PresentedCredential | None:
    async with session.write() as transaction:
        await transaction.set_rls_secret("email", who.email)
        await transaction.set_rls_secret("network", who.network)
        credential: PresentedCredential | None = await transaction.first("credentials.by_email", email=who.email, network=who.network)
    return credential


def recognised(who: Presented, credential: PresentedCredential | None) -> str | None:
    """The identity whose budget only the account's own devices and networks can spend; None for everybody else. A new password makes earlier values void."""
    if credential is None:
        return None
    if who.device is not None and who.device.issued_at >= credential.changed_at:
        return who.device.identity
    return familiar_of(who.account, who.network) if credential.is_familiar else None


async def counted_sign_in(who: Presented, context: Context) -> PresentedCredential | None:
    """The credential, once the attempt is counted: by the device alone, or by the network and then the account. Raises TooManyAttempts.

    What a network has spent is asked before the database is. A device value that turns out to be void is treated as if none had been sent.
    """
    throttle = identity_of(context).throttle
    if who.device is None:
        await throttle.hit(Kind.SIGN_IN, who.network)
    credential = await credential_of(who, context.session)
    own = recognised(who, credential)
    if who.device is not None and own != who.device.identity:
        await throttle.hit(Kind.SIGN_IN, who.network)
    await throttle.hit(Kind.SIGN_IN, own or who.account)
    return credential
