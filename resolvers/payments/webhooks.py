"""Events of processors: stored first, then applied. They arrive at least once and in any order; the result does not depend on the order."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from billing.money.refunds import Report
from billing.rows.money.owed import PaymentOwner, StoredEvent
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import ChargeResult, ChargeStatus, EventKind, ProcessorEvent
from resolvers.changes.writing import WriteContext
from resolvers.charges import refunding
from resolvers.charges.charging import apply_result


async def store(session: UnitOfWork, processor: str, event: ProcessorEvent) -> StoredEvent | None:
    """Store an event and return it. None if it was stored before, or is about no payment of ours. A stored event is not lost."""
    # The client secret is not needed here, and is never stored.
    result = asdict(replace(event.result, client_action=None)) if event.result else None
    # A program of the version before knows no `key`, which is why a report without one has none.
    refund = {name: value for name, value in asdict(event.refund).items() if name != "key" or value} if event.refund else None
    payload = {"result": result, "refunded_minor": event.refunded_minor, "refund": refund}
    async with session.write() as transaction:
        payment_id = event.key or await _payment_by_reference(transaction, processor, event)
        if payment_id is None:
            return None
        stored: StoredEvent | None = await transaction.first(
            "webhooks.store", processor=processor, id=event.id, kind=event.kind, payment_id=payment_id, event=json.dumps(payload)
        )
    return stored


async def apply_event(session: UnitOfWork, event: StoredEvent, *, by: WriteContext) -> None:
    """Settle or refund the payment of an event, and mark the event as done. An event of no payment of ours is only marked."""
    owner = await _owner(session, event)
    if owner is not None:
        payload = json.loads(event.event)
        customers = session.for_caller(replace(session.caller, customer_id=owner.customer_id))
        if event.kind == EventKind.CHARGE and payload["result"] and await _is_charged(customers, owner):
            await apply_result(customers, owner.payment_id, _result(payload["result"]), by=by)
        report = _report(payload) if event.kind == EventKind.REFUND else None
        if report is not None:
            async with customers.write() as transaction:
                await refunding.record(transaction, owner.payment_id, report, by=by)
    async with session.write() as transaction:
        await transaction.run("webhooks.done", processor=event.processor, key=event.id)


async def _payment_by_reference(transaction: Transaction, processor: str, event: ProcessorEvent) -> str | None:
    if event.processor_reference is None or event.kind != EventKind.REFUND:
        return None
    owner: PaymentOwner | None = await transaction.first("payments.owner", key=None, processor=processor, reference=event.processor_reference)
    return owner.payment_id if owner else None


async def _owner(session: UnitOfWork, event: StoredEvent) -> PaymentOwner | None:
    if event.payment_id is None:
        return None
    async with session.write() as transaction:
        owner: PaymentOwner | None = await transaction.first("payments.owner", key=event.payment_id, processor=event.processor, reference=None)
        return owner


async def _is_charged(session: UnitOfWork, owner: PaymentOwner) -> bool:
    """Return whether the payment has a charge. Payments from before this gateway have none, and no decision depends on them."""
    async with session.write() as transaction:
        return await transaction.first("charges.attempt", key=owner.payment_id) is not None


def _report(payload: Mapping[str, Any]) -> Report | None:
    """Return the report of a refund event. Events that an earlier version stored have only the sum of what was refunded."""
    if payload.get("refund"):
        return Report(**payload["refund"])
    return Report(None, payload["refunded_minor"]) if payload["refunded_minor"] else None


def _result(result: dict[str, Any]) -> ChargeResult:
    return ChargeResult(ChargeStatus(result["status"]), result["processor_reference"], result["decline_code"], result["is_retryable"])
