"""Create, replace and revoke the link of a customer's calendar. The row has the hash of the secret, for the lookup, and the sealed secret, for `Customer.calendarUrl`."""

from typing import Any

from auth.secret import hash_of, new_secret
from db.unit_of_work import Transaction
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.ownership import customer_named
from resolvers.standing import lock_signed_in
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent


async def create(arguments: Any, context: Context) -> MutationResult:
    """Make the link of the caller's calendar. The one before stops working. Raises Refused, also in a session that began with a portal link which staff have seen."""
    customer_id = context.viewer.customer_id or ""

    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        await lock_signed_in(transaction, context)
        secret = new_secret()
        await transaction.run("calendar_links.revoke")
        await transaction.run("calendar_links.add", secret_hash=hash_of(secret), sealed=_sealed(secret, customer_id, context))
        return Prepared({}, {}, customer_id)

    return await run_idempotent(context, arguments, "createCalendarLink", prepare)


async def revoke(arguments: Any, context: Context) -> MutationResult:
    """End the link of the customer's calendar. Without one nothing changes. Raises Refused."""
    customer_id = await customer_named(arguments, context)

    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        await transaction.run("customers.lock")
        await transaction.run("calendar_links.revoke")
        return Prepared({}, {}, customer_id)

    return await run_idempotent(context, arguments, "revokeCalendarLink", prepare, owner=customer_id if context.viewer.is_staff else None)


def _sealed(secret: str, customer_id: str, context: Context) -> str:
    assert context.links is not None, "the process that serves mutations makes URLs"
    return context.links.seal_calendar(secret, customer_id)
