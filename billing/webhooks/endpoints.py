"""What an endpoint may be."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billing.events import EventType
from billing.refusals import ErrorCode, Refused

MAX_ENDPOINTS = 50
MAX_DESCRIPTION = 500
MAX_REDELIVERIES = 1_000
MAX_REPLAYED = 10_000
MAX_OVERLAP_HOURS = 24 * 7
# The scopes that only read, which the document of an endpoint may have.
SCOPES = ("audit:read", "customers:read", "customers:search", "read")
TYPES = frozenset(event_type.topic for event_type in EventType)


def checked_columns(columns: Mapping[str, Any], checked_email: Callable[[str], str]) -> dict[str, Any]:
    """Return the columns of an endpoint in their normal form. Raises Refused."""
    if not columns["url"]:
        raise Refused(ErrorCode.INVALID_VALUE, "Name the URL to which events are sent.", "url")
    description = (columns["description"] or "").strip()
    if len(description) > MAX_DESCRIPTION:
        raise Refused(ErrorCode.INVALID_VALUE, f"A description has at most {MAX_DESCRIPTION} characters.", "description")
    is_document = columns["payload"] == "DOCUMENT"
    if is_document and not columns["document_id"]:
        raise Refused(ErrorCode.INVALID_VALUE, "Name the document whose answer is sent.", "documentId")
    scopes = checked_scopes(columns["scopes"] or ["read"]) if is_document else []
    return {
        "url": columns["url"],
        "description": description,
        "contact_email": checked_contact(columns["contact_email"], checked_email),
        "types": checked_types(columns["types"] or []),
        "payload": str(columns["payload"] or "THIN"),
        "document_id": columns["document_id"] if is_document else None,
        "scopes": scopes,
        "signs_ed25519": bool(columns["signs_ed25519"]),
        "is_enabled": columns["is_enabled"] is not False,
    }


def checked_contact(text: str | None, checked_email: Callable[[str], str]) -> str | None:
    """Return the address for letters about an endpoint. Raises Refused."""
    try:
        return checked_email(text) if text else None
    except Refused as refused:
        raise Refused(refused.code, refused.message, "contactEmail") from None


def checked_types(types: Sequence[str]) -> list[str]:
    """Return types of events, each once, in order; empty for all. Raises Refused."""
    if unknown := [one for one in types if one not in TYPES]:
        raise Refused(ErrorCode.INVALID_VALUE, f"`{unknown[0][:50]}` is no type of events; one is invoice.paid.", "types")
    return sorted(set(types))


def checked_scopes(scopes: Sequence[str]) -> list[str]:
    """Return the scopes of an endpoint's document. Raises Refused."""
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise Refused(ErrorCode.INVALID_VALUE, f"`{unknown[0][:50]}` is none of the scopes that read: {', '.join(SCOPES)}.", "scopes")
    return sorted(set(scopes))


def check_overlap(hours: int) -> None:
    if not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise Refused(ErrorCode.INVALID_VALUE, f"The keys of before sign for 0 to {MAX_OVERLAP_HOURS} hours more.", "overlapHours")
