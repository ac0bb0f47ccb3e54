"""What is left to customers who signed in: a session that began with a portal link which staff had seen does not prove who is in it."""

from billing.lifecycle.actions import MESSAGES
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.context import Context


async def check_signed_in(transaction: Transaction, context: Context) -> None:
    """Raises Refused where somebody other than the customer may be acting, by the token or by the row of its session.

    The row decides for tokens that a version of the program gave out which did not know the difference yet.
    """
    session_id = context.viewer.session_id
    if context.viewer.needs_sign_in or (session_id is not None and await transaction.first("sessions.needing_sign_in", id=session_id)):
        raise Refused(ErrorCode.SIGN_IN_REQUIRED, MESSAGES[ErrorCode.SIGN_IN_REQUIRED])
