"""The plan of a line of a payment schedule with its installments."""

from typing import Any

from imports.planning.covering import check_covering
from imports.planning.drafts import LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault


def plan_schedule(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the schedule. One that was imported before is not changed. Raises LineFault."""
    if record and record.target_id:
        raise LineFault(ImportReason.NOT_CHANGEABLE)
    account, content, now = draft.owner(), line.content, draft.policy.now
    schedule_id = draft.new_id("sch")
    subscription_id = draft.target("subscriptions", content.get("subscription"), "subscription")
    parts = [_installment(draft, schedule_id, part, place, content["currency"]) for place, part in enumerate(content["installments"], 1)]
    _check_credit(draft, content)
    check_covering(draft, content, parts)
    unpaid = [part for part in parts if part["amount_minor"] > part["paid_minor"] + part["refunded_minor"]]
    is_canceled = bool(unpaid) and all(part["status"] == "CANCELED" for part in unpaid)
    is_invoiced = content.get("invoicing") == "PER_INSTALLMENT" and any(part["invoice_id"] is None for part in unpaid)
    schedule = {
        "id": schedule_id,
        "name": content["name"],
        "currency": content["currency"],
        "subscription_id": subscription_id,
        "invoicing": content.get("invoicing", "NONE"),
        "collection": content.get("collection", "MANUAL"),
        "status": "CANCELED" if is_canceled else "ACTIVE",
        "total_minor": sum(part["amount_minor"] for part in parts),
        "paid_minor": sum(part["paid_minor"] for part in parts),
        "refunded_minor": sum(part["refunded_minor"] for part in parts),
        "canceled_minor": sum(_open_minor(part) for part in parts if part["status"] == "CANCELED"),
        "created_at": min(instant(content, "createdAt", account.time_zone) or now, now),
        "is_import_held": is_invoiced,
        "external_id": line.external_id,
        "metadata": content.get("metadata", {}),
    }
    draft.rows["imported_schedule"].append(schedule)
    draft.rows["imported_installment"].extend(parts)
    for part in parts:
        draft.targets["installments", part["external_id"]] = part["id"]
    return LineOutcome(line, LineAction.CREATE, schedule_id, on_release={"invoicing": "PER_INSTALLMENT"} if is_invoiced else None)


def _installment(draft: PlanDraft, schedule_id: str, content: dict[str, Any], position: int, currency: str) -> dict[str, Any]:
    name = content["externalId"]
    if ("installments", name) in draft.state.used:
        raise LineFault(ImportReason.EXTERNAL_ID_TAKEN, f"installments[{position - 1}].externalId")
    part = {
        "id": draft.new_id("ins"),
        "schedule_id": schedule_id,
        "invoice_id": draft.coming("invoices", content.get("invoice"), f"installments[{position - 1}].invoice", "inv"),
        "currency": currency,
        "position": position,
        "name": content["name"],
        "due_on": content["dueOn"],
        "amount_minor": content["amount"],
        "paid_minor": draft.sums.installment_paid[name] + content.get("creditUsed", 0),
        "refunded_minor": draft.sums.installment_refunded[name],
        "status": "CANCELED" if content.get("isCanceled") else "DUE",
        "external_id": name,
        "metadata": content.get("metadata", {}),
    }
    if part["amount_minor"] == 0:
        raise LineFault(ImportReason.INVALID_AMOUNT, f"installments[{position - 1}].amount")
    if part["paid_minor"] < 0 or _open_minor(part) < 0:
        raise LineFault(ImportReason.OVERPAID, f"installments[{position - 1}]")
    return part


def _open_minor(part: dict[str, Any]) -> int:
    minor: int = part["amount_minor"] - part["paid_minor"] - part["refunded_minor"]
    return minor


def _check_credit(draft: PlanDraft, content: dict[str, Any]) -> None:
    """Check that lines of `credits` say the same as the installments about the credit that paid them. Raises LineFault."""
    sums, currency = draft.sums, content["currency"]
    for place, part in enumerate(content["installments"]):
        name, invoice = f"installments[{place}].creditUsed", part.get("invoice")
        if part.get("creditUsed") and invoice is None:
            check_credit_used(draft, currency, name)
        if part.get("creditUsed") and sums.invoice_credit_used[invoice] > sums.invoice_applied[invoice] + sums.invoice_noted[invoice]:
            raise LineFault(ImportReason.NOT_ALLOCATED, name, f"Lines of `credits` apply less to the invoice {invoice}.")


def check_credit_used(draft: PlanDraft, currency: str, name: str) -> None:
    """Check that installments without an invoice and credits without one come to the same. Raises LineFault."""
    used_minor, applied_minor = draft.sums.credit_used[currency], draft.sums.credit_applied[currency]
    if used_minor != applied_minor:
        raise LineFault(
            ImportReason.NOT_ALLOCATED,
            name,
            f"Installments without an invoice used {used_minor} of the credit, and `credits` apply {applied_minor} to no invoice.",
        )
