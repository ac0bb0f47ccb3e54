"""What saving a customer changes: the columns that an input sets, from the fields that were sent and the columns that are stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.customers import values
from billing.merchant.names import checked_external_id, merged_metadata
from billing.refusals import ErrorCode, Refused
from billing.states import TaxExemption

# A customer of whom nothing was sent yet. Of these columns the first three have to be sent.
BLANK: Mapping[str, Any] = {
    "name": None,
    "email": None,
    "currency": None,
    "locale": "en",
    "time_zone": "UTC",
    "external_id": None,
    "metadata": {},
    "company_name": None,
    **values.checked_address(None),
    "tax_ids": [],
    "tax_exemption": None,
    "tax_rate_ppm": 0,
    "tax_name": None,
    "shares_email": False,
}
REQUIRED = ("email", "name", "currency")
# Fields that are one column each and cannot be cleared. Null in `locale` and `time_zone` sets the default.
TEXTS: Mapping[str, Callable[[str], str]] = {
    "email": values.checked_email,
    "name": lambda text: values.checked_line(text, "name", values.MAX_NAME),
    "currency": values.checked_currency,
    "locale": values.checked_locale,
    "time_zone": values.checked_time_zone,
}
# Fields that are one column each, where null clears.
CLEARABLE: Mapping[str, Callable[[str | None], str | None]] = {"company_name": values.checked_company, "tax_name": values.checked_tax_name}


@dataclass(frozen=True, slots=True)
class EmailNeighbour:
    """Another customer with the address of the input. `is_owner`: the address signs in to them, or will."""

    customer_id: str
    external_id: str | None
    is_owner: bool


def profile_columns(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that fields set which the merchant and the customer may both change: company, address and tax numbers. Raises Refused."""
    columns: dict[str, Any] = {}
    if "company_name" in sent:
        columns["company_name"] = values.checked_company(sent["company_name"])
    if "billing_address" in sent:
        columns |= values.checked_address(sent["billing_address"])
    if "tax_id" in sent and "tax_ids" in sent:
        raise Refused(ErrorCode.INVALID_VALUE, "Send `taxIds`, or `taxId` for the one number, but not both.", "taxId")
    if "tax_ids" in sent:
        columns["tax_ids"] = values.checked_tax_ids(sent["tax_ids"])
    if "tax_id" in sent:
        columns["tax_ids"] = values.checked_tax_ids([sent["tax_id"]] if sent["tax_id"] is not None else None, "taxId")
    return columns


def customer_columns(sent: Mapping[str, Any], stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the columns that an input sets, without the rule of e-mail addresses. `stored` is None for a new customer. Raises Refused."""
    before = stored or BLANK
    if stored is None:
        _check_complete(sent)
    columns: dict[str, Any] = {}
    for field, check in TEXTS.items():
        if field in sent:
            columns[field] = check(sent[field]) if sent[field] is not None else _default(field)
    for field, clear in CLEARABLE.items():
        if field in sent:
            columns[field] = clear(sent[field])
    if "external_id" in sent:
        columns["external_id"] = checked_external_id(sent["external_id"], before["external_id"])
    if "metadata" in sent:
        columns["metadata"] = merged_metadata(before["metadata"], sent["metadata"])
    return columns | profile_columns(sent) | _tax_columns(sent, before)


def shares_email(sent: Mapping[str, Any], stored: Mapping[str, Any] | None, neighbour: EmailNeighbour | None) -> bool:
    """Return whether the address signs in to another customer, or to none, from now on. Raises Refused (DUPLICATE_EMAIL).

    An address that stays is not judged again, except that a customer who shares it takes it over once nobody signs in with it, if sharing is not asked for.
    """
    before = stored or BLANK
    if "email" not in sent:
        return bool(before["shares_email"])
    is_allowed = bool(sent.get("allow_shared_email"))
    if stored is not None and values.checked_email(sent["email"]).lower() == stored["email"].lower():
        return before["shares_email"] and (is_allowed or (neighbour is not None and neighbour.is_owner))
    if neighbour is None:
        return False
    if is_allowed:
        return True
    raise duplicate_email(neighbour)


def duplicate_email(neighbour: EmailNeighbour | None = None) -> Refused:
    """Return the refusal of an address that another customer has."""
    details = {"customerId": neighbour.customer_id, "externalId": neighbour.external_id} if neighbour else {}
    return Refused(
        ErrorCode.DUPLICATE_EMAIL,
        "Another customer has this e-mail address. With `allowSharedEmail` both can have it, and this one is entered by portal links only.",
        "email",
        {name: value for name, value in details.items() if value is not None},
    )


def _check_complete(sent: Mapping[str, Any]) -> None:
    for field in REQUIRED:
        if sent.get(field) is None:
            raise Refused(ErrorCode.INVALID_VALUE, "A new customer needs an e-mail address, a name and a currency.", field)


def _default(field: str) -> Any:
    """Return the value that null sets. Raises Refused for a field that has no default."""
    if field in REQUIRED:
        raise Refused(ErrorCode.INVALID_VALUE, "This cannot be cleared: send a value, or leave the field out.", field)
    return BLANK[field]


def _tax_columns(sent: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return exemption and rate. An exempt customer has the rate 0: an exemption sets it, and a rate above 0 is refused. Raises Refused."""
    if "is_tax_exempt" in sent and "tax_exemption" in sent:
        raise Refused(ErrorCode.INVALID_VALUE, "Send `taxExemption`, or `isTaxExempt` where the reason is not known, but not both.", "isTaxExempt")
    columns: dict[str, Any] = {}
    if "tax_exemption" in sent:
        columns["tax_exemption"] = sent["tax_exemption"]
    if "is_tax_exempt" in sent:
        columns["tax_exemption"] = (before["tax_exemption"] or TaxExemption.EXEMPT) if sent["is_tax_exempt"] else None
    exemption = columns.get("tax_exemption", before["tax_exemption"])
    if "tax_rate" in sent:
        columns["tax_rate_ppm"] = values.checked_tax_rate(sent["tax_rate"])
        if exemption is not None and columns["tax_rate_ppm"]:
            raise Refused(ErrorCode.INVALID_VALUE, "A customer who is exempt from tax has the rate 0.", "taxRate")
    elif exemption is not None and before["tax_rate_ppm"]:
        columns["tax_rate_ppm"] = 0
    return columns
