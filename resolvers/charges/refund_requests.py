"""Refunds that staff begin: stored with their request, sent to the processor outside of any transaction, and settled exactly once.

    rows of a request   in the transaction of the call: the refund is PENDING, and counts against what is left of its payment
    submit_refund       no transaction: the processor is called with the refund's id as key, so that repeated requests move money once
    apply_refund        one transaction: the result is recorded as a report of the processor (`refunding.py`), which changes what the payment had paid

If the process ends in between, a retry under the same key, a webhook or the worker continues.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from billing.money.notes import IssuedCreditNote
from billing.money.refunds import Report
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import RefundRequestRow
from billing.rows.money.refunds import RefundedPayment
from billing.states import RefundStatus
from db.outages import repeated
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import KEYS_HOLD, ChargeResult, ChargeStatus, OutcomeUnknown, Processor, ProcessorUnavailable, RefundLookup, RefundRequest, configured
from resolvers.changes.drafted_notes import draft_of
from resolvers.changes.saving import Changes, save
from resolvers.changes.writing import WriteContext
from resolvers.charges.attempts import LEASE
from resolvers.charges.charging import log_no_answer
from resolvers.charges.refunding import answer_of, answer_rows, apply, close_requests, record
from resolvers.idempotency import MutationCall, key_rows

logger = logging.getLogger("portico.payments")

# The processor of payments that staff recorded: the merchant gives their money back without Portico.
MANUAL = "manual"
TRY_AGAIN = "The processor cannot be reached, and nothing was changed. Try again shortly."
UNKNOWN = "The refund's outcome is not known yet."
UNAVAILABLE = ChargeResult(ChargeStatus.FAILED, decline_code="processor_unavailable", is_retryable=True)
NEVER_ARRIVED = ChargeResult(ChargeStatus.FAILED, decline_code="never_arrived", is_retryable=True)
NEVER_MADE = (UNAVAILABLE.decline_code, NEVER_ARRIVED.decline_code)
RESULTS = {ChargeStatus.SUCCEEDED: RefundStatus.SUCCEEDED, ChargeStatus.FAILED: RefundStatus.FAILED}


@dataclass(frozen=True, slots=True)
class RefundSubmission:
    """A refund that is stored and is now to be sent. `is_repeat`: a process that has ended may have sent it before."""

    processor: str
    customer_id: str
    request: RefundRequest
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class BegunRefund:
    """A refund that staff begin. `note` is the credit note that is issued with it, of one invoice that the payment paid."""

    payment: RefundedPayment
    amount_minor: int
    reason: str
    comment: str | None = None
    note: IssuedCreditNote | None = None


def begun(
    refund: BegunRefund, mutation: str, answer: Mapping[str, Any], call: MutationCall | None, *, by: WriteContext
) -> tuple[RefundSubmission | None, Changes]:
    """Return the request to the processor and the rows that are committed before it is sent; no request for a payment that staff recorded."""
    payment, refund_id = refund.payment, by.new_id("ref")
    is_manual = payment.processor == MANUAL
    request = RefundRequest(refund_id, payment.processor_reference or "", refund.amount_minor, payment.currency)
    changes: Changes = {
        "refund": [_refund_row(refund, refund_id, is_manual=is_manual, by=by)],
        "refund_request": [
            {
                "refund_id": refund_id,
                "payment_id": payment.payment_id,
                "invoice_id": refund.note.invoice_id if refund.note else None,
                "processor": payment.processor,
                "mutation": mutation,
                "key": call.key if call else None,
                "caller": call.client if call else None,
                "request": asdict(request),
                "note": draft_of(refund.note) if refund.note else None,
                "answer": {**answer, "refund": refund_id},
                "started_at": by.now,
            }
        ],
    }
    if is_manual:
        return None, changes
    if call:
        changes |= key_rows(call, payment_id=refund_id, lease_until=by.now + LEASE)
    return RefundSubmission(payment.processor, payment.customer_id, request), changes


def _refund_row(refund: BegunRefund, refund_id: str, *, is_manual: bool, by: WriteContext) -> dict[str, Any]:
    return {
        "id": refund_id,
        "payment_id": refund.payment.payment_id,
        "currency": refund.payment.currency,
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
        "note": refund.comment or "",
        "is_awaiting": is_manual,
        "created_at": by.now,
    }


async def refund_resubmission(transaction: Transaction, refund_id: str, *, by: WriteContext) -> RefundSubmission:
    """Return the stored request, to be sent again. Raises Refused where the processor may have forgotten the key: then only the outcome may be looked up."""
    request: RefundRequestRow = await transaction.first("refund_requests.lock", key=refund_id)
    if request.started_at + KEYS_HOLD < by.now:
        raise Refused(ErrorCode.IN_PROGRESS, UNKNOWN)
    return RefundSubmission(request.processor, request.customer_id, RefundRequest(**json.loads(request.request)), is_repeat=True)


async def submit_refund(processor: Processor, sending: RefundSubmission) -> ChargeResult:
    """Send the refund and return its result; PROCESSING where it is unknown. A repeated request that did not arrive proves nothing about the earlier one."""
    try:
        return await processor.refund(sending.request)
    except ProcessorUnavailable as error:
        log_no_answer(sending.processor, error)
        return ChargeResult(ChargeStatus.PROCESSING) if sending.is_repeat else UNAVAILABLE
    except OutcomeUnknown as error:
        log_no_answer(sending.processor, error)
        return ChargeResult(ChargeStatus.PROCESSING)


async def apply_refund(session: UnitOfWork, refund_id: str, result: ChargeResult, *, by: WriteContext) -> dict[str, Any]:
    """Record the processor's result of a refund that staff began, and return the answer of the call. Once it is settled, every later result returns the stored answer."""
    return await repeated(lambda: _applied_once(session, refund_id, result, by=by))


