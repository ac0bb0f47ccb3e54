"""A decision that depends on a charge: stored with a payment, sent to the processor outside of any transaction, and settled exactly once.

    reserve   one transaction: the payment is PROCESSING, and stores the changes to write when it succeeds; the subscription waits (`charging_payment_id`)
    submit    no transaction: the processor is called with the payment's id as key, so that repeated requests move money once
    settle    one transaction: the decision is written with the money, or the state before is restored and the payment has the reason (`charged_decisions.py`)

If the process ends in between, a retry under the same key, a webhook or the reconciling job continues: they all end in `apply_result`.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle.facts import Decision, SubscriptionFacts
from billing.money.standing import advanced
from billing.refusals import ErrorCode, Refused
from db.callers import CustomerLock
from db.outages import cause_of, repeated
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import KEYS_HOLD, ChargeLookup, ChargeRequest, ChargeResult, ChargeStatus, OutcomeUnknown, Processor, ProcessorUnavailable
from resolvers.changes.credit_notes import issuer_columns
from resolvers.changes.saving import Changes, DecisionOutdated, merged, save
from resolvers.changes.writing import WriteContext, row_of, rows_of
from resolvers.charges import charged_decisions as deciding
from resolvers.charges import dunning, refunding
from resolvers.charges.attempts import ChargeSubmission, PendingCharge, attempt
from resolvers.charges.charged_decisions import agreed, never_happened, order_rows
from resolvers.idempotency import MutationCall, key_rows

logger = logging.getLogger("portico.payments")

UNDECIDED = (ChargeStatus.PROCESSING, ChargeStatus.REQUIRES_ACTION)
UNAVAILABLE = ChargeResult(ChargeStatus.FAILED, decline_code="processor_unavailable", is_retryable=True)
DECLINED = "The payment was declined, and nothing was changed."
ORDER_CANCELED = "The payment failed, and the subscription was canceled before it began."
TRY_AGAIN = "Payments cannot be taken right now, and nothing was changed. Try again shortly."


def reserve(
    facts: SubscriptionFacts, decision: Decision, answer: Mapping[str, Any], call: MutationCall | None, *, by: WriteContext
) -> tuple[ChargeSubmission, Changes]:
    """Return the request to the processor, and the rows that must be committed before it is sent."""
    contract = facts.contract
    payment_id = by.new_id("pay")
    is_new = contract.version == 0
    waiting = replace(contract, charging_payment_id=payment_id, version=contract.version + 1)
    final = rows_of(facts if is_new else replace(facts, contract=waiting), decision, by, payment_id=payment_id)
    # A coupon is taken at once, so that no other order takes its last redemption meanwhile; a decline returns it.
    taken = final.pop("taken_coupon", [])
    final.pop("released_charge", None)
    intent = PendingCharge(
        payment_id,
        contract.customer_id,
        contract.currency,
        decision.due_minor,
        facts.offers[decision.contract.price_id].plan_name,
        changes=final,
        answer={**answer, "invoice": final["invoice"][0]["id"]},
        reserved_minor=decision.reserved_minor,
        coupon_id=next((row["coupon_id"] for row in final.get("coupon_redemption", ())), None),
        subscription_id=None if is_new else contract.id,
        ordered=order_rows(facts, payment_id, by=by) if is_new else None,
        agreed=agreed(facts, decision),
    )
    sending, changes = attempt(intent, facts.account, call, by=by)
    return sending, changes | {"taken_coupon": taken, "subscription": [] if is_new else [row_of(waiting)]}


async def resubmission(transaction: Transaction, payment_id: str, *, now: datetime) -> ChargeSubmission:
    """Return the stored request, to be sent again. Raises Refused where the processor may have forgotten the key: then only the outcome may be looked up."""
    attempt = await transaction.first("charges.attempt", key=payment_id)
    if attempt.started_at + KEYS_HOLD < now:
        raise Refused(ErrorCode.IN_PROGRESS, "The payment's outcome is not known yet.")
    await transaction.run("charges.note_sending", key=payment_id)
    return ChargeSubmission(attempt.processor, ChargeRequest(**json.loads(attempt.request)), is_repeat=True)


async def submit(processor: Processor, sending: ChargeSubmission) -> ChargeResult:
    """Send the charge and return its result; PROCESSING where it is unknown. A repeated request that did not arrive proves nothing about the earlier one."""
    try:
        return await processor.charge(sending.charge)
    except ProcessorUnavailable as error:
        log_no_answer(sending.processor, error)
        return ChargeResult(ChargeStatus.PROCESSING) if sending.is_repeat else UNAVAILABLE
    except OutcomeUnknown as error:
        log_no_answer(sending.processor, error)
        return ChargeResult(ChargeStatus.PROCESSING)


def log_no_answer(processor: str, error: Exception) -> None:
    """Log why a processor gave no answer."""
    logger.warning("the payment processor gave no answer", extra={"processor": processor, "cause": cause_of(error)})


async def submit_again(processor: Processor, attempt: Any, *, now: datetime) -> ChargeResult | None:
    """Look up the result of a charge whose answer was lost; None while it is unknown."""
    lookup = ChargeLookup(attempt.payment_id, attempt.method_reference, attempt.processor_reference, attempt.sent_at)
    try:
        return await processor.outcome(lookup, now=now) or replace(UNAVAILABLE, decline_code="never_arrived")
    except (ProcessorUnavailable, OutcomeUnknown) as error:
        log_no_answer(attempt.processor, error)
        return None


async def apply_result(session: UnitOfWork, payment_id: str, result: ChargeResult, *, by: WriteContext, sent_at: datetime | None = None) -> dict[str, Any]:
    """Write the processor's result and return the answer of the call. Once the charge is settled, every later result returns the stored answer.

    `sent_at` is when the charge was sent that the result is about. If it has been sent again since, the result is out of date, and nothing is written.
    """
    try:
        return await repeated(lambda: _settled_once(session, payment_id, result, sent_at, by=by))
    except DecisionOutdated:
        if result.status is not ChargeStatus.SUCCEEDED:
            raise
    # What the charge was for was voided or paid meanwhile: the money becomes the customer's credit.
    return await repeated(lambda: _credited(session, payment_id, result, by=by))


async def _settled_once(session: UnitOfWork, payment_id: str, result: ChargeResult, sent_at: datetime | None, *, by: WriteContext) -> dict[str, Any]:
    async with session.write(lock=CustomerLock.ANY) as transaction:
        charge, attempt = await _locked_charge(transaction, payment_id)
        if _is_superseded(charge, attempt, result):
            return _stored_answer(charge, attempt)
        # Of an erased customer nothing is left of the decision: money that comes then becomes credit.
        is_erased = not json.loads(charge.changes)
        if charge.settled_at is not None and (is_erased or (charge.on_failure is None and not charge.pays_what_began)):
            raise DecisionOutdated
        if sent_at is not None and sent_at != attempt.sent_at:
            return {}
        answer: dict[str, Any] = json.loads(charge.answer)
        if result.status in UNDECIDED:
            answer = await deciding.undecided(transaction, charge, result, by=by)
            changes = _undecided(charge, result, answer, by=by)
        elif result.status is ChargeStatus.SUCCEEDED:
            changes = merged(await deciding.paid(transaction, charge, by=by), _settled(charge, result, answer, by=by))
        else:
            answer = _refused(charge, result)
            changes = merged(await _undone(transaction, charge, result, by=by), _settled(charge, result, answer, by=by))
        await save(transaction, changes)
        if charge.has_refunds:
            await refunding.apply(transaction, payment_id, by=by)
        if _is_of_clock(charge) and result.status is ChargeStatus.FAILED:
            await dunning.declined(transaction, charge, never_happened=never_happened(result), by=by)
        # A charge that failed lifts a hold, too: nothing is lifted while the subscription waits for one.
        if charge.is_held_by_dunning and result.status not in UNDECIDED:
            await dunning.lift_paid(transaction, by=by)
    return answer


async def _credited(session: UnitOfWork, payment_id: str, result: ChargeResult, *, by: WriteContext) -> dict[str, Any]:
    """Turn money that has no use any more into credit, once. The money received is always the sum of allocations and credit."""
    async with session.write(lock=CustomerLock.ANY) as transaction:
        charge, attempt = await _locked_charge(transaction, payment_id)
        if _is_superseded(charge, attempt, result):
            return _stored_answer(charge, attempt)
        answer = _paid_alone(charge)
        entry = {
            "customer_id": charge.customer_id,
            "id": by.new_id("bal"),
            "currency": attempt.currency,
            "amount_minor": attempt.amount_minor,
            "kind": "OVERPAYMENT",
            "description": "Paid when it was no longer owed",
            "payment_id": payment_id,
            "created_at": by.now,
        }
        undone = {} if charge.settled_at else await _unused(transaction, charge, by=by)
        changes = merged(undone, {"balance_entry": [entry], "dropped_allocation": [{"payment_id": payment_id}]}, _settled(charge, result, answer, by=by))
        await save(transaction, changes)
        if charge.has_refunds:
            await refunding.apply(transaction, payment_id, by=by)
        if charge.is_held_by_dunning:
            await dunning.lift_paid(transaction, by=by)
    return answer


async def _locked_charge(transaction: Transaction, payment_id: str) -> tuple[Any, Any]:
    """Return the charge and its attempt, in a transaction that began with the customer's lock."""
    charges, attempts = await transaction.run("charges.lock + charges.attempt", key=payment_id)
    return charges[0], attempts[0]


