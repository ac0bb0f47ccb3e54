"""What causes a letter about money, as rows beside the changes that cause it: one function for each event. The worker makes the letters (`jobs/composing.py`)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from billing.states import Actor, InvoiceStatus, PaymentStatus, PendingChangeKind, SubscriptionEventKind
from mail.letters import Letter

Rows = list[dict[str, Any]]
Changes = Mapping[str, Rows]


def invoices_issued(changes: Changes) -> Iterator[dict[str, str]]:
    """Yield a cause for each issued invoice. One that a payment pays in the same moment has none: the receipt names it."""
    paid_now = {row["invoice_id"] for row in changes.get("payment_allocation", ())}
    for invoice in changes.get("invoice", ()):
        if not (invoice["status"] == InvoiceStatus.PAID and invoice["id"] in paid_now):
            yield cause(Letter.INVOICE_ISSUED, invoice["id"])


def payments_received(changes: Changes) -> Iterator[dict[str, str]]:
    """Yield a cause for each payment that has succeeded: by a processor's result, or recorded as received."""
    for payment in (*changes.get("payment", ()), *changes.get("result", ())):
        if payment["status"] == PaymentStatus.SUCCEEDED:
            yield cause(Letter.RECEIPT, payment["id"])


def credit_notes_issued(changes: Changes) -> Iterator[dict[str, str]]:
    for note in changes.get("credit_note", ()):
        yield cause(Letter.CREDIT_NOTE, note["id"])


def holds_begun(changes: Changes) -> Iterator[dict[str, str]]:
    """Yield a cause for each subscription that the merchant or dunning has put on hold. What customers stop themselves causes no letter."""
    for event in changes.get("subscription_event", ()):
        if event["kind"] == SubscriptionEventKind.HELD:
            yield cause(Letter.ON_HOLD, event["subscription_id"], event["id"])


def cancellations(changes: Changes) -> Iterator[dict[str, str]]:
    """Yield a cause for each subscription that somebody has canceled: when they do, not when it then ends. An order whose payment failed and dunning's cancellations have none."""
    for event in changes.get("subscription_event", ()):
        is_scheduled = event["kind"] == SubscriptionEventKind.CHANGE_SCHEDULED and event["note"] == PendingChangeKind.CANCEL
        ends_now = event["kind"] == SubscriptionEventKind.CANCELED and event["actor"] != Actor.SYSTEM and not event["note"]
        if is_scheduled or ends_now:
            yield cause(Letter.CANCELLATION, event["id"])


def refund_paid(refund_id: str) -> dict[str, Rows]:
    """Return the changes with the cause of a refund that the merchant has paid. What a bank takes back causes none: the bank has told the customer."""
    return {"letter_cause": [cause(Letter.REFUND, refund_id)]}


def causes_of(changes: Changes) -> Rows:
    """Return the causes of letters among the changes of a decision, with those that it names itself."""
    events: tuple[Callable[[Changes], Iterator[dict[str, str]]], ...] = (invoices_issued, payments_received, credit_notes_issued, holds_begun, cancellations)
    return [*changes.get("letter_cause", ()), *(row for event in events for row in event(changes))]


def cause(letter: Letter, object_id: str, occurrence: str = "") -> dict[str, str]:
    return {"kind": letter, "object_id": object_id, "occurrence": occurrence}
