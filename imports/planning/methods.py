"""The plan of a line of a payment method: a reference of the processor, with what the processor says about it."""

import re
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from imports.planning.drafts import LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault

SOON = timedelta(days=31)
STRIPE_METHOD, STRIPE_CUSTOMER = re.compile(r"pm_\w{1,100}"), re.compile(r"cus_\w{1,100}")
# Thirteen or more digits may be the number of a card, which is never stored.
CARD_NUMBER = re.compile(r"(?:\d[ -]?){13,19}")
LAST_FOUR = re.compile(r"[0-9A-Za-z]{4}")
STRIPE_TYPES = {"CARD": "card", "SEPA_DEBIT": "sepa_debit", "BANK_ACCOUNT": "us_bank_account", "WALLET": "link"}


def plan_method(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the method. A reference is never changed. Raises LineFault."""
    account, content, now = draft.owner(), line.content, draft.policy.now
    if record and record.target_id:
        raise LineFault(ImportReason.NOT_CHANGEABLE)
    reference = reference_of(content, draft.policy.processor)
    known = draft.evidence.methods.get(line.external_id)
    if isinstance(known, ImportReason):
        raise LineFault(known, "processorReference")
    details = known or _details(content, reference)
    if any(method["fingerprint"] == details["fingerprint"] for method in draft.methods.values()):
        raise LineFault(ImportReason.DUPLICATE_ID, "processorReference", "Another line of the customer has this card or account.")
    is_default = bool(content.get("isDefault")) and not account.has_default_method
    method = {
        **details,
        "id": draft.new_id("pm"),
        "processor": content.get("processor", draft.policy.processor),
        "processor_reference": reference,
        "is_default": is_default,
        "created_at": min(instant(content, "createdAt", account.time_zone) or now, now),
        "external_id": line.external_id,
        "metadata": content.get("metadata", {}),
    }
    account.has_default_method = account.has_default_method or is_default
    draft.methods[method["id"]] = method
    draft.rows["imported_payment_method"].append(method)
    return LineOutcome(
        line, LineAction.CREATE, method["id"], notes=[*_expiry(details["expires_on"], now.date()), *([] if known else [ImportReason.NOT_VERIFIED])]
    )


def reference_of(content: dict[str, Any], processor: str) -> str:
    """Return the reference by which the processor's adapter charges the method. Raises LineFault."""
    reference, customer = content["processorReference"], content.get("processorCustomer", "")
    if CARD_NUMBER.fullmatch(reference):
        raise LineFault(ImportReason.REFERENCE_INVALID, "processorReference")
    if content.get("processor", processor) != "stripe":
        return str(reference)
    if not STRIPE_METHOD.fullmatch(reference) or not STRIPE_CUSTOMER.fullmatch(customer):
        raise LineFault(ImportReason.REFERENCE_INVALID, "processorReference" if STRIPE_CUSTOMER.fullmatch(customer) else "processorCustomer")
    return f"{customer}/{reference}/{STRIPE_TYPES[content.get('kind', 'CARD')]}"


def _details(content: dict[str, Any], reference: str) -> dict[str, Any]:
    """Return what the line says about the method. Without the processor's fingerprint the reference stands for it. Raises LineFault."""
    if "last4" in content and not LAST_FOUR.fullmatch(content["last4"]):
        raise LineFault(ImportReason.INVALID_VALUE, "last4", "Four digits or letters are expected. Some programs remove zeros at the beginning of a cell.")
    return {
        "kind": content.get("kind", "CARD"),
        "brand": content.get("brand"),
        "last4": content.get("last4"),
        "expires_on": content.get("expiresOn"),
        "fingerprint": blake2b(reference.encode(), digest_size=16).hexdigest(),
    }


def _expiry(expires_on: str | None, today: date) -> list[ImportReason]:
    if expires_on is None:
        return []
    day = date.fromisoformat(expires_on)
    return [ImportReason.CARD_EXPIRED] if day < today else [ImportReason.CARD_EXPIRES_SOON] if day <= today + SOON else []
