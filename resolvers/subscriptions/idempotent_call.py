"""One call of an idempotent mutation: claim its key, prepare, write. If money is due, it is charged before the mutation takes effect."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auth.throttle import Kind
from billing.ids import prefix_of
from billing.merchant.upserts import SaveOutcome
from billing.refusals import ErrorCode, Refused
from db.callers import CustomerLock, NewKey
from db.outages import UnknownOwner
from db.unit_of_work import KeyInUse, Transaction, UnitOfWork
from payments.processor import ChargeStatus, configured
from resolvers.changes.previews import hash_of
from resolvers.changes.saving import Changes, merged, save
from resolvers.changes.writing import WriteContext, audited, writer
from resolvers.charges import dunning
from resolvers.charges.attempts import ChargeSubmission
from resolvers.charges.charging import apply_result, resubmission, submit
from resolvers.charges.refund_requests import RefundSubmission, apply_refund, refund_resubmission, submit_refund
from resolvers.context import Context, identity_of, payments_of
from resolvers.idempotency import MutationCall, MutationResult, answered, call_of, claim_key, outcome_of
from resolvers.reads.ownership import NO_CUSTOMER, read_next, unit_of_work_for
from resolvers.recognition import caller_of
from resolvers.subscriptions.advance import SubscriptionBehindClock, catch_up

OUTCOME_NOT_KNOWN = "The outcome of the earlier call is not known yet."

# Kinds of rows that reduce what an invoice owes, and may so end what dunning held a subscription for.
LIFTING = ("collected", "released", "voided", "written_off", "extended", "promised")


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows and the answer of a call before they are written.

    With a `submission`, the answer and the effect wait for the processor's result, and `changes` are the rows that must be committed before it is sent.
    """

    payload_ids: Mapping[str, Any]
    changes: Changes
    about: str
    submission: ChargeSubmission | RefundSubmission | None = None


# What the first transaction ends with: the answer, or a request to the processor.
Step = MutationResult | ChargeSubmission | RefundSubmission

# Reads under the customer's lock, decides, and returns what to write. The call is None for a call without a key.
Prepare = Callable[[Transaction, WriteContext, MutationCall | None], Awaitable[Prepared]]


@dataclass(frozen=True, slots=True)
class _KeyedRequest:
    """A mutation and its input. `call` is None without an idempotency key."""

    arguments: Any
    mutation: str
    call: MutationCall | None
    prepare: Prepare


