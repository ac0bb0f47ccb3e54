"""Credit notes as rows."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from billing.money.issuer import InvoiceIssuer
from billing.money.notes import IssuedCreditNote, NoteLine
from billing.money.wording import Wording

if TYPE_CHECKING:  # `writing` makes credit notes of a decision
    from resolvers.changes.writing import WriteContext


def unnumbered_note(note_id: str, *, by: "WriteContext") -> dict[str, Any]:
    """Return the columns of a credit note that is issued now, like `unnumbered` those of an invoice."""
    return {"number": note_id, "issued_at": by.now, "place": asdict(by.numbering.credit_note_place(by.now)), "issuer": issuer_columns(by.issuer)}


def issuer_columns(issuer: InvoiceIssuer | None) -> dict[str, Any] | None:
    """Return the columns of the merchant that a document prints."""
    return issuer.columns() if issuer else None


def wording_columns(wording: Wording | None) -> dict[str, Any]:
    return {"wording": wording.kind, "wording_of": wording.subject} if wording else {}


def note_rows(note: IssuedCreditNote, customer_id: str, currency: str, *, by: "WriteContext") -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a credit note, its lines, and the balance entry of the credit it grants."""
    note_id = by.new_id("cn")
    owner = {"customer_id": customer_id, "currency": currency}
    row = owner | {
        "id": note_id,
        **unnumbered_note(note_id, by=by),
        "reason": note.reason,
        "invoice_id": note.invoice_id,
        "refund_id": note.refund_id,
        "subtotal_minor": note.net_minor,
        "tax_minor": note.tax_minor,
        "total_minor": note.total_minor,
        "released_minor": note.released_minor,
        "granted_minor": note.granted_minor,
        "refunded_minor": note.refunded_minor,
        "created_at": by.now,
    }
    lines = [
        owner | {"id": by.new_id("line"), "credit_note_id": note_id, "position": position} | _note_line(line) for position, line in enumerate(note.lines, 1)
    ]
    changes = {"credit_note": [row], "credit_note_line": lines}
    if note.granted_minor:
        entry = {"id": by.new_id("bal"), "amount_minor": note.granted_minor, "kind": "CREDIT_NOTE", "description": note.lines[0].description}
        changes["balance_entry"] = [owner | entry | {"invoice_id": note.invoice_id, "credit_note_id": note_id, "created_at": by.now}]
    return changes


def _note_line(line: NoteLine) -> dict[str, Any]:
    return {
        "description": line.description,
        **wording_columns(line.wording),
        "subtotal_minor": line.net_minor,
        "tax_minor": line.tax_minor,
        "total_minor": line.total_minor,
        "period_starts_at": line.period.starts_at if line.period else None,
        "period_ends_at": line.period.ends_at if line.period else None,
    }
