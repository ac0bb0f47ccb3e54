"""One call of an idempotent mutation: claim its key, prepare, write. If money is due, it is charged before the mutation takes effect."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import ChargeStatus
from resolvers.changes.previews import hash_of
from resolvers.changes.saving import Changes, merged, save
from resolvers.changes.writing import WriteContext, audited, writer
from resolvers.charges import dunning
from resolvers.charges.attempts import ChargeSubmission
from resolvers.charges.charging import apply_result, resubmission, submit
from resolvers.context import Context, payments_of
from resolvers.idempotency import MutationCall, MutationResult, answered, call_of, claim_key, outcome_of
from resolvers.subscriptions.advance import SubscriptionBehindClock, catch_up


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows and the answer of a call before they are written.

    With a `submission`, the answer and the effect wait for the processor's result, and `changes` are the rows that must be committed before it is sent.
    """

    payload_ids: Mapping[str, Any]
    changes: Changes
    about: str
    submission: ChargeSubmission | None = None


# Reads under the customer's lock, decides, and returns what to write. The call is None for a call without a key.
Prepare = Callable[[Transaction, WriteContext, MutationCall | None], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class _KeyedRequest:
    """A mutation and its input. `call` is None without an idempotency key."""

    arguments: Any
    mutation: str
    call: MutationCall | None
    prepare: Prepare


async def run_idempotent(context: Context, arguments: Any, mutation: str, prepare: Prepare, *, owner: str | None = None) -> MutationResult:
    """Run one call. `owner` is the customer for whom staff act; without one, a call of staff is about no customer. Raises Refused, and then nothing was written."""
    customer_id = owner or context.viewer.customer_id
    session = _session_of(context, customer_id)
    key, client = arguments.idempotency_key, context.session.caller.key_owner
    request = _KeyedRequest(arguments, mutation, call_of(mutation, key, client=client) if key is not None else None, prepare)
    while True:
        try:
            async with session.write() as transaction:
                step = await _first_step(transaction, context, request)
            break
        except SubscriptionBehindClock as behind:
            await catch_up(session, behind.subscription_id, payments_of(context).processors, by=writer(context))
    outcome = step if isinstance(step, MutationResult) else await _charged(context, session, step)
    # Staff's own unit of work may hold a snapshot from before the mutation; the payload needs a new one.
    await context.session.release()
    return outcome


async def _first_step(transaction: Transaction, context: Context, request: _KeyedRequest) -> MutationResult | ChargeSubmission:
    """Run the first transaction: the whole mutation if nothing has to be charged; else return the request to the processor.

    A call that stopped after it had reserved a charge continues there: the same request is sent again.
    """
    call = request.call
    claim = await claim_key(transaction, call, hash_of(request.arguments)) if call else None
    if claim and claim.answer:
        return outcome_of(transaction.caller.customer_id, json.loads(claim.answer), is_replayed=True)
    if claim and claim.payment_id:
        return await resubmission(transaction, claim.payment_id, now=context.now)
    by = writer(context)
    prepared = await request.prepare(transaction, by, call)
    customer_id = transaction.caller.customer_id  # of a customer that `prepare` created, too
    audit = audited(context, request.mutation, customer_id=customer_id, detail=prepared.about)
    if prepared.submission:
        if prepared.submission.processor not in payments_of(context).processors:
            raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "This payment method cannot be charged any more. Add another one.")
        await save(transaction, merged(prepared.changes, audit))
        return prepared.submission
    key_rows = answered(call, prepared.payload_ids, now=by.now) if call else {}
    await save(transaction, merged(prepared.changes, audit, key_rows))
    if prepared.changes.get("collected") or prepared.changes.get("released"):
        await dunning.lift_paid(transaction, by=by)
    return outcome_of(customer_id, prepared.payload_ids)


async def _charged(context: Context, session: UnitOfWork, sending: ChargeSubmission) -> MutationResult:
    """Send the charge and apply its result. No transaction is open while the processor is called."""
    result = await submit(payments_of(context).processors[sending.processor], sending)
    answer = await apply_result(session, sending.charge.key, result, by=writer(context))
    action = result.client_action if result.status is ChargeStatus.REQUIRES_ACTION else None
    return replace(outcome_of(sending.charge.customer_id, answer), client_action=action)


def _session_of(context: Context, customer_id: str | None) -> UnitOfWork:
    caller = context.session.caller
    return context.session if caller.customer_id == customer_id else context.session.for_caller(replace(caller, customer_id=customer_id))