def counted(prepare: Prepare, kind: Kind, context: Context) -> Prepare:
    """Return `prepare` for a call that is an attempt of the caller: it raises TooManyAttempts where none is left, and then nothing is written, nor is the key used.

    An attempt is counted when the key is known to be new, so that no repetition of a call uses one, neither beside the call nor after it. The customer is locked
    meanwhile: a shared storage of the throttle answers within a millisecond, and one that does not is left alone for seconds.
    """
    is_counted = False

    async def count() -> None:
        nonlocal is_counted
        if not is_counted:  # a call that first lets the billing clock catch up is prepared twice
            await identity_of(context).throttle.hit(kind, caller_of(context))
            is_counted = True

    async def counting(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        await transaction.when_open(count)
        return await prepare(transaction, by, call)

    return counting


async def run_idempotent(context: Context, arguments: Any, mutation: str, prepare: Prepare, *, owner: str | None = None) -> MutationResult:
    """Run one call. `owner` is the customer for whom staff act, and is locked before all else; without one, a call of staff is about no customer.

    Raises Refused, also for an owner who does not exist, and then nothing was written.
    """
    customer_id = owner or context.viewer.customer_id
    session = unit_of_work_for(context, customer_id)
    is_for_owner = session is not context.session
    if is_for_owner:
        await context.session.release()
    key, client = arguments.idempotency_key, context.session.caller.key_owner
    request = _KeyedRequest(arguments, mutation, call_of(mutation, key, client=client) if key is not None else None, prepare)
    while True:
        try:
            step = await _first_step(session, context, request)
            break
        except SubscriptionBehindClock as behind:
            await catch_up(session, behind.subscription_id, payments_of(context).processors, by=writer(context))
        except UnknownOwner:
            raise Refused(ErrorCode.NOT_FOUND, NO_CUSTOMER, "customerId") from None
    outcome = step if isinstance(step, MutationResult) else await _submitted(context, session, step)
    if is_for_owner:
        # Staff's own unit of work may hold a snapshot from before the mutation; the payload needs a new one.
        await context.session.release()
    return outcome


async def _first_step(session: UnitOfWork, context: Context, request: _KeyedRequest) -> Step:
    """Run the first transaction. It begins with the claim of the key, which is nearly always new, and the lock of the customer; only for a key that is not new is its
    state read, in another transaction."""
    call = request.call
    claims = NewKey(call.mutation, call.key, hash_of(request.arguments)) if call else None
    try:
        async with session.write(lock=CustomerLock.PRESENT, claims=claims) as transaction:
            step = await _prepared_step(transaction, context, request)
            if isinstance(step, MutationResult):
                read_next(transaction, context)
            return step
    except KeyInUse:
        pass
    async with session.write(lock=CustomerLock.NONE if session is context.session else CustomerLock.PRESENT) as transaction:
        return await _step_of_known_key(transaction, context, request)


async def _step_of_known_key(transaction: Transaction, context: Context, request: _KeyedRequest) -> Step:
    """Return the stored answer. A call that stopped after it had reserved a charge continues there: the same request is sent again."""
    assert request.call is not None
    claim = await claim_key(transaction, request.call, hash_of(request.arguments))
    if claim.answer:
        return outcome_of(transaction.caller.customer_id, json.loads(claim.answer), is_replayed=True)
    if claim.payment_id:
        return await _resubmission(transaction, context, claim.payment_id)
    await transaction.run("customers.lock")  # the call that had the key was refused meanwhile
    return await _prepared_step(transaction, context, request)


async def _resubmission(transaction: Transaction, context: Context, payment_id: str) -> ChargeSubmission | RefundSubmission:
    """Return the stored request. Raises Refused, and then the key can be used again, where its processor is not configured: it may have had the request before."""
    is_refund = prefix_of(payment_id) == "ref"
    sending = await (refund_resubmission(transaction, payment_id, by=writer(context)) if is_refund else resubmission(transaction, payment_id, now=context.now))
    if sending.processor not in payments_of(context).processors:
        raise Refused(ErrorCode.IN_PROGRESS, OUTCOME_NOT_KNOWN)
    return sending


async def _prepared_step(transaction: Transaction, context: Context, request: _KeyedRequest) -> Step:
    """Run the whole mutation under the customer's lock if nothing has to be charged; else return the request to the processor."""
    call, by = request.call, writer(context)
    prepared = await request.prepare(transaction, by, call)
    customer_id = transaction.caller.customer_id  # of a customer that `prepare` created, too
    # A save that changes nothing leaves no event.
    is_effect = prepared.payload_ids.get("outcome") != SaveOutcome.UNCHANGED
    audit = audited(context, request.mutation, customer_id=customer_id, detail=prepared.about) if is_effect else {}
    if prepared.submission:
        if prepared.submission.processor not in payments_of(context).processors:
            raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "This payment method cannot be charged any more. Add another one.")
        await save(transaction, merged(prepared.changes, audit))
        return prepared.submission
    key_rows = answered(call, prepared.payload_ids, now=by.now) if call else {}
    await save(transaction, merged(prepared.changes, audit, key_rows))
    if any(prepared.changes.get(kind) for kind in LIFTING):
        await dunning.lift_paid(transaction, by=by)
    return outcome_of(customer_id, prepared.payload_ids)


async def _submitted(context: Context, session: UnitOfWork, sending: ChargeSubmission | RefundSubmission) -> MutationResult:
    return await (_refunded(context, session, sending) if isinstance(sending, RefundSubmission) else _charged(context, session, sending))


async def _refunded(context: Context, session: UnitOfWork, sending: RefundSubmission) -> MutationResult:
    """Send the refund and apply its result. No transaction is open while the processor is called."""
    result = await submit_refund(configured(payments_of(context).processors, sending.processor), sending)
    return outcome_of(sending.customer_id, await apply_refund(session, sending.request.key, result, by=writer(context)))


async def _charged(context: Context, session: UnitOfWork, sending: ChargeSubmission) -> MutationResult:
    """Send the charge and apply its result. No transaction is open while the processor is called."""
    result = await submit(configured(payments_of(context).processors, sending.processor), sending)
    session.is_read_next = session is context.session
    try:
        answer = await apply_result(session, sending.charge.key, result, by=writer(context))
    finally:
        session.is_read_next = False
    action = result.client_action if result.status is ChargeStatus.REQUIRES_ACTION else None
    return replace(outcome_of(sending.charge.customer_id, answer), client_action=action)
