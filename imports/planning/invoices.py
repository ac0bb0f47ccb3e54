"""The plan of a line of an invoice: it keeps its number, and its amounts are those of its lines and of what payments and credits gave it."""

from datetime import datetime
from typing import Any

from billing.money.money import share
from imports.planning.drafts import LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault

# By how many minor units the tax of a line may differ from its rate of the net amount, as in the audit.
MAX_ROUNDING = 2


def plan_invoice(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the invoice. One that was imported before is not changed. Raises LineFault."""
    if record and record.target_id:
        raise LineFault(ImportReason.NOT_CHANGEABLE)
    if line.content["number"] in draft.state.numbers:
        raise LineFault(ImportReason.DUPLICATE_NUMBER, "number")
    document = draft.evidence.documents.get(line.external_id)
    if isinstance(document, ImportReason):
        raise LineFault(document, "document")
    row, lines = _row(draft, line), _lines(draft, line)
    _add_amounts(draft, line, row, lines)
    notes = [_note(draft, row, note) for note in line.content.get("creditNotes", ())]
    elsewhere_minor = _settle(draft, line, row)
    on_release = _on_release(draft, line, row)
    draft.rows["imported_invoice"].append({**row, "is_import_held": on_release is not None})
    draft.rows["invoice_line"].extend({**each, "invoice_id": row["id"]} for each in lines)
    for note, note_lines in notes:
        draft.rows["imported_credit_note"].append(note)
        draft.rows["imported_credit_note_line"].extend(note_lines)
    if elsewhere_minor:
        _pay_elsewhere(draft, row, elsewhere_minor)
    if document:
        key = f"customer/{draft.owner().id}/doc_{document['sha256'][:40]}"
        draft.rows["imported_document"].append({**document, "invoice_id": row["id"], "object_key": key})
    return LineOutcome(line, LineAction.CREATE, row["id"], on_release=on_release)


def _row(draft: PlanDraft, line: ImportLine) -> dict[str, Any]:
    account, content, now = draft.owner(), line.content, draft.policy.now
    issued_at = min(instant(content, "issuedAt", account.time_zone) or now, now)
    subscription_id = draft.target("subscriptions", content.get("subscription"), "subscription")
    schedule_id = draft.target("payment_schedules", content.get("schedule"), "schedule")
    starts_at, ends_at = instant(content, "periodStartsAt", account.time_zone), instant(content, "periodEndsAt", account.time_zone)
    if (starts_at is None) != (ends_at is None) or (starts_at and ends_at and starts_at >= ends_at):
        raise LineFault(ImportReason.INVALID_PERIOD, "periodEndsAt")
    default = "RENEWAL" if subscription_id and starts_at else "SCHEDULE" if schedule_id else "MANUAL"
    row = {
        "id": draft.reserved("invoices", line.external_id, "inv"),
        "number": content["number"],
        "reason": content.get("reason", default),
        "status": "VOID" if content["status"] == "VOID" else "OPEN",
        "currency": content["currency"],
        "subscription_id": subscription_id,
        "schedule_id": schedule_id,
        "issued_at": issued_at,
        "due_on": content["dueOn"],
        "period_starts_at": starts_at,
        "period_ends_at": ends_at,
        "created_at": min(instant(content, "createdAt", account.time_zone) or issued_at, now),
        "memo": content.get("memo"),
        "is_automatic": content.get("collection") == "AUTOMATIC",
        "written_off_at": instant(content, "writtenOffAt", account.time_zone),
        "external_id": line.external_id,
        "metadata": content.get("metadata", {}),
        "imported_at": now,
    }
    _check_period(draft, row)
    return row


def _check_period(draft: PlanDraft, row: dict[str, Any]) -> None:
    """Check that no other invoice is for the period: the portal would not bill it twice. Raises LineFault."""
    period = row["subscription_id"], row["period_starts_at"]
    if row["subscription_id"] and row["reason"] in ("FIRST", "RENEWAL") and row["status"] != "VOID":
        if period in draft.periods:
            raise LineFault(ImportReason.INVALID_PERIOD, "periodStartsAt", "Another invoice is for this period of the subscription.")
        draft.periods.add(period)


def _lines(draft: PlanDraft, line: ImportLine) -> list[dict[str, Any]]:
    """Return the lines; without any, one over the whole. Raises LineFault."""
    content, zone = line.content, draft.owner().time_zone
    tax_minor = content.get("tax", 0)
    whole = {
        "description": content.get("memo") or content["number"],
        "subtotal": content["total"] - tax_minor,
        "tax": tax_minor,
        "taxRate": content.get("taxRate"),
    }
    return [_line(draft, each, place, content["currency"], zone) for place, each in enumerate(content.get("lines") or [whole], 1)]


def _line(draft: PlanDraft, content: dict[str, Any], position: int, currency: str, zone: str) -> dict[str, Any]:
    subtotal_minor, discount_minor, tax_minor = content["subtotal"], content.get("discount", 0), content.get("tax", 0)
    _check_rate(content.get("taxRate"), subtotal_minor - discount_minor, tax_minor)
    starts_at, ends_at = instant(content, "periodStartsAt", zone), instant(content, "periodEndsAt", zone)
    is_period = starts_at is not None and ends_at is not None and starts_at < ends_at
    return {
        "id": draft.new_id("line"),
        "currency": currency,
        "position": position,
        "description": content["description"],
        "quantity": content.get("quantity", 1),
        "unit_minor": content.get("unitAmount", subtotal_minor),
        "subtotal_minor": subtotal_minor,
        "discount_minor": discount_minor,
        "tax_minor": tax_minor,
        "total_minor": subtotal_minor - discount_minor + tax_minor,
        "tax_rate_ppm": content.get("taxRate"),
        "period_starts_at": starts_at if is_period else None,
        "period_ends_at": ends_at if is_period else None,
    }


def _check_rate(rate_ppm: int | None, net_minor: int, tax_minor: int) -> None:
    if rate_ppm is not None and abs(tax_minor - share(net_minor, rate_ppm)) > MAX_ROUNDING:
        raise LineFault(
            ImportReason.LINES_DO_NOT_ADD_UP,
            "lines",
            f"The tax {tax_minor} is not {rate_ppm / 10_000:g} % of {net_minor}. Leave the rate out where it is made of several.",
        )


def _add_amounts(draft: PlanDraft, line: ImportLine, row: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """Add the sums of the lines, and what was paid, credited and refunded. Raises LineFault."""
    content, sums = line.content, draft.sums
    for name in ("subtotal_minor", "discount_minor", "tax_minor", "total_minor"):
        row[name] = sum(each[name] for each in lines)
    if row["total_minor"] != content["total"]:
        raise LineFault(
            ImportReason.LINES_DO_NOT_ADD_UP, "total", f"The lines come to {row['total_minor']}, and the total is {content['total']}, in minor units."
        )
    if not 0 <= row["discount_minor"] <= row["subtotal_minor"] or row["tax_minor"] < 0:
        raise LineFault(ImportReason.LINES_DO_NOT_ADD_UP, "lines", "The sum of the lines is below 0.")
    notes = content.get("creditNotes", ())
    row["paid_minor"] = sums.invoice_paid[line.external_id]
    row["refunded_minor"] = sums.invoice_refunded[line.external_id]
    row["credited_minor"] = sums.invoice_applied[line.external_id] + sum(note.get("released", 0) + note.get("refunded", 0) for note in notes)
    row["noted_minor"] = sum(each["subtotal"] + each.get("tax", 0) for note in notes for each in note["lines"])


def _settle(draft: PlanDraft, line: ImportLine, row: dict[str, Any]) -> int:
    """Check the amounts against the status, and add when it was paid. Returns what was paid elsewhere. Raises LineFault."""
    content, status = line.content, line.content["status"]
    open_minor = row["total_minor"] - row["paid_minor"] - row["credited_minor"]
    is_closed = status in ("PAID", "REFUNDED")
    has_refunds = row["refunded_minor"] > 0
    elsewhere_minor: int = content.get("paidElsewhere", open_minor if status == "PAID" and not has_refunds else 0)
    row["paid_minor"] += elsewhere_minor
    if open_minor < 0 or elsewhere_minor > open_minor or row["paid_minor"] < 0 or (status == "VOID" and open_minor != row["total_minor"]):
        raise LineFault(ImportReason.OVERPAID, "total")
    if is_closed and elsewhere_minor != open_minor:
        raise LineFault(ImportReason.UNPAID, "status", "Refunds need their credit notes, and payments their allocations.")
    if row["noted_minor"] > row["total_minor"]:
        raise LineFault(ImportReason.OVERPAID, "creditNotes")
    if status == "VOID":
        return 0
    row["paid_at"] = _paid_at(draft, line, row) if elsewhere_minor == open_minor else None
    return elsewhere_minor


def _paid_at(draft: PlanDraft, line: ImportLine, row: dict[str, Any]) -> datetime:
    zone, now = draft.owner().time_zone, draft.policy.now
    at = instant(line.content, "paidAt", zone) or instant(draft.sums.paid_at, line.external_id, zone) or instant(line.content, "dueOn", zone) or now
    return min(at, now)


def _pay_elsewhere(draft: PlanDraft, row: dict[str, Any], minor: int) -> None:
    """Add the payment that stands for what was paid without a line of `payments`."""
    paid_at = row.get("paid_at") or row["issued_at"]
    payment = {
        "id": draft.new_id("pay"),
        "status": "SUCCEEDED",
        "currency": row["currency"],
        "amount_minor": minor,
        "refunded_minor": 0,
        "method_kind": "OTHER",
        "created_at": paid_at,
        "settled_at": paid_at,
        "metadata": {},
        "imported_at": draft.policy.now,
    }
    draft.rows["imported_payment"].append(payment)
    draft.rows["payment_allocation"].append(
        {
            "id": draft.new_id("alo"),
            "payment_id": payment["id"],
            "invoice_id": row["id"],
            "currency": row["currency"],
            "amount_minor": minor,
            "created_at": paid_at,
        }
    )


def _note(draft: PlanDraft, invoice: dict[str, Any], content: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the rows of a credit note and of its lines. Raises LineFault."""
    if content["number"] in draft.state.numbers:
        raise LineFault(ImportReason.DUPLICATE_NUMBER, "creditNotes.number")
    zone = draft.owner().time_zone
    issued_at = min(instant(content, "issuedAt", zone) or draft.policy.now, draft.policy.now)
    parts = {f"{name}_minor": content.get(name, 0) for name in ("released", "granted", "refunded")}
    net_minor, tax_minor = sum(each["subtotal"] for each in content["lines"]), sum(each.get("tax", 0) for each in content["lines"])
    if net_minor + tax_minor != sum(parts.values()):
        raise LineFault(ImportReason.LINES_DO_NOT_ADD_UP, "creditNotes", "A credit note is the sum of what it released, granted and refunded.")
    if parts["granted_minor"] != draft.sums.note_granted[content["number"]]:
        raise LineFault(ImportReason.NOT_ALLOCATED, "creditNotes.granted", "A line of `credits` says the same as `granted`.")
    note_id = draft.new_id("cn")
    draft.notes[content["number"]] = note_id
    row = {
        "id": note_id,
        "number": content["number"],
        "reason": content.get("reason", "CORRECTION"),
        "currency": invoice["currency"],
        "invoice_id": invoice["id"],
        "refund_id": draft.refund(content.get("refund"), "creditNotes.refund"),
        "issued_at": issued_at,
        "subtotal_minor": net_minor,
        "tax_minor": tax_minor,
        "total_minor": net_minor + tax_minor,
        **parts,
        "created_at": issued_at,
        "memo": content.get("memo"),
    }
    return row, [_note_line(draft, note_id, each, place, invoice["currency"]) for place, each in enumerate(content["lines"], 1)]


def _note_line(draft: PlanDraft, note_id: str, content: dict[str, Any], position: int, currency: str) -> dict[str, Any]:
    line = _line(draft, {**content, "taxRate": None}, position, currency, draft.owner().time_zone)
    return {**line, "credit_note_id": note_id, "tax_rate_ppm": content.get("taxRate")}


def _on_release(draft: PlanDraft, line: ImportLine, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the columns of the collection that the release sets; None for what the billing clock never charges."""
    content = line.content
    is_open = row["status"] == "OPEN" and row["total_minor"] > row["paid_minor"] + row["credited_minor"]
    if not is_open or not row["is_automatic"] or row["written_off_at"]:
        return None
    dunning = content.get("dunning", {})
    collect_at = instant(content, "collectAt", draft.owner().time_zone) or instant(content, "dueOn", draft.owner().time_zone)
    return {
        "collection": dunning.get("state", "DUE"),
        "collect_at": collect_at if dunning.get("state", "DUE") in ("DUE", "RETRYING") else None,
        "failed_attempts": dunning.get("failedAttempts", 0),
        "retry_count": dunning.get("retryCount", 0),
        "retry_began_on": dunning.get("retryBeganOn"),
        "retry_last_on": dunning.get("retryLastOn"),
    }
