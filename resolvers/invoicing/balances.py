"""`adjustBalance`: staff add to a customer's credit, or take from it."""

from typing import Any

from billing.invoicing.checks import MAX_REASON, check_size, line_text, signed_minor
from billing.refusals import ErrorCode, Refused
from billing.states import BalanceEntryKind
from db.unit_of_work import Transaction
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import customer_by_id, run_for
from resolvers.subscriptions.idempotent_call import Prepared

MUTATION = "adjustBalance"


async def adjust_balance(arguments: Any, context: Context) -> MutationResult:
    """Write an entry of the balance. An amount below zero may leave a debt on the account, which is charged with the next invoice. Raises Refused."""
    minor, currency = signed_minor(arguments.amount, "amount"), str(arguments.amount.currency)
    if not minor:
        raise Refused(ErrorCode.INVALID_VALUE, "The amount must not be zero.", "amount")
    reason = line_text(arguments.reason, MAX_REASON, "reason")
    owner = customer_by_id(arguments.customer_id)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        (buyer,) = await transaction.run("invoicing.buyer", currency=currency)
        if not buyer.is_known_currency:
            raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The customer pays in {buyer.currency}, and has nothing in {currency}.", "amount")
        check_size(buyer.credit_minor + minor, "amount")
        entry = {
            "customer_id": owner,
            "id": by.new_id("bal"),
            "currency": currency,
            "amount_minor": minor,
            "kind": BalanceEntryKind.ADJUSTMENT,
            "description": reason,
            "created_at": by.now,
        }
        return Prepared({"customer": owner}, {"balance_entry": [entry]}, owner)

    return await run_for(context, arguments, MUTATION, prepare, owner=owner)
