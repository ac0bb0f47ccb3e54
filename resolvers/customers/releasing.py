"""Release what was imported for a customer: subscriptions renew here from then on, and open invoices and installments are collected."""

from typing import Any

from billing.merchant.releases import release_imported as released
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.context import Context
from resolvers.customers.closing import existing_customer
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent


async def release_imported(arguments: Any, context: Context) -> MutationResult:
    """Release each imported subscription that may be released. Raises Refused where there is no such customer."""

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        answer = await release_all(transaction, by)
        return Prepared(answer, {}, answer["customer"])

    return await run_idempotent(context, arguments, "releaseImported", prepare, owner=str(arguments.customer_id))


async def release_all(transaction: Transaction, by: WriteContext) -> dict[str, Any]:
    """Release what the import holds of the customer of the transaction. Returns the ids of what was released, and the reasons for what was not. Raises Refused."""
    customer = await existing_customer(transaction)
    if customer.closed_at is not None:
        raise Refused(ErrorCode.CUSTOMER_CLOSED, "The customer is closed. Reopen the customer first.")
    done: list[str] = []
    unreleased: list[dict[str, Any]] = []
    for subscription in await transaction.run("imports.held"):
        contract = await contract_of(transaction.run, subscription.id)
        facts = await facts_of(transaction.run, contract, now=by.now)
        try:
            decision = released(facts)
        except Refused as refused:
            unreleased.append({"subscription_id": contract.id, "code": refused.code, "message": refused.message})
            continue
        await save(transaction, rows_of(facts, decision, by))
        done.append(contract.id)
    (due,) = await transaction.run("imports.on_release")
    await transaction.run("imports.release_invoices", due=due.body)
    await transaction.run("imports.release_of_collection")
    await transaction.run("imports.release_installments", due=due.body, days=by.invoice_days)
    held = [row.id for row in await transaction.run("imports.still_held")]
    await transaction.run("imports.release_schedules", held=held)
    await transaction.run("imports.released", held=held)
    return {"customer": customer.id, "released": done, "unreleased": unreleased}
