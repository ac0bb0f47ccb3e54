"""The installments of an invoice together ask for no more than the invoice does, in its currency: else what is paid of one would never agree with the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imports.planning.drafts import CoveredInvoice, PlanDraft
from imports.reasons import ImportReason, LineFault


@dataclass(frozen=True, slots=True)
class CoveringInstallment:
    """An installment by its external invoice, in minor units: its amount without what was canceled of it, and what it still asks for."""

    invoice: str
    field: str
    amount_minor: int
    unpaid_minor: int


def check_covering(draft: PlanDraft, content: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> None:
    """Check the installments of a schedule, after those of schedules before it. Raises LineFault for the first that asks for too much."""
    covered: dict[str, CoveredInvoice] = {}
    for planned in _planned(content, parts):
        invoice = covered.get(planned.invoice) or _invoice(draft, planned.invoice)
        if invoice.currency != content["currency"]:
            raise LineFault(ImportReason.CURRENCY_MISMATCH, planned.field, f"The invoice {planned.invoice} is in {invoice.currency}.")
        covered[planned.invoice] = after = invoice.with_installment(planned.amount_minor, planned.unpaid_minor)
        if after.amount_minor > invoice.total_minor:
            detail = f"Its installments come to {after.amount_minor}, and the invoice {planned.invoice} to {invoice.total_minor}, in minor units."
            raise LineFault(ImportReason.MORE_THAN_INVOICE, planned.field, detail)
        if after.unpaid_minor > invoice.owed_minor:
            detail = f"Of its installments {after.unpaid_minor} is unpaid, and of the invoice {planned.invoice} {invoice.owed_minor}, in minor units."
            raise LineFault(ImportReason.MORE_THAN_INVOICE, planned.field, detail)
    draft.covered.update(covered)


def _planned(content: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> list[CoveringInstallment]:
    planned = []
    for place, (line, part) in enumerate(zip(content["installments"], parts, strict=True)):
        if (invoice := line.get("invoice")) is not None:
            closed_minor = part["paid_minor"] + part["refunded_minor"]
            amount_minor = closed_minor if part["status"] == "CANCELED" else part["amount_minor"]
            planned.append(CoveringInstallment(invoice, f"installments[{place}].invoice", amount_minor, amount_minor - closed_minor))
    return planned


def _invoice(draft: PlanDraft, name: str) -> CoveredInvoice:
    """Return an invoice with the installments that cover it before these: of a line that is planned later, or as the database has it."""
    if (before := draft.covered.get(name)) is not None:
        return before
    if (line := draft.sums.invoices.get(name)) is not None:
        return CoveredInvoice(line["currency"], line["total"], draft.sums.owed_minor(name))
    return draft.state.invoices[name]
