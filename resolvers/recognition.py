"""The throttle budget against which an attempt is counted before the caller is authenticated.

An account's address is not secret, so any caller can use up a budget that is counted by the address alone. A device value, and a network from which the account
signed in before, have budgets of their own, which other callers cannot use up (`docs/decisions/0036-own-budgets-for-who-is-recognised.md`).
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
    """An address, the network of the request, and the device value sent with it if it is one of this account's."""

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
    """Allow one attempt per request, whatever its number of aliases. Raises TooManyAttempts."""
    if context.has_attempted:
        raise TooManyAttempts("A request may try this only once.")
    context.has_attempted = True


async def throttled(context: Context, kind: Kind) -> None:
    """Count one attempt of the authenticated caller. Raises TooManyAttempts."""
    once(context)
    await identity_of(context).throttle.hit(kind, caller_of(context))


def caller_of(context: Context) -> str:
    """Return the budget's identity of the authenticated caller. A partner's app has its own per customer, so that it cannot use up the customer's."""
    viewer = context.viewer
    return account_of(f"{viewer.customer_id} {viewer.client}" if viewer.kind is Actor.PARTNER else viewer.customer_id or "")


async def credential_of(who: Presented, session: UnitOfWork) -> PresentedCredential | None:
    async with session.write() as transaction:
        await transaction.set_rls_secret("email", who.email)
        await transaction.set_rls_secret("network", who.network)
        credential: PresentedCredential | None = await transaction.first("credentials.by_email", email=who.email, network=who.network)
    return credential


def recognised(who: Presented, credential: PresentedCredential | None) -> str | None:
    """Return the budget's identity that only the account's own devices and networks can use; None for other callers. A new password voids earlier device values."""
    if credential is None:
        return None
    if who.device is not None and who.device.issued_at >= credential.changed_at:
        return who.device.identity
    return familiar_of(who.account, who.network) if credential.is_familiar else None


async def counted_sign_in(who: Presented, context: Context) -> PresentedCredential | None:
    """Count the attempt, by the device alone, or by the network and then the account; return the credential. Raises TooManyAttempts.

    The network's budget is checked before the database is read. A void device value is treated as if none had been sent.
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
