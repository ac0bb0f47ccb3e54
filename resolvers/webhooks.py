"""What processors tell by themselves: stored first, then acted on. At least once and in any order; what was acted on is the same whatever came first."""

import json
from dataclasses import asdict, replace
from typing import Any

from billing.rows.owed import StoredEvent
from db.session import Session, Transaction
from payments.processor import ChargeResult, ChargeStatus, Event, EventKind
from resolvers.lifecycle.charging import settle
from resolvers.lifecycle.writing import Writer


async def store(session: Session, processor: str, event: Event) -> StoredEvent | None:
    """What is to be acted on; None if it was stored before. From here on it is not lost."""
    # The secret for the customer's browser is of no use here, and is kept nowhere.
    result = asdict(replace(event.result, client_action=None)) if event.result else None
    told = {"result": result, "refunded_minor": event.refunded_minor}
    async with session.write() as transaction:
        found: StoredEvent | None = await transaction.first(
            "webhooks.store", processor=processor, id=event.id, kind=event.kind, payment_id=event.key, event=json.dumps(told)
        )
    return found


async def act(session: Session, event: StoredEvent, *, by: Writer) -> None:
    """Settle or refund the payment that it is about. What is about none of ours is only marked."""
    owner = await _owner(session, event)
    if owner is not None:
        told = json.loads(event.event)
        customers = session.of(replace(session.caller, customer_id=owner.customer_id))
        if event.kind == EventKind.CHARGE and told["result"]:
            await settle(customers, owner.payment_id, _result(told["result"]), by=by)
        if event.kind == EventKind.REFUND and told["refunded_minor"]:
            async with customers.write() as transaction:
                await transaction.run("customers.lock")
                await transaction.run("payments.refund", key=owner.payment_id, refunded_minor=told["refunded_minor"])
    async with session.write() as transaction:
        await transaction.run("webhooks.done", processor=event.processor, key=event.id)


async def _owner(session: Session, event: StoredEvent) -> Any:
    if event.payment_id is None:
        return None
    async with session.write() as transaction:
        found = await transaction.first("payments.owner", key=event.payment_id)
        return found if found and await _is_charged(transaction, found) else None


async def _is_charged(transaction: Transaction, owner: Any) -> bool:
    """Payments from before this gateway have no charge here, and are nobody's business."""
    await transaction.act_as(owner.customer_id)
    return await transaction.first("charges.attempt", key=owner.payment_id) is not None


def _result(told: dict[str, Any]) -> ChargeResult:
    return ChargeResult(ChargeStatus(told["status"]), told["processor_reference"], told["decline_code"], told["is_retryable"])
