"""Close a customer, and reopen one. Closing ends what would renew as the customer could have ended it, and whatever lets somebody in."""

from typing import Any

from billing.lifecycle.actions import check_version
from billing.lifecycle.facts import When
from billing.lifecycle.stops import cancel
from billing.refusals import ErrorCode, Refused
from billing.states import SuspendedBy
from db.unit_of_work import Transaction
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.identity.secret_links import void_links
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent


async def close(arguments: Any, context: Context) -> MutationResult:
    """Close a customer. What is owed stays owed. A second call changes nothing. Raises Refused."""

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        customer = await locked_customer(transaction, arguments)
        if await transaction.first("customers.close") is not None:
            await _end_subscriptions(transaction, by)
            await transaction.run("credentials.able", is_closed=True)
            await transaction.run("sessions.end_others", keep=None, reason="ACCOUNT_CLOSED")
            await transaction.run("grants.revoke_all")
            await transaction.run("calendar_links.revoke")
            await void_links(transaction)
        return Prepared({"customer": customer.id}, {}, customer.id)

    return await run_idempotent(context, arguments, "closeCustomer", prepare, owner=str(arguments.customer_id))


async def reopen(arguments: Any, context: Context) -> MutationResult:
    """Let a closed customer sign in again, with the password of before. Sessions, grants and subscriptions that ended stay ended. Raises Refused."""

    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        customer = await locked_customer(transaction, arguments)
        if await transaction.first("customers.reopen") is not None:
            await transaction.run("credentials.able", is_closed=False)
        return Prepared({"customer": customer.id}, {}, customer.id)

    return await run_idempotent(context, arguments, "reopenCustomer", prepare, owner=str(arguments.customer_id))


async def locked_customer(transaction: Transaction, arguments: Any) -> Any:
    """Lock and return the customer for whom staff act. Raises Refused, also where the customer has another version."""
    customer = await existing_customer(transaction)
    check_version(arguments.expected_version, customer.version)
    return customer


async def existing_customer(transaction: Transaction) -> Any:
    """Lock and return the customer of the transaction. Raises Refused."""
    await transaction.run("customers.lock")
    customer = await transaction.first("customers.by_id", key=transaction.caller.customer_id)
    if customer is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such customer.", "customerId")
    return customer


async def _end_subscriptions(transaction: Transaction, by: WriteContext) -> None:
    """Cancel each subscription to the end of its period; at once where none runs or the import holds it. A renewal that is due and was not billed yet is not billed any more."""
    for subscription in await transaction.run("subscriptions.unended"):
        contract = await contract_of(transaction.run, subscription.id)
        facts = await facts_of(transaction.run, contract, now=by.now)
        # The clock does nothing with what the import holds, and it cannot be released for a closed customer.
        when = When.NOW if SuspendedBy.IMPORT in contract.holds else When.PERIOD_END
        decision = cancel(facts, when=when, reason=None, comment=None)
        if decision.events:
            await save(transaction, rows_of(facts, decision, by))
