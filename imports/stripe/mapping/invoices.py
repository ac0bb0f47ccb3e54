"""Invoices that were issued, with their credit notes."""

from collections.abc import Iterable, Iterator

from imports.stripe.mapping.account import Bundle, SharedFacts
from imports.stripe.mapping.invoice_lines import lines_of
from imports.stripe.mapping.notes import Paid, notes_of
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.values import Line, Thing, day, instant, line, metadata, minor, reference, subscription_of

REASONS = {"subscription_create": "FIRST", "subscription_cycle": "RENEWAL", "subscription_update": "PLAN_CHANGE"}
MAX_MEMO = 1_000


def invoice_lines(bundle: Bundle, shared: SharedFacts, paid: Paid, subscriptions: Iterable[str], skipped: Skipped) -> Iterator[Line]:
    taken_subscriptions = frozenset(subscriptions)
    for invoice in bundle.invoices:
        if reason := without_counterpart(invoice):
            skipped.skip(invoice, reason)
            continue
        lines = lines_of(invoice, shared.tax_rates)
        if lines is None:
            skipped.adapt(invoice, SkipReason.AMOUNTS_DO_NOT_ADD_UP, "its lines are left out")
        notes = notes_of(invoice, bundle.credit_notes, paid, skipped)
        subscription = subscription_of(invoice)
        yield (
            _line(invoice, lines, subscription if subscription in taken_subscriptions else None)
            | _payment(invoice, paid, notes)
            | line(creditNotes=notes, document=f"documents/{invoice['id']}.pdf" if invoice["id"] in shared.documents else None)
        )


def without_counterpart(invoice: Thing) -> SkipReason | None:
    if invoice["status"] in (None, "draft"):
        return SkipReason.DRAFT_INVOICE
    if not invoice.get("number"):
        return SkipReason.INVOICE_WITHOUT_NUMBER
    return SkipReason.NEGATIVE_INVOICE if invoice["total"] < 0 else None


def _line(invoice: Thing, lines: list[Line] | None, subscription: str | None) -> Line:
    currency, transitions = invoice["currency"], invoice["status_transitions"]
    issued_at = transitions.get("finalized_at") or invoice.get("effective_at") or invoice["created"]
    reason = REASONS.get(invoice.get("billing_reason") or "") if subscription else None
    period = _period(invoice) if subscription else None
    return line(
        externalId=invoice["id"],
        customer=reference(invoice["customer"]),
        number=invoice["number"],
        currency=currency.upper(),
        issuedAt=instant(issued_at),
        dueOn=day(invoice.get("due_date") or issued_at),
        reason=reason or "MANUAL",
        subscription=subscription,
        periodStartsAt=instant(period[0]) if period else None,
        periodEndsAt=instant(period[1]) if period else None,
        tax=None if lines else minor(sum(tax["amount"] for tax in invoice.get("total_taxes") or []), currency) or None,
        lines=lines,
        memo=(invoice.get("description") or "")[:MAX_MEMO] or None,
        metadata=metadata(invoice),
        createdAt=instant(invoice["created"]),
    ) | {"total": minor(invoice["total"], currency)}


def _payment(invoice: Thing, paid: Paid, notes: list[Line]) -> Line:
    """Return the status, and what of an open invoice was paid by something else than charges, such as the customer's balance."""
    transitions, taken, back = invoice["status_transitions"], paid.taken.get(invoice["id"], 0), paid.returned_of(invoice["id"])
    if invoice["status"] == "void":
        return {"status": "VOID"}
    if invoice["status"] == "paid":
        is_returned = taken > 0 and back >= taken >= invoice["total"]
        return {"status": "REFUNDED" if is_returned else "PAID"} | line(paidAt=instant(transitions["paid_at"]) if transitions.get("paid_at") else None)
    released = sum(note.get("released", 0) for note in notes)
    elsewhere = minor(invoice["total"] - invoice["amount_remaining"] - taken, invoice["currency"]) - released
    is_charged = invoice["collection_method"] == "charge_automatically" and invoice.get("next_payment_attempt")
    written_off = transitions.get("marked_uncollectible_at") if invoice["status"] == "uncollectible" else None
    return {"status": "OPEN"} | line(
        paidElsewhere=elsewhere if elsewhere > 0 else None,
        writtenOffAt=instant(written_off) if written_off else None,
        collection="AUTOMATIC" if is_charged and not written_off else None,
        collectAt=instant(invoice["next_payment_attempt"]) if is_charged and not written_off else None,
    )


def _period(invoice: Thing) -> tuple[int, int] | None:
    """Return the period that an invoice pays for: that of its last line of a subscription. The period of the invoice itself is the one before."""
    periods = [
        (one["period"]["start"], one["period"]["end"])
        for one in invoice["lines"]["data"]
        if (one.get("parent") or {}).get("type") == "subscription_item_details" and one["period"]["end"] > one["period"]["start"]
    ]
    return max(periods, default=None)
