"""How a mutation of staff on a customer's money runs, and its preview: both make the decision from the same rows, the mutation under the customer's lock."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from billing.ids import prefix_of
from billing.merchant.names import ExternalIdKind, external_id_taken
from billing.refusals import ErrorCode, Refused
from db.outages import AlreadyTaken
from db.unit_of_work import Transaction
from resolvers.changes.external_ids import refuse_taken
from resolvers.changes.previews import hash_of_outcome, pin_outcome, pinned
from resolvers.changes.writing import WriteContext
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.facts import RunBlock, fetch_rows
from resolvers.reads.roots import owner_of
from resolvers.subscriptions.idempotent_call import Prepare, Prepared, run_idempotent

T = TypeVar("T")
# What a mutation makes to which it may give an external id.
NAMED = {"createInvoice": ExternalIdKind.INVOICE, "recordPayment": ExternalIdKind.PAYMENT}

# Reads rows as of an instant, and returns the decision. Raises Refused.
Decide = Callable[[RunBlock, datetime], Awaitable[T]]


async def owner_by_id(identifier: Any, prefix: str, field: str, context: Context) -> str:
    """Return the customer of the object with this id. Raises Refused (NOT_FOUND) for an unknown id and for one of another kind."""
    text = str(identifier)
    owner = await owner_of(text, context) if prefix_of(text) == prefix else None
    if owner is None:
        raise _missing(field)
    # The write transaction takes another connection.
    await context.session.release()
    return owner


def customer_by_id(identifier: Any) -> str:
    """Return the id of the customer for whom staff act. Raises Refused for an id of another kind; `run_idempotent` refuses one that does not exist."""
    if prefix_of(str(identifier)) != "cus":
        raise _missing("customerId")
    return str(identifier)


async def run_for(context: Context, arguments: Any, mutation: str, prepare: Prepare, *, owner: str) -> MutationResult:
    """Run a mutation on a customer's money. Raises Refused, also where another object has the external id."""

    async def checked(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        if kind := NAMED.get(mutation):
            await refuse_taken(transaction, kind, arguments.external_id)
        return await prepare(transaction, by, call)

    try:
        return await run_idempotent(context, arguments, mutation, checked, owner=owner)
    except AlreadyTaken as error:
        if str(error).endswith("_by_external_id"):
            raise external_id_taken() from None
        raise


async def decided(transaction: Transaction, arguments: Any, mutation: str, decide: Decide[T], context: Context) -> T:
    """Return the decision under the customer's lock, for the instant of the preview if the call names one. Raises Refused, also where it differs from the preview."""
    preview = pinned(arguments, mutation, context)
    decision = await decide(transaction.run, preview.at if preview else context.now)
    if preview:
        preview.check_outcome(hash_of_outcome(_values(decision)))
    return decision


async def previewed(arguments: Any, mutation: str, decide: Decide[T], context: Context, *, owner: str) -> tuple[T, str]:
    """Return the decision without a lock, and the preview's token. Nothing is written. Raises Refused."""
    session = context.session.for_caller(replace(context.session.caller, customer_id=owner))

    async def run(name: str, /, **values: Any) -> list[Any]:
        return await fetch_rows(session, name, **{"customer_id": owner} | values)

    try:
        decision = await decide(run, context.now)
    finally:
        await session.close()
    return decision, pin_outcome(arguments, mutation, hash_of_outcome(_values(decision)), context)


def _values(decision: Any) -> Any:
    return decision.outcome()


def _missing(field: str) -> Refused:
    return Refused(ErrorCode.NOT_FOUND, "There is no such object.", field)
