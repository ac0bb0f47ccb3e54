"""Charges with an unknown outcome: it is looked up at the processor, and they are settled like any other."""

from collections.abc import Mapping
from datetime import timedelta

from db.unit_of_work import UnitOfWork
from payments.processor import OutcomeUnknown, Processor, ProcessorUnavailable, configured
from resolvers.changes.writing import WriteContext
from resolvers.charges.charging import apply_result, submit_again

# Longer than any call waits for the processor: by then the process that began the charge has settled it, or has ended.
PATIENCE = timedelta(minutes=1)

# A payment that the customer does not confirm within this time is cancelled.
CONFIRMED_WITHIN = timedelta(hours=1)


async def reconcile(session: UnitOfWork, payment_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> bool:
    """Look up one charge and apply its result. Return whether it is decided now. Raises ProcessorMissing."""
    async with session.write() as transaction:
        attempt = await transaction.first("charges.attempt", key=payment_id)
    processor = configured(processors, attempt.processor)
    result = await submit_again(processor, attempt, now=by.now)
    is_abandoned = attempt.status == "REQUIRES_ACTION" and attempt.started_at + CONFIRMED_WITHIN < by.now
    if is_abandoned and attempt.processor_reference is not None:
        try:
            result = await processor.cancel(attempt.processor_reference)
        except (ProcessorUnavailable, OutcomeUnknown):
            return False
    if result is None:
        return False
    if result.status in ("PROCESSING", "REQUIRES_ACTION"):
        if attempt.is_order_unwritten:
            await apply_result(session, payment_id, result, by=by, sent_at=attempt.sent_at)
        return False
    return bool(await apply_result(session, payment_id, result, by=by, sent_at=attempt.sent_at))
