"""One call of an idempotent mutation: claim its key, decide, write; and if money is due, charge it before anything takes effect."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing.lifecycle.facts import Decision, Facts
from billing.refusals import ErrorCode, Refused
from db.session import Session, Transaction
from payments.processor import ChargeStatus
from resolvers.context import Context, payments_of
from resolvers.lifecycle import previews
from resolvers.lifecycle.catching_up import Behind, catch_up
from resolvers.lifecycle.charging import Call, Sending, ask, begun, sending_of, settle
from resolvers.lifecycle.reading import Run
from resolvers.lifecycle.writing import Writer, audited, merged, rows_of, save, writer

# Reads the facts and decides. The third argument says whether the contract is locked: it is, unless this is a preview.
Plan = Callable[[Run, datetime, bool], Awaitable[tuple[Facts, Decision]]]

RUNNING = "An earlier call with this key is still running."
CONFLICT = "This key was used with another input. Take a new one."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call answers: ids of what it changed or made, by the payload's fields."""

    customer_id: str
    shows: Mapping[str, Any]
    is_replayed: bool = False
    refusal: Refused | None = None
    client_action: Any = field(default=None)


async def act(context: Context, given: Any, mutation: str, plan: Plan, *, owner: str | None = None) -> Outcome:
    """`owner` is the customer for whom staff act. Raises Refused, and then nothing was written."""
    customer_id = owner or context.viewer.customer_id or ""
    session = _session_of(context, customer_id)
    call = Call(mutation, _judged_key(given.idempotency_key))
    while True:
        try:
            async with session.write() as transaction:
                step = await _first_step(transaction, context, given, call, plan=plan)
            break
        except Behind as behind:
            await catch_up(session, behind.subscription_id, payments_of(context).processors, mint=writer(context).mint)
    outcome = step if isinstance(step, Outcome) else await _charged(context, session, step)
    # What staff have read so far, they read before this.
    await context.session.close()
    return outcome


async def _first_step(transaction: Transaction, context: Context, given: Any, call: Call, *, plan: Plan) -> Outcome | Sending:
    """All that happens in the first transaction: the whole mutation, if nothing has to be charged; else what is to be sent to the processor.

    A call that stopped after it had begun to charge is taken up where it stopped: the same request is sent again.
    """
    customer_id = transaction.caller.customer_id or ""
    claim = await transaction.first("operations.claim", mutation=call.mutation, key=call.key, input_hash=previews.hash_of(given))
    if claim.state == "DONE":
        return _outcome(customer_id, json.loads(claim.answer), is_replayed=True)
    if claim.state == "TAKEN_OVER":
        return await sending_of(transaction, claim.payment_id)
    if claim.state != "NEW":
        raise Refused(ErrorCode.IN_PROGRESS, RUNNING) if claim.state == "IN_PROGRESS" else Refused(ErrorCode.IDEMPOTENCY_CONFLICT, CONFLICT, "idempotencyKey")
    by = writer(context)
    pinned = previews.pinned(given, call.mutation, context)
    facts, decision = await plan(transaction.run, pinned.at if pinned else context.now, True)
    _judge_version(given, facts)
    if pinned:
        pinned.judge(decision)
    return await _write(transaction, context, call, facts=facts, decision=decision, by=by)


async def _write(transaction: Transaction, context: Context, call: Call, *, facts: Facts, decision: Decision, by: Writer) -> Outcome | Sending:
    customer_id = facts.account.customer_id
    audit = audited(context, call.mutation, customer_id=customer_id, detail=facts.contract.id)
    shows = {"subscription": facts.contract.id, "resumedFrom": decision.resumed_from}
    if decision.due_minor:
        sending, changes = begun(facts, decision, shows, call, by=by)
        await save(transaction, merged(changes, audit))
        return sending
    changes = rows_of(facts, decision, by) if decision.events else {}
    shows["invoice"] = changes["invoice"][0]["id"] if changes.get("invoice") else None
    key = {"mutation": call.mutation, "key": call.key, "answer": shows, "finished_at": by.now}
    await save(transaction, merged(changes, audit, {"idempotency_key": [key]}))
    return _outcome(customer_id, shows)


async def _charged(context: Context, session: Session, sending: Sending) -> Outcome:
    """Nothing is open while the processor thinks."""
    result = await ask(payments_of(context).processors[sending.processor], sending)
    answer = await settle(session, sending.charge.key, result, by=writer(context))
    action = result.client_action if result.status is ChargeStatus.REQUIRES_ACTION else None
    return replace(_outcome(sending.charge.customer_id, answer), client_action=action)


def _outcome(customer_id: str, answer: Mapping[str, Any], *, is_replayed: bool = False) -> Outcome:
    refusal = answer.get("refusal")
    return Outcome(customer_id, answer, is_replayed, Refused(ErrorCode(refusal["code"]), refusal["message"]) if refusal else None)


def _session_of(context: Context, customer_id: str) -> Session:
    caller = context.session.caller
    return context.session if caller.customer_id == customer_id else context.session.of(replace(caller, customer_id=customer_id))


def _judge_version(given: Any, facts: Facts) -> None:
    expected = getattr(given, "expected_version", None)
    if expected is not None and expected != facts.contract.version:
        raise Refused(ErrorCode.VERSION_CONFLICT, "It was changed since you read it. Read it again.", "expectedVersion")


def _judged_key(key: str) -> str:
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, "An idempotency key has 1 to 255 printable characters.", "idempotencyKey")
    return key