def _is_of_clock(charge: Any) -> bool:
    """Return whether the billing clock charged an invoice, and no mutation; the first invoice of a service that began with the order counts as such."""
    return (charge.mutation is None and charge.invoice_id is not None) or charge.pays_what_began


def _is_superseded(charge: Any, attempt: Any, result: ChargeResult) -> bool:
    """Return whether this result, or a later one, has been written already."""
    return charge.settled_at is not None and advanced(attempt.status, result.status) is None


def _stored_answer(charge: Any, attempt: Any) -> dict[str, Any]:
    if attempt.status == ChargeStatus.FAILED:
        return _refused(charge, ChargeResult(ChargeStatus.FAILED, decline_code=attempt.decline_code))
    answer: dict[str, Any] = json.loads(attempt.answer)
    return answer


async def _undone(transaction: Transaction, charge: Any, result: ChargeResult, *, by: WriteContext) -> Changes:
    """Return the changes after a failure: the stored ones for a payment of existing debts, else those of the subscription."""
    if charge.on_failure is None:
        return await deciding.failed(transaction, charge, result, by=by)
    return _failure_changes(charge, "nobody asked" if never_happened(result) else "retryable" if result.is_retryable else "final")


async def _unused(transaction: Transaction, charge: Any, *, by: WriteContext) -> Changes:
    return await deciding.unused(transaction, charge, by=by) if charge.on_failure is None else _failure_changes(charge, "final")


