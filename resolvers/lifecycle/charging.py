"""A decision that waits for money: written down with a payment, sent to the processor outside of any transaction, and settled once, whoever comes first.

    begin     one transaction: the payment PROCESSING, and what is to be written when it succeeds; the subscription waits (`charging_payment_id`)
    ask       no transaction: the processor is called under the payment's id, so however often it is sent, money moves once
    settle    one transaction: the decision is written with the money, or everything is as before and the payment says why

Whoever dies in between is followed by a retry under the same key, by a webhook, or by the reconciling job: they all end in `settle`.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from billing.lifecycle.facts import Decision, Event, Facts
from billing.numbers import next_number, year_of
from billing.refusals import ErrorCode, Refused
from billing.states import SubscriptionEventKind
from db.session import Session, Transaction
from payments.processor import Attempt, Charge, ChargeResult, ChargeStatus, OutcomeUnknown, Processor, ProcessorUnavailable
from resolvers.lifecycle import dunning
from resolvers.lifecycle.reading import account_around
from resolvers.lifecycle.reading import contract as contract_of
from resolvers.lifecycle.writing import Changes, Writer, event_row, merged, row_of, rows_of, save

# How long a call may wait for the processor before whoever retries takes over: longer than an operation may take.
LEASE = timedelta(seconds=20)

# When a pause whose end could not be paid for, because the processor was away, ends instead.
RESUMES_AGAIN = timedelta(hours=1)

UNDECIDED = (ChargeStatus.PROCESSING, ChargeStatus.REQUIRES_ACTION)
UNAVAILABLE = ChargeResult(ChargeStatus.FAILED, decline_code="processor_unavailable", is_retryable=True)
DECLINED = "The payment was declined, and nothing was changed."
TRY_AGAIN = "Payments cannot be taken right now, and nothing was changed. Try again shortly."


@dataclass(frozen=True, slots=True)
class Call:
    """The mutation and the idempotency key that a charge belongs to."""

    mutation: str
    key: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A charge that stands in the database and is now to be sent."""

    processor: str
    charge: Charge
    is_repeated: bool = False


def begun(facts: Facts, decision: Decision, answer: Mapping[str, Any], call: Call | None, *, by: Writer) -> tuple[Sending, Changes]:
    """What to send to the processor, and the rows that must stand before it is sent."""
    account = facts.account
    if account.method_id is None or account.method_processor is None or account.method_reference is None:
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "Add a payment method first.")
    payment_id = by.mint("pay")
    is_new = facts.contract.version == 0
    waiting = replace(facts.contract, charging_payment_id=payment_id, version=facts.contract.version + 1)
    words = facts.offers[decision.contract.price_id].plan_name
    charge = Charge(payment_id, account.customer_id, account.method_reference, decision.due_minor, facts.contract.currency, words, call is None)
    final = rows_of(facts if is_new else replace(facts, contract=waiting), decision, by, payment_id=payment_id)
    changes: Changes = {
        "payment": [_payment(facts, decision.due_minor, payment_id, by=by)],
        "charge": [_charge_row(facts, charge, final, dict(answer) | {"invoice": final["invoice"][0]["id"], "payment": payment_id}, call=call, by=by)],
        "taken_coupon": final.pop("taken_coupon", []),
    }
    if not is_new:
        changes["subscription"] = [row_of(waiting)]
    if call:
        changes["idempotency_key"] = [{"mutation": call.mutation, "key": call.key, "payment_id": payment_id, "lease_until": by.now + LEASE}]
    return Sending(account.method_processor, charge), changes


async def sending_of(transaction: Transaction, payment_id: str) -> Sending:
    """The same request as before, from the record of it. It counts as sent now: whoever asked for its outcome before this, asked too early."""
    await transaction.run("charges.sent_again", key=payment_id)
    attempt = await transaction.first("charges.attempt", key=payment_id)
    return Sending(attempt.processor, Charge(**json.loads(attempt.request)), is_repeated=True)


