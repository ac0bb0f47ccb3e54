"""Erase a customer: one transaction replaces or deletes the personal data. Issued invoices, credit notes and payments stay, as bookkeeping law asks."""

from dataclasses import replace
from typing import Any

from billing.customers.erasing import check_erasable, erased_columns
from billing.rows.customers import AttachedMethod
from db.unit_of_work import Transaction
from payments.processor import ProcessorUnavailable
from resolvers.attachments.orphans import UPLOAD_WINDOW
from resolvers.changes.writing import WriteContext
from resolvers.charges.charging import log_no_answer
from resolvers.context import Context, payments_of
from resolvers.customers.closing import locked_customer
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.subscriptions.idempotent_call import Prepared, run_idempotent

# The statements after the customer's row, in an order that foreign keys allow. What each column becomes is in the table `column_erasure`.
ERASING = (
    # A sign-in that is under way holds the credential, and a letter that is composed holds its cause: what they write is there when the next statement begins.
    "erasing.credential",
    "erasing.sessions",
    "erasing.links",
    "erasing.calendar_link",
    "erasing.letter_causes",
    "erasing.letters",
    "erasing.payment_methods",
    "erasing.keys",
    "erasing.client_keys",
    "erasing.charges",
    "erasing.refund_requests",
    "erasing.refunds",
    "erasing.reports",
    "erasing.subscriptions",
    "erasing.subscription_events",
    "erasing.invoices",
    "erasing.payments",
    "erasing.payment_schedules",
    "erasing.installments",
    "erasing.audit_events",
)


async def erase(arguments: Any, context: Context) -> MutationResult:
    """Erase the customer. The same call again answers the same; another one is refused. Raises Refused.

    The processors are asked to forget the payment methods after the commit; a failure of that call does no harm, because nobody can use the methods any more.
    """
    customer_id, methods = str(arguments.customer_id), list[AttachedMethod]()

    async def prepare(transaction: Transaction, _by: WriteContext, _: MutationCall | None) -> Prepared:
        # The key belongs to no customer, so that it outlives the customer's keys.
        await transaction.act_for(customer_id)
        await locked_customer(transaction, arguments)
        matters, reported = await transaction.first("customers.unsettled"), await transaction.run("customers.reported_payments")
        check_erasable(replace(matters, payments_in_flight=matters.payments_in_flight + len(reported)))
        methods.extend(await transaction.run("erasing.references"))
        await _erase(transaction, customer_id)
        return Prepared({"customer": customer_id}, {}, customer_id)

    result = await run_idempotent(context, arguments, "eraseCustomer", prepare)
    await _detach(context, methods)
    return result


async def _erase(transaction: Transaction, customer_id: str) -> None:
    await transaction.run("erasing.customer", **erased_columns(customer_id))
    await transaction.run("grants.revoke_all")
    for block in ERASING:
        await transaction.run(block)
    await _abandon_objects(transaction)


async def _abandon_objects(transaction: Transaction) -> None:
    """Leave the objects of attachments and exports to the worker, which deletes them: at once, or when no upload can reach them any more."""
    objects = [*await transaction.run("erasing.attachments"), *await transaction.run("erasing.exports")]
    now = transaction.caller.now
    for is_pending, expires_at in ((False, now), (True, now + UPLOAD_WINDOW)):
        keys = [each.object_key for each in objects if each.is_pending is is_pending and each.object_key is not None]
        await transaction.run("loose_objects.add", object_keys=keys, expires_at=expires_at)


async def _detach(context: Context, methods: list[AttachedMethod]) -> None:
    for method in methods:
        processor = payments_of(context).processors.get(method.processor)
        try:
            if processor:
                await processor.detach(method.processor_reference)
        except ProcessorUnavailable as error:
            log_no_answer(method.processor, error)
