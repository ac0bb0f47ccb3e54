"""A decision as the rows that the blocks `saving.…` write. Ids are made here; amounts come from the decision."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from billing.ids import type_id
from billing.lifecycle.facts import Decision, InvoiceDraft, LifecycleEvent, Redemption, SubscriptionFacts
from billing.lifecycle.pending import with_price_move
from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.trials import is_canceled_order, taken
from billing.money.allocation import AllocationPart
from billing.money.dunning import RetryPolicy, Step
from billing.money.issuer import InvoiceIssuer
from billing.money.notes import IssuedCreditNote
from billing.money.numbers import Numbering
from billing.rows.contracts import Contract
from billing.schedules.documents import DAYS_AHEAD
from billing.states import Actor, Collection
from resolvers.audit import acting, fresh_id
from resolvers.changes.credit_notes import issuer_columns, note_rows, wording_columns
from resolvers.changes.saving import Changes
from resolvers.context import Context, Letterhead, payments_of

CONTRACT_COLUMNS = tuple(column.name for column in fields(Contract) if column.name != "has_overdue")


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The actor, the program and the instant of a write, the maker of ids, the numbering of invoices, the retry policy of unpaid invoices, when a service begins that is
    paid by a debit, the merchant as documents print it, and how many days before an installment is due its invoice is issued.

    Without a letterhead no letters are written; without an issuer documents store none.
    """

    actor: str
    now: datetime
    new_id: Callable[[str], str]
    numbering: Numbering
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    letterhead: Letterhead | None = None
    service_begins: ServiceBegins = ServiceBegins.MONEY
    issuer: InvoiceIssuer | None = None
    client: str = ""
    invoice_days: int = DAYS_AHEAD


def writer(context: Context) -> WriteContext:
    payments = payments_of(context)

    def mint(prefix: str) -> str:
        return fresh_id(prefix, context)

    return WriteContext(
        context.viewer.kind,
        context.now,
        mint,
        payments.numbering,
        payments.policy,
        payments.letterhead,
        payments.service_begins,
        payments.issuer,
        context.viewer.client,
        payments.invoice_days,
    )


def system_writer(now: datetime, numbering: Numbering, policy: RetryPolicy | None = None, letterhead: Letterhead | None = None) -> WriteContext:
    """Return the write context of the system, for the billing clock and for events of processors."""

    def mint(prefix: str) -> str:
        return new_system_id(prefix, now)

    return WriteContext(Actor.SYSTEM, now, mint, numbering, policy or RetryPolicy(), letterhead)


def new_system_id(prefix: str, now: datetime) -> str:
    """Return a new id for a row that the system writes."""
    return type_id(prefix, int(now.timestamp() * 1000), entropy=secrets.randbits(74))


def rows_of(facts: SubscriptionFacts, decision: Decision, by: WriteContext, *, payment_id: str | None = None) -> Changes:
    """Return the rows of a decision. `payment_id` pays the bill; without it the bill stays open, and is collected by the billing clock."""
    after = replace(with_price_move(facts, decision.contract), version=facts.contract.version + 1)
    changes: Changes = defaultdict(list)
    changes["subscription"] = [row_of(after)]
    changes["subscription_event"] = [event_row(after, event, happened_at=min(decision.effective_at or by.now, by.now), by=by) for event in decision.events]
    _plans(changes, facts.contract, after, by=by)
    _redemptions(changes, facts, decision.redemptions, by=by)
    for note in decision.notes:
        _release(changes, facts, note, by=by)
    if facts.contract.charging_payment_id is not None and after.charging_payment_id is None:
        changes["released_charge"].append({"payment_id": facts.contract.charging_payment_id})
    if decision.bill is not None:
        _issue(changes, facts, decision.bill, by=by, payment_id=payment_id)
    return changes


def row_of(contract: Contract) -> dict[str, Any]:
    """Return the columns of a subscription. `asdict` would copy every value deeply, which takes longer than the decision."""
    return {name: getattr(contract, name) for name in CONTRACT_COLUMNS}


def event_row(contract: Contract, event: LifecycleEvent, *, happened_at: datetime, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": contract.customer_id,
        "id": by.new_id("evt"),
        "subscription_id": contract.id,
        "kind": event.kind,
        "actor": by.actor,
        "client": by.client,
        "note": event.note,
        "happened_at": happened_at,
    }


def allocation_row(customer_id: str, payment_id: str, part: AllocationPart, currency: str, *, by: WriteContext) -> dict[str, Any]:
    """Return the row that allocates a part of a payment to an invoice or an installment."""
    return {
        "customer_id": customer_id,
        "id": by.new_id("alo"),
        "payment_id": payment_id,
        "invoice_id": part.invoice_id,
        "installment_id": part.installment_id,
        "currency": currency,
        "amount_minor": part.amount_minor,
        "created_at": by.now,
    }


def collection_row(invoice_id: str, step: Step) -> dict[str, Any]:
    """Return the columns by which an invoice is collected from now on."""
    failures = step.failures
    return {
        "id": invoice_id,
        "collection": step.state,
        "collect_at": step.next_at,
        "retry_count": failures.count if failures else 0,
        "retry_began_on": failures.first_on if failures else None,
        "retry_last_on": failures.last_on if failures else None,
        "retry_method_id": step.tried_method_id,
        "failures": int(step.is_failure),
        "ends_promise": step.ends_promise,
    }


