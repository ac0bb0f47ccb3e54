"""Invite a customer to choose a password. The letter is sent only by this call, never because a customer was created."""

from datetime import timedelta
from typing import Any

from auth.secret import new_secret
from billing.customers.saving import EmailNeighbour, duplicate_email
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from mail.letters import Letter
from resolvers import letters
from resolvers.changes.writing import WriteContext
from resolvers.context import Context, identity_of
from resolvers.customers.closing import locked_customer
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.identity.secret_links import SecretLink, link_to, make, void_links
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent

KIND = "INVITATION"
LIFETIME = timedelta(days=7)


async def invite(arguments: Any, context: Context) -> MutationResult:
    """Send the letter. An earlier invitation becomes void. Raises Refused."""
    _check_letters(context)

    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        customer = await locked_customer(transaction, arguments)
        await _check_invitable(transaction, customer)
        secret = new_secret()
        await void_links(transaction, KIND)
        await make(SecretLink(secret, KIND, LIFETIME, customer.email), transaction, context)
        await letters.write(transaction, context, Letter.INVITATION, link=link_to(context, "reset-password", secret))
        return Prepared({"customer": customer.id}, {}, customer.id)

    return await run_idempotent(context, arguments, "inviteCustomer", prepare, owner=str(arguments.customer_id))


def _check_letters(context: Context) -> None:
    identity = identity_of(context)
    if not identity.sends_mail:
        raise Refused(ErrorCode.MAIL_NOT_CONFIGURED, "This server sends no letters: set PORTICO_SMTP_HOST.")
    if not identity.gives_first_passwords:
        raise Refused(ErrorCode.WRONG_STATE, "Customers sign in at another OpenID provider here, so they have no password.")


async def _check_invitable(transaction: Transaction, customer: Any) -> None:
    if customer.closed_at is not None:
        raise Refused(ErrorCode.CUSTOMER_CLOSED, "The customer is closed and cannot sign in.", "customerId")
    if customer.shares_email:
        raise Refused(ErrorCode.EMAIL_SHARED, "The e-mail address signs in to another customer. Make a portal link for this one.", "customerId")
    if await transaction.first("credentials.of_customer") is not None:
        raise Refused(ErrorCode.WRONG_STATE, "The customer has a password already.", "customerId")
    await transaction.set_rls_secret("email", customer.email.lower())
    owner = await transaction.first("credentials.other_owner", email=customer.email)
    if owner is not None:  # a customer whose own address is another one signs in with this address
        raise duplicate_email(EmailNeighbour(owner.id, None, True))
