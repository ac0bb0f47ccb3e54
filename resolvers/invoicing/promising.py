"""`promiseToPay`: dunning of an invoice waits until the day after the one by which the customer has promised to pay."""

from typing import Any
from zoneinfo import ZoneInfo

from billing.invoicing.checks import optional_line
from billing.lifecycle.actions import Action
from billing.money.dunning import Ending
from billing.money.promises import MAX_NOTE, check_promise, promise_until
from billing.refusals import ErrorCode, Refused
from billing.rows.money.dunning import DunnedInvoice
from db.unit_of_work import Transaction
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext
from resolvers.charges import dunning
from resolvers.context import Context, payments_of
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import owner_by_id, run_for
from resolvers.invoicing.withdrawing import invoice_for
from resolvers.subscriptions.idempotent_call import Prepared


async def promise_to_pay(arguments: Any, context: Context) -> MutationResult:
    """Note a promise, or withdraw it where no day is sent. Raises Refused."""
    owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)
    note = optional_line(arguments.note, MAX_NOTE, "note")

    async def prepare(transaction: Transaction, by: WriteContext, _: MutationCall | None) -> Prepared:
        invoice_id = (await invoice_for(transaction.run, arguments.invoice_id, Action.PROMISE)).id
        invoice: DunnedInvoice = await transaction.first("dunning.terms", key=invoice_id)
        if arguments.on is None:
            await _withdraw(transaction, invoice, by=by)
            return Prepared({"invoice": invoice_id}, {}, invoice_id)
        check_promise(arguments.on, by.now.astimezone(ZoneInfo(invoice.time_zone)).date(), max_days=payments_of(context).promise_days)
        row = {
            "id": invoice_id,
            "promised_on": arguments.on,
            "promise_note": note,
            "promise_until": promise_until(arguments.on, invoice.time_zone),
            "is_hold_paused": invoice.is_held or invoice.is_hold_paused,
        }
        return Prepared({"invoice": invoice_id}, {"promised": [row]}, invoice_id)

    return await run_for(context, arguments, "promiseToPay", prepare, owner=owner)


async def _withdraw(transaction: Transaction, invoice: DunnedInvoice, *, by: WriteContext) -> None:
    """Withdraw a promise: dunning goes on at once, and a hold that the promise has paused is set again. Raises Refused where there is none."""
    if invoice.promised_on is None:
        raise Refused(ErrorCode.NO_CHANGE, "There is no promise to pay this invoice.", "on")
    await save(transaction, {"promised": [{"id": invoice.id, "is_hold_paused": False}]})
    if invoice.is_hold_paused and invoice.subscription_id is not None:
        await dunning.end(transaction, invoice.subscription_id, Ending.HOLD, by=by)