async def ask(processor: Processor, sending: Sending) -> ChargeResult:
    """The processor's word; PROCESSING where there is none yet. That this request surely did nothing, tells nothing about one that was sent before it."""
    try:
        return await processor.charge(sending.charge)
    except ProcessorUnavailable:
        return ChargeResult(ChargeStatus.PROCESSING) if sending.is_repeated else UNAVAILABLE
    except OutcomeUnknown:
        return ChargeResult(ChargeStatus.PROCESSING)


async def ask_again(processor: Processor, attempt: Any, *, now: datetime) -> ChargeResult | None:
    """What became of a charge whose answer was lost; None while nobody knows."""
    asked = Attempt(attempt.payment_id, attempt.method_reference, attempt.processor_reference, attempt.started_at)
    with suppress(ProcessorUnavailable, OutcomeUnknown):
        return await processor.outcome(asked, now=now) or replace(UNAVAILABLE, decline_code="never_arrived")
    return None


async def settle(session: Session, payment_id: str, result: ChargeResult, *, by: Writer, sent_at: datetime | None = None) -> dict[str, Any]:
    """Write what the processor said. The answer of the call; the same again for whoever comes later, whatever they were told meanwhile.

    `sent_at` is when that was sent which the processor was asked about. If it has been sent again since, the word is out of date, and nothing is written.
    """
    async with session.write() as transaction:
        charge = await transaction.first("charges.lock", key=payment_id)
        if charge.settled_at is not None:
            return await _kept(transaction, payment_id)
        if sent_at is not None and sent_at != charge.started_at:
            return {}
        answer = json.loads(charge.answer)
        if result.status in UNDECIDED:
            answer = {"payment": payment_id}
            changes = _undecided(charge, result, answer, by=by)
        elif result.status is ChargeStatus.SUCCEEDED:
            changes = merged(await _issued(transaction, json.loads(charge.changes), by=by), _settled(charge, result, answer, by=by))
        else:
            answer = _refusal(result) | {"payment": payment_id}
            changes = merged(await _undone(transaction, charge, result, by=by), _settled(charge, result, answer, by=by))
        await save(transaction, changes)
        if charge.invoice_id is not None and charge.subscription_id is not None and result.status is ChargeStatus.SUCCEEDED:
            await dunning.lift(transaction, charge.subscription_id, by=by)
    return answer  # type: ignore[no-any-return]


async def _kept(transaction: Transaction, payment_id: str) -> dict[str, Any]:
    attempt = await transaction.first("charges.attempt", key=payment_id)
    if attempt.status == ChargeStatus.FAILED:
        return _refusal(ChargeResult(ChargeStatus.FAILED, decline_code=attempt.decline_code)) | {"payment": payment_id}
    return json.loads(attempt.answer)  # type: ignore[no-any-return]


async def _undone(transaction: Transaction, charge: Any, result: ChargeResult, *, by: Writer) -> Changes:
    """Everything as before: the subscription no longer waits, and a coupon that came with it is free again."""
    if charge.on_failure is not None:
        return json.loads(charge.on_failure)["retryable" if result.is_retryable else "final"]  # type: ignore[no-any-return]
    planned = json.loads(charge.changes)
    changes: Changes = {"returned_coupon": [{"id": row["coupon_id"]} for row in planned.get("coupon_redemption", ())]}
    if charge.subscription_id is None:
        return changes
    waiting = await contract_of(transaction.run, charge.subscription_id, is_locked=True)
    after = replace(waiting, charging_payment_id=None, version=waiting.version + 1)
    if charge.key is None and _never_happened(result):
        after = replace(after, resumes_at=by.now + RESUMES_AGAIN)
    elif charge.key is None:
        # A pause that should have ended by itself, and could not be paid for, stays a pause until the customer ends it.
        after = replace(after, resumes_at=None)
        changes["subscription_event"] = [event_row(after, Event(SubscriptionEventKind.RESUME_FAILED), happened_at=by.now, by=by)]
    return changes | {"subscription": [row_of(after)]}


