"""The plan of lines of payments and credits. None is charged; each is a record of what happened in the source."""

from typing import Any

from imports.planning.drafts import LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.planning.money import BY_BANK
from imports.planning.schedules import check_credit_used
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault

# What each kind of movement of the credit has to name.
NAMES = {"APPLIED_TO_INVOICE": None, "OVERPAYMENT": "payment", "PAYMENT": "payment", "REFUND": "refund", "CREDIT_NOTE": "creditNote"}


def plan_payment(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the payment with what it paid and what was refunded of it. Raises LineFault."""
    if record and record.target_id:
        raise LineFault(ImportReason.NOT_CHANGEABLE)
    content = line.content
    is_settled = content.get("status", "SUCCEEDED") == "SUCCEEDED"
    row = _payment_row(draft, line, is_settled=is_settled)
    if not is_settled:
        draft.rows["imported_payment"].append(row)
        failed = {"payment_id": row["id"], "created_at": row["created_at"]}
        draft.rows["payment_allocation"].extend(_allocation(draft, part, row, "alo") | failed for part in content.get("allocations", ()))
        return LineOutcome(line, LineAction.CREATE, row["id"])
    refunds = content.get("refunds", [])
    _check_sums(draft, line)
    row["refunded_minor"] = sum(refund["amount"] for refund in refunds)
    allocations = [_allocation(draft, part, row, "alo") | {"payment_id": row["id"]} for part in content.get("allocations", ())]
    refunded = [_refund_rows(draft, refund, row) for refund in refunds]
    draft.rows["imported_payment"].append(row | {"refunded_at": max((refund["created_at"] for refund, _ in refunded), default=None)})
    draft.rows["payment_allocation"].extend(allocations)
    for refund, parts in refunded:
        draft.rows["imported_refund"].append(refund)
        draft.rows["imported_refund_allocation"].extend(parts)
    return LineOutcome(line, LineAction.CREATE, row["id"])


def _payment_row(draft: PlanDraft, line: ImportLine, *, is_settled: bool) -> dict[str, Any]:
    account, content, now = draft.owner(), line.content, draft.policy.now
    method_id = draft.target("payment_methods", content.get("paymentMethod"), "paymentMethod")
    method = draft.methods.get(method_id or "", {})
    created_at = min(instant(content, "createdAt", account.time_zone) or now, now)
    if content["amount"] == 0:
        raise LineFault(ImportReason.INVALID_AMOUNT, "amount")
    return {
        "id": draft.new_id("pay"),
        "status": "SUCCEEDED" if is_settled else "FAILED",
        "currency": content["currency"],
        "amount_minor": content["amount"],
        "refunded_minor": 0,
        "payment_method_id": method_id,
        "method_kind": content.get("methodKind") or method.get("kind") or "OTHER",
        "method_brand": content.get("brand") or method.get("brand"),
        "method_last4": content.get("last4") or method.get("last4"),
        "decline_code": None if is_settled else content.get("declineCode", "unknown"),
        "processor_reference": content.get("processorReference"),
        "created_at": created_at,
        "settled_at": min(instant(content, "settledAt", account.time_zone) or created_at, now) if is_settled else None,
        "reference": content.get("reference"),
        "external_id": line.external_id,
        "metadata": content.get("metadata", {}),
        "imported_at": now,
    }


def _check_sums(draft: PlanDraft, line: ImportLine) -> None:
    """Check that the payment is the sum of its parts, and so is each refund. Raises LineFault."""
    content, sums = line.content, draft.sums
    parts = sum(part["amount"] for part in content.get("allocations", ()))
    if content["amount"] != parts + sums.payment_left[line.external_id]:
        raise LineFault(
            ImportReason.NOT_ALLOCATED,
            "allocations",
            f"Of {content['amount']}, {parts} is allocated, and {sums.payment_left[line.external_id]} is in `credits`.",
        )
    refunds = content.get("refunds", ())
    if sum(refund["amount"] for refund in refunds) > content["amount"]:
        raise LineFault(ImportReason.OVERPAID, "refunds")
    for refund in refunds:
        of_credit = sum(part["amount"] for part in refund["allocations"] if not part.keys() & {"invoice", "installment"})
        of_invoices = 0 if refund.get("reason") in BY_BANK else sum(part["amount"] for part in refund["allocations"] if "invoice" in part)
        if refund["amount"] != sum(part["amount"] for part in refund["allocations"]) or of_credit != sums.refund_left[refund["externalId"]]:
            raise LineFault(
                ImportReason.NOT_ALLOCATED, "refunds", f"The refund {refund['externalId']} is not the sum of its parts, or not what `credits` says of it."
            )
        if of_invoices != sums.refund_noted[refund["externalId"]]:
            raise LineFault(ImportReason.NOT_ALLOCATED, "refunds", f"The refund {refund['externalId']} needs credit notes over what it took from invoices.")


def _allocation(draft: PlanDraft, part: dict[str, Any], payment: dict[str, Any], prefix: str) -> dict[str, Any]:
    if part["amount"] == 0 or (prefix == "alo" and not part.keys() & {"invoice", "installment"}):
        raise LineFault(ImportReason.NOT_ALLOCATED, "allocations", "An allocation names an invoice or an installment, and an amount.")
    return {
        "id": draft.new_id(prefix),
        "invoice_id": draft.payable("invoices", part.get("invoice"), "allocations.invoice"),
        "installment_id": draft.payable("installments", part.get("installment"), "allocations.installment"),
        "currency": payment["currency"],
        "amount_minor": part["amount"],
        "created_at": payment["settled_at"],
    }


def _refund_rows(draft: PlanDraft, content: dict[str, Any], payment: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    created_at = min(instant(content, "createdAt", draft.owner().time_zone) or draft.policy.now, draft.policy.now)
    refund = {
        "id": draft.reserved("refunds", content["externalId"], "ref"),
        "payment_id": payment["id"],
        "currency": payment["currency"],
        "amount_minor": content["amount"],
        "reason": content.get("reason", "REQUESTED"),
        "reference": content.get("reference"),
        "created_at": created_at,
    }
    parts = [_allocation(draft, part, payment, "rfa") | {"refund_id": refund["id"], "created_at": created_at} for part in content["allocations"]]
    return refund, parts


def plan_credit(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the movement of the credit. Raises LineFault."""
    if record and record.target_id:
        raise LineFault(ImportReason.NOT_CHANGEABLE)
    account, content = draft.owner(), line.content
    kind = content.get("kind", "ADJUSTMENT")
    if (needed := NAMES.get(kind)) and needed not in content:
        raise LineFault(ImportReason.MISSING_FIELD, needed)
    if content["amount"] == 0:
        raise LineFault(ImportReason.INVALID_AMOUNT, "amount", "A movement of 0 is none.")
    if kind == "APPLIED_TO_INVOICE" and "invoice" not in content:
        check_credit_used(draft, content["currency"], "invoice")
    entry = {
        "id": draft.new_id("bal"),
        "currency": content["currency"],
        "amount_minor": content["amount"],
        "kind": kind,
        "description": content.get("description", "Opening balance"),
        "invoice_id": draft.payable("invoices", content.get("invoice"), "invoice"),
        "payment_id": draft.payable("payments", content.get("payment"), "payment"),
        "refund_id": draft.refund(content.get("refund"), "refund"),
        "credit_note_id": _note_of(draft, content.get("creditNote")),
        "created_at": min(instant(content, "createdAt", account.time_zone) or draft.policy.now, draft.policy.now),
    }
    draft.rows["balance_entry"].append(entry)
    return LineOutcome(line, LineAction.CREATE, entry["id"])


def _note_of(draft: PlanDraft, number: str | None) -> str | None:
    if number is None:
        return None
    if number not in draft.notes:
        raise LineFault(ImportReason.MISSING_DEPENDENCY, "creditNote")
    return draft.notes[number]
