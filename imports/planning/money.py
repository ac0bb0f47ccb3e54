"""The sums of a customer's lines about money, by which the rows of invoices, installments and payments agree: what payments and credits give to each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imports.reading.staging import ImportLine

# Refunds that the customer's bank took, for which no credit note is issued.
BY_BANK = ("DISPUTE", "RETURNED")


def _sums() -> dict[str, int]:
    return defaultdict(int)


@dataclass(slots=True)
class MoneySums:
    """Amounts in minor units, by the external id of an invoice, installment or payment, or the number of a credit note. Credit that paid installments without an invoice is by
    currency: what the installments say of it, and what lines of credits do."""

    invoice_paid: dict[str, int] = field(default_factory=_sums)
    invoice_refunded: dict[str, int] = field(default_factory=_sums)
    invoice_applied: dict[str, int] = field(default_factory=_sums)
    installment_paid: dict[str, int] = field(default_factory=_sums)
    installment_refunded: dict[str, int] = field(default_factory=_sums)
    payment_left: dict[str, int] = field(default_factory=_sums)
    refund_left: dict[str, int] = field(default_factory=_sums)
    refund_noted: dict[str, int] = field(default_factory=_sums)
    note_granted: dict[str, int] = field(default_factory=_sums)
    invoice_noted: dict[str, int] = field(default_factory=_sums)
    invoice_credit_used: dict[str, int] = field(default_factory=_sums)
    credit_used: dict[str, int] = field(default_factory=_sums)
    credit_applied: dict[str, int] = field(default_factory=_sums)
    paid_at: dict[str, str] = field(default_factory=dict)
    # The lines of invoices by their external ids.
    invoices: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def owed_minor(self, invoice: str) -> int:
        """Return what remains of an invoice, of which there is a line."""
        content = self.invoices[invoice]
        if content["status"] != "OPEN":
            return 0
        notes_minor: int = sum(note.get("released", 0) + note.get("refunded", 0) for note in content.get("creditNotes", ()))
        closed_minor: int = self.invoice_paid[invoice] + content.get("paidElsewhere", 0) + self.invoice_applied[invoice] + notes_minor
        owed_minor: int = content["total"] - closed_minor
        return max(owed_minor, 0)


def sums_of(lines: Iterable[ImportLine]) -> MoneySums:
    """Return the sums of lines that are not skipped."""
    sums = MoneySums()
    for line in lines:
        if line.kind.name == "payments":
            _add_payment(sums, line.content)
        elif line.kind.name == "credits":
            _add_credit(sums, line.content)
        elif line.kind.name == "invoices":
            sums.invoices[line.external_id] = line.content
            for note in line.content.get("creditNotes", ()):
                sums.refund_noted[note.get("refund", "")] += note.get("refunded", 0)
                sums.invoice_noted[line.external_id] += note.get("released", 0) + note.get("refunded", 0)
        elif line.kind.name == "payment_schedules":
            _add_schedule(sums, line.content)
    return sums


def _add_schedule(sums: MoneySums, content: Mapping[str, Any]) -> None:
    for part in content["installments"]:
        if "invoice" in part:
            sums.invoice_credit_used[part["invoice"]] += part.get("creditUsed", 0)
        else:
            sums.credit_used[content["currency"]] += part.get("creditUsed", 0)


def _add_payment(sums: MoneySums, content: Mapping[str, Any]) -> None:
    if content.get("status") == "FAILED":
        return
    for part in content.get("allocations", ()):
        if "invoice" in part:
            sums.invoice_paid[part["invoice"]] += part["amount"]
            settled_at = content.get("settledAt", content["createdAt"])
            sums.paid_at[part["invoice"]] = max(sums.paid_at.get(part["invoice"], ""), settled_at)
        if "installment" in part:
            sums.installment_paid[part["installment"]] += part["amount"]
    for refund in content.get("refunds", ()):
        for part in refund["allocations"]:
            _add_refunded(sums, part, is_by_bank=refund.get("reason") in BY_BANK)


def _add_refunded(sums: MoneySums, part: Mapping[str, Any], *, is_by_bank: bool) -> None:
    """Add what a refund took. What a bank took of an installment is owed again."""
    if "invoice" in part:
        sums.invoice_paid[part["invoice"]] -= part["amount"]
        sums.invoice_refunded[part["invoice"]] += part["amount"]
    if "installment" in part:
        sums.installment_paid[part["installment"]] -= part["amount"]
        sums.installment_refunded[part["installment"]] += 0 if is_by_bank else part["amount"]


def _add_credit(sums: MoneySums, content: Mapping[str, Any]) -> None:
    kind, minor = content.get("kind", "ADJUSTMENT"), content["amount"]
    if kind == "APPLIED_TO_INVOICE" and "invoice" in content:
        sums.invoice_applied[content["invoice"]] -= minor
    elif kind == "APPLIED_TO_INVOICE":
        sums.credit_applied[content["currency"]] -= minor
    elif kind in ("OVERPAYMENT", "PAYMENT") and "payment" in content:
        sums.payment_left[content["payment"]] += minor
    elif kind == "REFUND" and "refund" in content:
        sums.refund_left[content["refund"]] -= minor
    elif kind == "CREDIT_NOTE" and "creditNote" in content:
        sums.note_granted[content["creditNote"]] += minor
