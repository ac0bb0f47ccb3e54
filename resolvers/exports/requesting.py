"""Request an export of a customer's data. One is under way for a customer at a time; a request that is repeated gets the same."""

from typing import Any

from billing.customers.exporting import is_repeated
from billing.states import Actor
from db.unit_of_work import Transaction
from resolvers.audit import fresh_id
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.customers.closing import existing_customer
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.standing import check_signed_in
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent


async def request_of_staff(arguments: Any, context: Context) -> MutationResult:
    """Request the export of a customer, for staff. Raises Refused."""
    return await _requested(arguments, context, "exportCustomer", owner=str(arguments.customer_id))


async def request_of_customer(arguments: Any, context: Context) -> MutationResult:
    """Request the export of the caller's own data. Raises Refused, also in a session that began with a portal link which staff have seen."""
    return await _requested(arguments, context, "requestMyData")


async def _requested(arguments: Any, context: Context, mutation: str, *, owner: str | None = None) -> MutationResult:
    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        if owner is None:
            await check_signed_in(transaction, context)
        customer = await existing_customer(transaction)
        actor = Actor.CUSTOMER if owner is None else Actor.STAFF
        latest = await transaction.first("data_exports.latest", key=customer.id)
        if is_repeated(latest, actor, now=context.now):
            return Prepared({"data_export": latest.id}, {}, latest.id)
        identifier = fresh_id("exp", context)
        await transaction.run("data_exports.request", id=identifier, requested_by=actor.value)
        return Prepared({"data_export": identifier}, {}, identifier)

    return await run_idempotent(context, arguments, mutation, prepare, owner=owner)
