"""`voidInvoice` and `writeOffInvoice`: an invoice that was never owed, and one whose money is no longer expected."""

from typing import Any

from billing.lifecycle.actions import Action, InvoiceFacts, check_action, check_version, of_invoice_for
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import CreditableInvoice
from billing.states import Actor
from db.unit_of_work import Transaction
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import owner_by_id, run_for
from resolvers.reads.facts import RunBlock
from resolvers.subscriptions.idempotent_call import Prepared


async def void_invoice(arguments: Any, context: Context) -> MutationResult:
    return await _changed(arguments, context, "voidInvoice", Action.VOID)


async def write_off_invoice(arguments: Any, context: Context) -> MutationResult:
    return await _changed(arguments, context, "writeOffInvoice", Action.WRITE_OFF)


async def invoice_for(run: RunBlock, invoice_id: Any, action: Action) -> CreditableInvoice:
    """Return the invoice, of which staff may take the action now. Raises Refused."""
    rows = await run("invoicing.invoice", key=str(invoice_id))
    if not rows:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such invoice.", "invoiceId")
    invoice: CreditableInvoice = rows[0]
    facts = InvoiceFacts(
        invoice.is_voidable, invoice.is_expected, invoice.creditable_minor, invoice.is_being_credited, invoice.is_retryable, invoice.is_awaited
    )
    check_action(of_invoice_for(Actor.STAFF, invoice.status, invoice.remaining_minor, invoice.is_in_payment, facts), action, "invoiceId")
    return invoice


async def _changed(arguments: Any, context: Context, mutation: str, action: Action) -> MutationResult:
    owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        invoice = await invoice_for(transaction.run, arguments.invoice_id, action)
        check_version(arguments.expected_version, invoice.version)
        changes: Changes = {"voided": [{"id": invoice.id}]} if action is Action.VOID else {"written_off": [{"id": invoice.id, "written_off_at": by.now}]}
        return Prepared({"invoice": invoice.id}, changes, invoice.id)

    return await run_for(context, arguments, mutation, prepare, owner=owner)
