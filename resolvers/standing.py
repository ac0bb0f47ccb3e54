"""Actions that need a sign-in: a session that began with a portal link which staff could read does not prove that its user is the customer."""

from billing.lifecycle.actions import MESSAGES
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.context import Context


async def check_signed_in(transaction: Transaction, context: Context) -> None:
    """Raise Refused where a person other than the customer may act, by the token or by the row of its session.

    The row is read because tokens of an earlier version do not carry this information.
    """
    session_id = context.viewer.session_id
    if context.viewer.needs_sign_in or (session_id is not None and await transaction.first("sessions.needing_sign_in", id=session_id)):
        raise Refused(ErrorCode.SIGN_IN_REQUIRED, MESSAGES[ErrorCode.SIGN_IN_REQUIRED])


async def lock_signed_in(transaction: Transaction, context: Context) -> None:
    """Lock the customer, and then check the session again, for what must not outlive it: a change of the password, or closing the customer, may have had the lock and have
    ended the session meanwhile. Raises Refused, SessionEnded."""
    await transaction.run("customers.lock")
    await transaction.check_caller()
    await check_signed_in(transaction, context)
