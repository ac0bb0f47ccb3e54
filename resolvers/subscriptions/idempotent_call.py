"""One call of an idempotent mutation: claim its key, prepare, write; and if money is due, charge it before anything takes effect."""

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
    """What a call is about to write, and to answer. With `sending`, the answer and the effect wait for the processor's word, and `changes` is what must stand before."""

    payload_ids: Mapping[str, Any]
    changes: Changes
    about: str
    submission: ChargeSubmission | None = None


# Reads under the customer's lock, decides, and says what to write. The call is None where no key was given.
Prepare = Callable[[Transaction, WriteContext, MutationCall | None], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class _KeyedRequest:
    """A mutation and its input. `call` is there where a key makes it repeatable."""

    arguments: Any
    mutation: str
    call: MutationCall | None
    prepare: Prepare


async def run_idempotent(context: Context, given: Any, mutation: str, prepare: Prepare, *, owner: str | None = None) -> MutationResult:
    """`owner` is the customer for whom staff act. Raises Refused, and then nothing was written."""
    customer_id = owner or context.viewer.customer_id or ""
    session = _session_of(context, customer_id)
    asked = _KeyedRequest(given, mutation, call_of(mutation, given.idempotency_key) if given.idempotency_key is not None else None, prepare)
    while True:
        try:
            async with session.write() as transaction:
                step = await _first_step(transaction, context, asked)
            break
        except SubscriptionBehindClock as behind:
            await catch_up(session, behind.subscription_id, payments_of(context).processors, by=writer(context))
    outcome = step if isinstance(step, MutationResult) else await _charged(context, session, step)
    # What staff have read so far, they read before this.
    await context.session.release()
    return outcome


async def _first_step(transaction: Transaction, context: Context, asked: _KeyedRequest) -> MutationResult | ChargeSubmission:
    """All that happens in the first transaction: the whole mutation, if nothing has to be charged; else what is to be sent to the processor.

    A call that stopped after it had begun to charge is taken up where it stopped: the same request is sent again.
    """
    customer_id = transaction.caller.customer_id or ""
    call = asked.call
    claim = await claim_key(transaction, call, hash_of(asked.arguments)) if call else None
    if claim and claim.answer:
        return outcome_of(customer_id, json.loads(claim.answer), is_replayed=True)
    if claim and claim.payment_id:
        return await resubmission(transaction, claim.payment_id, now=context.now)
    by = writer(context)
    prepared = await asked.prepare(transaction, by, call)
    audit = audited(context, asked.mutation, customer_id=customer_id, detail=prepared.about)
    if prepared.submission:
        if prepared.submission.processor not in payments_of(context).processors:
            raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "This payment method cannot be charged any more. Add another one.")
        await save(transaction, merged(prepared.changes, audit))
        return prepared.submission
    kept = answered(call, prepared.payload_ids, now=by.now) if call else {}
    await save(transaction, merged(prepared.changes, audit, kept))
    if prepared.changes.get("collected") or prepared.changes.get("released"):
        await dunning.lift_paid(transaction, by=by)
    return outcome_of(customer_id, prepared.payload_ids)


async def _charged(context: Context, session: UnitOfWork, sending: ChargeSubmission) -> MutationResult:
    """Nothing is open while the processor thinks."""
    result = await submit(payments_of(context).processors[sending.processor], sending)
    answer = await apply_result(session, sending.charge.key, result, by=writer(context))
    action = result.client_action if result.status is ChargeStatus.REQUIRES_ACTION else None
    return replace(outcome_of(sending.charge.customer_id, answer), client_action=action)


def _session_of(context: Context, customer_id: str) -> UnitOfWork:
    caller = context.session.caller
    return context.session if caller.customer_id == customer_id else context.session.for_caller(replace(caller, customer_id=customer_id))
