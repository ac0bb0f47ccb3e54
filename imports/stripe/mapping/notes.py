"""Credit notes. Portico has one for all that went back of an invoice; a refund without one at Stripe gets a note with the refund's id as its number."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from billing.money.money import share
from billing.states import CreditNoteReason
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.values import Line, Thing, instant, line, minor, reference

REASONS = {
    "duplicate": CreditNoteReason.DUPLICATE,
    "fraudulent": CreditNoteReason.REFUND,
    "order_change": CreditNoteReason.ORDER_CHANGE,
    "product_unsatisfactory": CreditNoteReason.GOODWILL,
}
MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Paid:
    """What Stripe took for the invoices of a customer, by invoice and in Stripe's units, and the refunds of it, each with its part of the invoice."""

    taken: Mapping[str, int]
    refunds: Mapping[str, list[tuple[Thing, int]]]

    def returned_of(self, invoice: str) -> int:
        return sum(amount for _, amount in self.refunds.get(invoice, ()))


def notes_of(invoice: Thing, notes: Iterable[Thing], paid: Paid, skipped: Skipped) -> list[Line]:
    """Return the credit notes of an invoice: those of Stripe, then one for each refund that has none."""
    left = {refund["id"]: amount for refund, amount in paid.refunds.get(invoice["id"], ())}
    lines: list[Line] = []
    for note in sorted(notes, key=lambda one: (one["created"], one["id"])):
        if reference(note["invoice"]) != invoice["id"]:
            continue
        refund, amount = _refund_of(note)
        if reason := note_without_counterpart(note):
            skipped.skip(note, reason)
        elif amount > left.get(refund or "", 0):
            skipped.skip(note, SkipReason.CREDIT_NOTE_WITHOUT_REFUND, refund or "")
        else:
            left[refund or ""] = left.get(refund or "", 0) - amount
            lines.append(_note(note))
    return [*lines, *_of_refunds(invoice, lines, left, paid, skipped)]


def note_without_counterpart(note: Thing) -> SkipReason | None:
    if note["status"] == "void":
        return SkipReason.CREDIT_NOTE_VOID
    if note.get("out_of_band_amount"):
        return SkipReason.CREDIT_NOTE_PAID_OUT_ELSEWHERE
    return SkipReason.CREDIT_NOTE_WITH_SEVERAL_REFUNDS if len(note.get("refunds") or []) > 1 else None


def granted(note: Thing) -> int:
    """Return how much of a note became credit, in Stripe's units."""
    return int(note["total"] - note["pre_payment_amount"] - _refund_of(note)[1]) if reference(note.get("customer_balance_transaction")) else 0


def _refund_of(note: Thing) -> tuple[str | None, int]:
    refunds = note.get("refunds") or []
    return (reference(refunds[0]["refund"]), int(sum(one["amount_refunded"] for one in refunds))) if refunds else (None, 0)


def _note(note: Thing) -> Line:
    currency = note["currency"]
    refund, refunded = _refund_of(note)
    tax = minor(sum(one["amount"] for one in note.get("total_taxes") or []), currency)
    return line(
        number=note["number"],
        issuedAt=instant(note.get("effective_at") or note["created"]),
        reason=REASONS.get(note.get("reason") or ""),
        released=minor(note["pre_payment_amount"], currency) or None,
        granted=minor(granted(note), currency) or None,
        refunded=minor(refunded, currency) or None,
        refund=refund,
        memo=(note.get("memo") or "")[:MAX_TEXT] or None,
        lines=[line(description=_described(note), tax=tax or None) | {"subtotal": minor(note["total"], currency) - tax}],
    )


def _described(note: Thing) -> str:
    """Return what the lines of a note say. Their amounts are with or without discounts and tax, by their kind, so that only the total is exact."""
    texts = [one["description"] for one in note["lines"]["data"] if one.get("description")]
    return "; ".join(dict.fromkeys(texts))[:MAX_TEXT] or "Credit"


def _of_refunds(invoice: Thing, notes: list[Line], left: Mapping[str, int], paid: Paid, skipped: Skipped) -> Iterator[Line]:
    """Return a note for what is left of each refund. Of the tax that no note has, each has its share, so that all together never have more."""
    currency = invoice["currency"]
    noted = [one for note in notes for one in note["lines"]]
    tax = minor(sum(one["amount"] for one in invoice.get("total_taxes") or []), currency) - sum(one.get("tax", 0) for one in noted)
    total = minor(invoice["total"], currency) - sum(one["subtotal"] + one.get("tax", 0) for one in noted)
    before = 0
    for refund, _ in paid.refunds.get(invoice["id"], ()):
        amount = minor(left.get(refund["id"], 0), currency)
        if not amount:
            continue
        part = share(max(tax, 0), before + amount, max(total, 1)) - share(max(tax, 0), before, max(total, 1))
        before += amount
        skipped.adapt(refund, SkipReason.REFUND_WITHOUT_CREDIT_NOTE, str(invoice["number"]))
        yield line(
            number=f"{invoice['number']}-{refund['id']}",
            issuedAt=instant(refund["created"]),
            reason=CreditNoteReason.REFUND,
            refunded=amount,
            refund=refund["id"],
            lines=[line(description="Refund", tax=part or None) | {"subtotal": amount - part}],
        )