def _failure_changes(charge: Any, why: str) -> Changes:
    changes: Changes = json.loads(charge.on_failure)[why]
    return changes


def _undecided(charge: Any, result: ChargeResult, answer: dict[str, Any], *, by: WriteContext) -> Changes:
    """Return the changes while the charge is undecided: the subscription keeps waiting, and the call is answered with the unfinished payment."""
    row = {"id": charge.payment_id, "status": result.status, "processor_reference": result.processor_reference}
    return {"result": [row], **_key(charge, answer, by=by)}


def _settled(charge: Any, result: ChargeResult, answer: dict[str, Any], *, by: WriteContext) -> Changes:
    is_paid = result.status is ChargeStatus.SUCCEEDED
    row = {
        "id": charge.payment_id,
        "status": result.status,
        "processor_reference": result.processor_reference,
        "decline_code": None if is_paid else result.decline_code or "declined",
        "is_retryable": result.is_retryable,
        "settled_at": by.now if is_paid else None,
        "issuer": issuer_columns(by.issuer),
    }
    is_free = answer.get("refusal", {}).get("code") == ErrorCode.PAYMENT_UNAVAILABLE
    return {
        "result": [row],
        "settled": [{"payment_id": charge.payment_id, "settled_at": by.now}],
        # A charge that was certainly not made frees its key: the same call may be sent again.
        **_key(charge, answer, by=by, is_free=is_free),
    }


def _key(charge: Any, answer: dict[str, Any], *, by: WriteContext, is_free: bool = False) -> Changes:
    if charge.key is None:
        return {}
    call = MutationCall(charge.mutation, charge.key, charge.caller)
    return key_rows(call, is_free=is_free, answer=answer, finished_at=by.now, payment_id=charge.payment_id)


def _refused(charge: Any, result: ChargeResult) -> dict[str, Any]:
    """Return the answer after a failure. A service that has begun continues, and the call that began it keeps its answer."""
    if charge.pays_what_began:
        answer: dict[str, Any] = json.loads(charge.answer)
        return answer
    code, message = (ErrorCode.PAYMENT_UNAVAILABLE, TRY_AGAIN) if never_happened(result) else (ErrorCode.PAYMENT_DECLINED, DECLINED)
    message = ORDER_CANCELED if _is_order(charge) else message
    return {"refusal": {"code": code, "message": message}} | _declined(charge)


def _declined(charge: Any) -> dict[str, Any]:
    """Return what a call shows whose charge was declined: the payment, and of one for existing debts these."""
    if charge.on_failure is None:
        return _paid_alone(charge)
    debts: dict[str, Any] = json.loads(charge.answer)
    return debts


def _paid_alone(charge: Any) -> dict[str, Any]:
    """Return the answer that contains only the payment, and the subscription of an order that was written meanwhile."""
    return {"payment": charge.payment_id} | ({"subscription": charge.subscription_id} if _is_order(charge) else {})


def _is_order(charge: Any) -> bool:
    return charge.mutation == "addPlan" and charge.subscription_id is not None
