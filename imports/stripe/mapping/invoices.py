"""Invoices that were issued, with their credit notes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from billing.states import CreditNoteReason
from imports.stripe.mapping.account import Bundle, Shared
from imports.stripe.mapping.invoice_lines import lines_of
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.values import Line, Thing, day, instant, line, metadata, minor, reference

REASONS = {"subscription_create": "FIRST", "subscription_cycle": "RENEWAL", "subscription_update": "PLAN_CHANGE"}
NOTE_REASONS = {
    "duplicate": CreditNoteReason.DUPLICATE,
    "fraudulent": CreditNoteReason.REFUND,
    "order_change": CreditNoteReason.ORDER_CHANGE,
    "product_unsatisfactory": CreditNoteReason.GOODWILL,
}
MAX_MEMO = 1_000


@dataclass(frozen=True, slots=True)
class Paid:
    """What Stripe took for the invoices of a customer: by invoice, in Stripe's units, and what of it went back."""

    taken: Mapping[str, int]
    returned: Mapping[str, int]


def invoice_lines(bundle: Bundle, shared: Shared, paid: Paid, subscriptions: Iterable[str], skipped: Skipped) -> Iterator[Line]:
    taken_subscriptions = frozenset(subscriptions)
    for invoice in bundle.invoices:
        if reason := without_counterpart(invoice):
            skipped.skip(invoice, reason)
            continue
        lines = lines_of(invoice, shared.tax_rates)
        if lines is None:
            skipped.adapt(invoice, SkipReason.AMOUNTS_DO_NOT_ADD_UP, "its lines are left out")
        notes = list(_notes(invoice, bundle, skipped))
        yield (
            _line(invoice, lines, _subscription_of(invoice, taken_subscriptions))
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
    transitions, taken, back = invoice["status_transitions"], paid.taken.get(invoice["id"], 0), paid.returned.get(invoice["id"], 0)
    if invoice["status"] == "void":
        return {"status": "VOID"}
    if invoice["status"] == "paid":
        is_returned = taken > 0 and back >= taken >= invoice["total"] and not notes
        return {"status": "REFUNDED" if is_returned else "PAID"} | line(paidAt=instant(transitions["paid_at"]) if transitions.get("paid_at") else None)
    released = sum(note.get("released", 0) for note in notes)
    elsewhere = minor(invoice["total"] - invoice["amount_remaining"] - taken + back, invoice["currency"]) - released
    is_charged = invoice["collection_method"] == "charge_automatically" and invoice.get("next_payment_attempt")
    written_off = transitions.get("marked_uncollectible_at") if invoice["status"] == "uncollectible" else None
    return {"status": "OPEN"} | line(
        paidElsewhere=elsewhere if elsewhere > 0 else None,
        writtenOffAt=instant(written_off) if written_off else None,
        collection="AUTOMATIC" if is_charged and not written_off else None,
        collectAt=instant(invoice["next_payment_attempt"]) if is_charged and not written_off else None,
    )


def _subscription_of(invoice: Thing, taken: frozenset[str]) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = reference(details.get("subscription"))
    return subscription if subscription in taken else None


def _period(invoice: Thing) -> tuple[int, int] | None:
    """Return the period that an invoice pays for: that of its last line of a subscription. The period of the invoice itself is the one before."""
    periods = [
        (one["period"]["start"], one["period"]["end"])
        for one in invoice["lines"]["data"]
        if (one.get("parent") or {}).get("type") == "subscription_item_details" and one["period"]["end"] > one["period"]["start"]
    ]
    return max(periods, default=None)


def _notes(invoice: Thing, bundle: Bundle, skipped: Skipped) -> Iterator[Line]:
    for note in bundle.credit_notes:
        if reference(note["invoice"]) != invoice["id"]:
            continue
        if reason := note_without_counterpart(note):
            skipped.skip(note, reason)
        else:
            yield _note(note)


def note_without_counterpart(note: Thing) -> SkipReason | None:
    if note["status"] == "void":
        return SkipReason.CREDIT_NOTE_VOID
    if note.get("out_of_band_amount"):
        return SkipReason.CREDIT_NOTE_PAID_OUT_ELSEWHERE
    return SkipReason.CREDIT_NOTE_WITH_SEVERAL_REFUNDS if len(note.get("refunds") or []) > 1 else None


def refunded(note: Thing) -> int:
    return int(sum(one["amount_refunded"] for one in note.get("refunds") or []))


def granted(note: Thing) -> int:
    """Return how much of a note became credit, in Stripe's units."""
    return int(note["total"] - note["pre_payment_amount"] - refunded(note)) if reference(note.get("customer_balance_transaction")) else 0


def _note(note: Thing) -> Line:
    currency = note["currency"]
    refunds = note.get("refunds") or []
    tax = minor(sum(one["amount"] for one in note.get("total_taxes") or []), currency)
    total = minor(note["total"], currency)
    return line(
        number=note["number"],
        issuedAt=instant(note.get("effective_at") or note["created"]),
        reason=NOTE_REASONS.get(note.get("reason") or ""),
        released=minor(note["pre_payment_amount"], currency) or None,
        granted=minor(granted(note), currency) or None,
        refunded=minor(refunded(note), currency) or None,
        refund=reference(refunds[0]["refund"]) if refunds else None,
        memo=(note.get("memo") or "")[:MAX_MEMO] or None,
        lines=[line(description=_described(note), tax=tax or None) | {"subtotal": total - tax}],
    )


def _described(note: Thing) -> str:
    """Return what the lines of a note say. Their amounts are with or without discounts and tax, by their kind, so that only the total is exact."""
    texts = [one["description"] for one in note["lines"]["data"] if one.get("description")]
    return "; ".join(dict.fromkeys(texts))[:MAX_MEMO] or "Credit"