def unnumbered(invoice_id: str, *, by: WriteContext) -> dict[str, Any]:
    """Return the columns of an invoice that is issued now. Its number is its id until the transaction ends; `place` determines the number it gets then."""
    return {"number": invoice_id, "issued_at": by.now, "place": asdict(by.numbering.place(by.now)), "issuer": issuer_columns(by.issuer)}


def audited(context: Context, event: str, *, customer_id: str | None, detail: str = "", outcome: str = "OK") -> Changes:
    return {
        "audit_event": [
            {
                "id": fresh_id("aud", context),
                "customer_id": customer_id,
                **acting(context),
                "event": event,
                "outcome": outcome,
                "detail": detail,
                "happened_at": context.now,
            }
        ]
    }


def _plans(changes: Changes, before: Contract, after: Contract, *, by: WriteContext) -> None:
    """Add the plans that the customer has had, for the trials of later orders."""
    if is_canceled_order(before, after):
        changes["untaken_plan"].append({"subscription_id": after.id})
    changes["taken_plan"] += [asdict(plan) for plan in taken(before, after, now=by.now)]


def _redemptions(changes: Changes, facts: SubscriptionFacts, redemptions: tuple[Redemption, ...], *, by: WriteContext) -> None:
    owner = facts.contract.customer_id
    for redemption in redemptions:
        row = {"customer_id": owner, "id": redemption.id, "periods_left": redemption.periods_left, "used_until": redemption.used_until}
        if redemption.is_withdrawn:
            changes["withdrawn_redemption"].append(row)
            changes["returned_coupon"].append({"id": redemption.coupon_id})
        elif redemption.id is None:
            row |= {"id": by.new_id("red"), "coupon_id": redemption.coupon_id, "subscription_id": facts.contract.id, "redeemed_at": by.now}
            changes["coupon_redemption"].append(row)
            changes["taken_coupon"].append({"id": redemption.coupon_id})
        else:
            changes["changed_redemption"].append(row | {"ended_at": by.now if redemption.is_ended else None})


def _release(changes: Changes, facts: SubscriptionFacts, note: IssuedCreditNote, *, by: WriteContext) -> None:
    """Add a credit note, and the amount that it takes off its invoice."""
    for kind, rows in note_rows(note, facts.contract.customer_id, facts.contract.currency, by=by).items():
        changes[kind] += rows
    if note.released_minor:
        changes["released"].append({"id": note.invoice_id, "credited_minor": note.released_minor, "paid_at": by.now})


def _entry(facts: SubscriptionFacts, amount_minor: int, kind: str, description: str, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": facts.contract.customer_id,
        "id": by.new_id("bal"),
        "currency": facts.contract.currency,
        "amount_minor": amount_minor,
        "kind": kind,
        "description": description,
        "created_at": by.now,
    }


def _issue(changes: Changes, facts: SubscriptionFacts, bill: InvoiceDraft, *, by: WriteContext, payment_id: str | None) -> None:
    invoice = _invoice(facts, bill, by=by, is_paid=payment_id is not None or not bill.remaining_minor)
    changes["invoice"].append(invoice)
    changes["invoice_line"] += [_line(invoice, bill, position, by=by) for position in range(1, len(bill.lines) + 1)]
    if bill.credited_minor:
        entry = _entry(facts, -bill.credited_minor, "APPLIED_TO_INVOICE", "Used for an invoice", by=by)
        changes["balance_entry"].append(entry | {"invoice_id": invoice["id"]})
    if payment_id is not None:
        part = AllocationPart(invoice["id"], None, bill.remaining_minor)
        changes["payment_allocation"].append(allocation_row(facts.contract.customer_id, payment_id, part, facts.contract.currency, by=by))


def _invoice(facts: SubscriptionFacts, bill: InvoiceDraft, *, by: WriteContext, is_paid: bool) -> dict[str, Any]:
    amounts = [line.amounts for line in bill.lines]
    invoice_id = by.new_id("inv")
    return {
        "customer_id": facts.contract.customer_id,
        "id": invoice_id,
        **unnumbered(invoice_id, by=by),
        "reason": bill.reason,
        "status": "PAID" if is_paid else "OPEN",
        "currency": facts.contract.currency,
        "subscription_id": facts.contract.id,
        "due_on": bill.due_on,
        "period_starts_at": bill.period.starts_at,
        "period_ends_at": bill.period.ends_at,
        "subtotal_minor": sum(amount.subtotal_minor for amount in amounts),
        "discount_minor": sum(amount.discount_minor for amount in amounts),
        "tax_minor": sum(amount.tax_minor for amount in amounts),
        "total_minor": bill.total_minor,
        "paid_minor": bill.remaining_minor if is_paid else 0,
        "credited_minor": bill.credited_minor,
        "paid_at": by.now if is_paid else None,
        "collection": Collection.NONE if is_paid else Collection.DUE,
        "collect_at": None if is_paid else by.now,
        "created_at": by.now,
    }


def _line(invoice: dict[str, Any], bill: InvoiceDraft, position: int, *, by: WriteContext) -> dict[str, Any]:
    line = bill.lines[position - 1]
    return {
        "customer_id": invoice["customer_id"],
        "id": by.new_id("line"),
        "invoice_id": invoice["id"],
        "currency": invoice["currency"],
        "position": position,
        "description": line.description,
        **wording_columns(line.wording),
        "tax_rate_ppm": line.tax_rate_ppm,
        "quantity": line.quantity,
        "unit_minor": line.unit_minor,
        **asdict(line.amounts),
        "total_minor": line.amounts.total_minor,
        "period_starts_at": line.period.starts_at,
        "period_ends_at": line.period.ends_at,
    }
