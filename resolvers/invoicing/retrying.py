"""`retryNow`: staff have an unpaid invoice charged now, by the method and the attempt with which the billing clock would charge it."""

from typing import Any

from billing.lifecycle.actions import Action
from db.unit_of_work import Transaction
from resolvers.changes.writing import WriteContext
from resolvers.charges.collecting import retried
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import owner_by_id, run_for
from resolvers.invoicing.withdrawing import invoice_for
from resolvers.subscriptions.idempotent_call import Prepared


async def retry_now(arguments: Any, context: Context) -> MutationResult:
    owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        invoice = await invoice_for(transaction.run, arguments.invoice_id, Action.RETRY)
        assert call is not None  # the input requires a key
        submission, changes = await retried(transaction, invoice.id, call, by=by)
        return Prepared({"invoice": invoice.id}, changes, invoice.id, submission)

    return await run_for(context, arguments, "retryNow", prepare, owner=owner)