def _undecided(charge: Any, result: ChargeResult, answer: dict[str, Any], *, by: Writer) -> Changes:
    """The subscription goes on waiting. The call has its answer: a payment that is not done."""
    row = {"id": charge.payment_id, "status": result.status, "processor_reference": result.processor_reference}
    return {"result": [row], "idempotency_key": _key(charge, answer, by=by)}


def _settled(charge: Any, result: ChargeResult, answer: dict[str, Any], *, by: Writer) -> Changes:
    is_paid = result.status is ChargeStatus.SUCCEEDED
    row = {
        "id": charge.payment_id,
        "status": result.status,
        "processor_reference": result.processor_reference,
        "decline_code": None if is_paid else result.decline_code or "declined",
        "is_retryable": result.is_retryable,
        "settled_at": by.now if is_paid else None,
    }
    is_free = answer.get("refusal", {}).get("code") == ErrorCode.PAYMENT_UNAVAILABLE
    return {
        "result": [row],
        "settled": [{"payment_id": charge.payment_id, "settled_at": by.now}],
        # What surely did not happen keeps no key: the same call may be sent again.
        "freed_key" if is_free else "idempotency_key": _key(charge, answer, by=by),
    }


def _key(charge: Any, answer: dict[str, Any], *, by: Writer) -> list[dict[str, Any]]:
    if charge.key is None:
        return []
    return [{"mutation": charge.mutation, "key": charge.key, "answer": answer, "finished_at": by.now, "payment_id": charge.payment_id}]


def _refusal(result: ChargeResult) -> dict[str, Any]:
    code, message = (ErrorCode.PAYMENT_UNAVAILABLE, TRY_AGAIN) if _never_happened(result) else (ErrorCode.PAYMENT_DECLINED, DECLINED)
    return {"refusal": {"code": code, "message": message}}


def _never_happened(result: ChargeResult) -> bool:
    """Nobody was asked for money, so nobody declined."""
    return result.decline_code in ("processor_unavailable", "never_arrived")


async def _issued(transaction: Transaction, changes: Changes, *, by: Writer) -> Changes:
    """What was decided, paid now. An invoice takes its number only here: others were issued while the processor thought."""
    last = (await account_around(transaction.run)).last_number if changes.get("invoice") else None
    for invoice in (*changes.get("invoice", ()), *changes.get("collected", ())):
        invoice["paid_at"] = by.now
        if "number" in invoice:
            invoice["number"] = last = next_number(last, year_of(invoice["number"]))
    return changes


def _payment(facts: Facts, amount_minor: int, payment_id: str, *, by: Writer) -> dict[str, Any]:
    account = facts.account
    return {
        "customer_id": account.customer_id,
        "id": payment_id,
        "status": "PROCESSING",
        "currency": facts.contract.currency,
        "amount_minor": amount_minor,
        "payment_method_id": account.method_id,
        "method_kind": account.method_kind,
        "method_brand": account.method_brand,
        "method_last4": account.method_last4,
        "processor": account.method_processor,
        "created_at": by.now,
    }


def _charge_row(facts: Facts, charge: Charge, final: Changes, answer: dict[str, Any], *, call: Call | None, by: Writer) -> dict[str, Any]:
    return {
        "customer_id": facts.account.customer_id,
        "payment_id": charge.key,
        "subscription_id": None if facts.contract.version == 0 else facts.contract.id,
        "mutation": call.mutation if call else None,
        "key": call.key if call else None,
        "request": asdict(charge),
        "changes": final,
        "credit_minor": sum(invoice["credited_minor"] for invoice in final["invoice"]),
        "coupon_id": next((row["coupon_id"] for row in final.get("coupon_redemption", ())), None),
        "answer": answer,
        "started_at": by.now,
    }