async def _applied_once(session: UnitOfWork, refund_id: str, result: ChargeResult, *, by: WriteContext) -> dict[str, Any]:
    async with session.write() as transaction:
        await transaction.run("customers.lock")
        request: RefundRequestRow = await transaction.first("refund_requests.lock", key=refund_id)
        if result.status in RESULTS and request.settled_at is None:
            is_free = result.decline_code in NEVER_MADE
            if is_free:
                # A refund that was certainly not made frees its key: the same call may be sent again.
                await save(transaction, answer_rows(request, {}, by=by, is_free=True))
                await transaction.run("refund_requests.settle", key=refund_id)
            amount = json.loads(request.request)["amount_minor"]
            report = Report(result.processor_reference, amount, RESULTS[result.status], key=refund_id)
            await record(transaction, request.payment_id, report, by=by)
            if is_free:
                stored: dict[str, Any] = json.loads(request.answer)
                return stored | {"refusal": {"code": ErrorCode.PAYMENT_UNAVAILABLE, "message": TRY_AGAIN}}
        elif request.settled_at is None:
            if result.processor_reference:
                await transaction.run("refund_requests.note_reference", key=refund_id, reference=result.processor_reference)
            await save(transaction, answer_rows(request, json.loads(request.answer), by=by))
        return await stored_answer(transaction, refund_id)


async def stored_answer(transaction: Transaction, refund_id: str) -> dict[str, Any]:
    """Return the answer of the call that began a refund, by the state of the refund."""
    request: RefundRequestRow = await transaction.first("refund_requests.lock", key=refund_id)
    return await answer_of(transaction, request)


async def settle_manual(transaction: Transaction, payment_id: str, *, by: WriteContext) -> None:
    """Apply a refund of a payment that staff recorded, in the transaction that stored it."""
    await apply(transaction, payment_id, by=by)
    await close_requests(transaction, payment_id, by=by)


async def reconcile_refund(session: UnitOfWork, refund_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> bool:
    """Look up one refund and apply its result. Return whether it is decided now. Raises ProcessorMissing."""
    async with session.write() as transaction:
        request: RefundRequestRow = await transaction.first("refund_requests.lock", key=refund_id)
    processor = configured(processors, request.processor)
    charge_reference = json.loads(request.request)["processor_reference"]
    try:
        result = await processor.refund_outcome(RefundLookup(refund_id, charge_reference, request.reference, request.started_at), now=by.now)
    except (ProcessorUnavailable, OutcomeUnknown) as error:
        log_no_answer(request.processor, error)
        return False
    result = result or NEVER_ARRIVED
    if result.status not in RESULTS:
        return False
    await apply_refund(session, refund_id, result, by=by)
    return True
