"""The plan of a line of a customer: by the same rules as the mutation that saves one."""

from dataclasses import dataclass
from typing import Any

from billing.customers.saving import EmailNeighbour, customer_columns, shares_email
from billing.money.coupons import percent_text
from billing.refusals import ErrorCode, Refused
from imports.planning.drafts import ImportAccount, LedgerRecord, LineAction, LineOutcome, PlanDraft, instant
from imports.reading.staging import ImportLine
from imports.reasons import ImportReason, LineFault

# Fields of a line and the fields of the mutation's input.
FIELDS = {
    "email": "email",
    "name": "name",
    "currency": "currency",
    "locale": "locale",
    "timeZone": "time_zone",
    "companyName": "company_name",
    "taxIds": "tax_ids",
    "taxExemption": "tax_exemption",
    "taxName": "tax_name",
    "allowSharedEmail": "allow_shared_email",
    "metadata": "metadata",
}
ADDRESS = {"line1": "line1", "line2": "line2", "city": "city", "region": "region", "postalCode": "postal_code", "country": "country"}


@dataclass(slots=True)
class PostalParts:
    """A postal address as the rules of saving read it."""

    line1: str
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str


def plan_customer(draft: PlanDraft, line: ImportLine, record: LedgerRecord | None) -> LineOutcome:
    """Create the customer, or change the one of the external id. Raises LineFault."""
    stored = draft.state.customers.get(line.external_id)
    if stored:
        _check_stored(stored, record)
        draft.account = account_of(stored)
    sent = _sent(line)
    columns = _columns(draft, line, sent, stored)
    if stored:
        return _changed(draft, line, stored, columns)
    customer_id = draft.new_id("cus")
    created_at = instant(line.content, "createdAt", columns["time_zone"]) or draft.policy.now
    draft.rows["imported_customer"].append({**columns, "created_at": min(created_at, draft.policy.now)})
    draft.account = ImportAccount(customer_id, columns["currency"], columns["time_zone"], columns["tax_rate_ppm"], is_new=True)
    return LineOutcome(line, LineAction.CREATE, customer_id)


def account_of(stored: dict[str, Any]) -> ImportAccount:
    return ImportAccount(
        stored["id"],
        stored["currency"],
        stored["time_zone"],
        stored["tax_rate_ppm"],
        is_new=False,
        is_followed=stored["is_followed"],
        has_default_method=stored["has_default_method"],
    )


def _check_stored(stored: dict[str, Any], record: LedgerRecord | None) -> None:
    if stored["is_erased"]:
        raise LineFault(ImportReason.CUSTOMER_ERASED)
    if record is None and stored["other_source"]:
        raise LineFault(ImportReason.EXTERNAL_ID_TAKEN, "externalId", f"The source {stored['other_source']} imported it.")


def _sent(line: ImportLine) -> dict[str, Any]:
    """Return the fields of a line as the input of the mutation names them."""
    content = line.content
    sent = {name: content[field] for field, name in FIELDS.items() if field in content}
    sent["external_id"] = line.external_id
    if "taxRate" in content:
        sent["tax_rate"] = percent_text(content["taxRate"])
    if "billingAddress" in content:
        parts = content["billingAddress"]
        sent["billing_address"] = parts and PostalParts(**{name: parts.get(field) for field, name in ADDRESS.items()})
    return sent


def _columns(draft: PlanDraft, line: ImportLine, sent: dict[str, Any], stored: dict[str, Any] | None) -> dict[str, Any]:
    """Return all columns of the customer after the line. Raises LineFault."""
    neighbour = _neighbour(draft, line, sent, stored)
    try:
        columns = customer_columns(sent, stored)
        is_sharing = shares_email(sent, stored, neighbour)
    except Refused as refused:
        reason = ImportReason.DUPLICATE_EMAIL if refused.code is ErrorCode.DUPLICATE_EMAIL else ImportReason.INVALID_VALUE
        raise LineFault(reason, refused.field or "", refused.message) from None
    before = {name: stored[name] for name in COLUMNS} if stored else BLANK
    return {**before, **columns, "external_id": line.external_id, "shares_email": is_sharing}


def _neighbour(draft: PlanDraft, line: ImportLine, sent: dict[str, Any], stored: dict[str, Any] | None) -> EmailNeighbour | None:
    """Return the other customer of the address: one in the database, or one of an earlier line."""
    owner = draft.state.addresses.get(sent["email"].lower())
    if owner and not (stored and stored["id"] == owner[0]):
        return EmailNeighbour(owner[0], owner[1], is_owner=True)
    return EmailNeighbour("", None, is_owner=True) if line.is_sharing else None


def _changed(draft: PlanDraft, line: ImportLine, stored: dict[str, Any], columns: dict[str, Any]) -> LineOutcome:
    if columns["currency"] != stored["currency"]:
        raise LineFault(ImportReason.NOT_CHANGEABLE, "currency")
    if all(stored[name] == columns[name] for name in COLUMNS):
        return LineOutcome(line, LineAction.UNCHANGED, stored["id"])
    draft.rows["imported_customer_change"].append({**columns, "version": stored["version"]})
    account = draft.owner()
    account.time_zone, account.tax_rate_ppm = columns["time_zone"], columns["tax_rate_ppm"]
    return LineOutcome(line, LineAction.UPDATE, stored["id"])


BLANK: dict[str, Any] = {
    "locale": "en",
    "time_zone": "UTC",
    "metadata": {},
    "company_name": None,
    "address_line1": None,
    "address_line2": None,
    "address_city": None,
    "address_region": None,
    "address_postal_code": None,
    "address_country": None,
    "tax_ids": [],
    "tax_exemption": None,
    "tax_rate_ppm": 0,
    "tax_name": None,
    "shares_email": False,
}
COLUMNS = ("email", "name", "currency", *BLANK)
