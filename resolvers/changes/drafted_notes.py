"""Credit notes that staff write together with a refund: stored as JSON while the processor works, and issued with its success."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from billing.invoicing.crediting import later_split
from billing.money.notes import IssuedCreditNote, NoteLine
from billing.money.refunds import PaymentPart
from billing.rows.money.refunds import RecordedRefund, RefundedInvoice
from billing.states import InvoiceStatus
from resolvers.changes.writing import WriteContext


@dataclass(frozen=True, slots=True)
class DraftedRefund:
    """A credit note that is issued now with its refund, and what the refund takes from: the payment's part of the note's invoice."""

    note: IssuedCreditNote
    sources: list[PaymentPart]


def draft_of(note: IssuedCreditNote) -> dict[str, Any]:
    """Return a credit note as JSON."""
    return {"invoice_id": note.invoice_id, "reason": note.reason, "memo": note.memo, "lines": [_line_columns(line) for line in note.lines]}


def drafted(draft: Mapping[str, Any], refund: RecordedRefund, invoice: RefundedInvoice, sources: Sequence[PaymentPart]) -> DraftedRefund | None:
    """Return the credit note as it is issued now: what was paid since the draft is not released but becomes credit. None if it credits more than is left, or the payment
    no longer pays enough of the invoice."""
    lines = tuple(NoteLine(**line) for line in draft["lines"])
    note = IssuedCreditNote(draft["invoice_id"], draft["reason"], lines, memo=draft["memo"], refund_id=refund.id)
    of_invoice = [part for part in sources if part.invoice_id == invoice.id]
    left_tax = invoice.tax_minor - invoice.noted_tax_minor
    left_net = invoice.total_minor - invoice.noted_minor - left_tax
    has_room = note.tax_minor <= left_tax and note.net_minor <= left_net and invoice.status != InvoiceStatus.VOID
    if not has_room or sum(part.amount_minor for part in of_invoice) < refund.amount_minor:
        return None
    # What is in payment is not released. It becomes credit, which is the same amount in the customer's favour.
    open_minor = 0 if invoice.status == InvoiceStatus.PROCESSING else invoice.remaining_minor
    parts = later_split(note.total_minor, refund.amount_minor, open_minor)
    note = IssuedCreditNote(note.invoice_id, note.reason, lines, parts.released_minor, parts.granted_minor, parts.refunded_minor, refund.id, note.memo)
    return DraftedRefund(note, of_invoice)


def released_row(note: IssuedCreditNote, *, by: WriteContext) -> dict[str, Any]:
    """Return the change of the invoice of which a credit note releases a part."""
    return {"id": note.invoice_id, "credited_minor": note.released_minor, "paid_at": by.now}


def _line_columns(line: NoteLine) -> dict[str, Any]:
    return {name: value for name, value in asdict(line).items() if name not in ("period", "wording")}
