"""Customers and their payment methods."""

from collections.abc import Iterator

from billing.states import TaxExemption
from imports.stripe.mapping.account import Bundle, SharedFacts
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.values import Line, Thing, instant, line, metadata, percent, reference
from payments.stripe_answers import details_of

MAX_TAX_IDS = 10
EXEMPTIONS = {"exempt": TaxExemption.EXEMPT, "reverse": TaxExemption.REVERSE_CHARGE}
# The kinds of Stripe that the import knows how to charge, and what Portico calls them. A card of a wallet is charged as a card.
METHOD_KINDS = {"card": "CARD", "sepa_debit": "SEPA_DEBIT", "us_bank_account": "BANK_ACCOUNT", "link": "WALLET"}


def customer_line(bundle: Bundle, shared: SharedFacts, skipped: Skipped) -> Line | None:
    """Return the line of a customer; None for one who cannot be imported, with all that is theirs."""
    customer = bundle.customer
    if reason := _without_counterpart(customer):
        skipped.skip(customer, reason)
        return None
    rate = _tax_rate(bundle, skipped)
    return line(
        externalId=customer["id"],
        email=customer["email"].strip(),
        name=(customer.get("name") or customer.get("business_name") or customer["email"]).strip()[:200],
        currency=currency_of(bundle, shared),
        locale=next(iter(customer.get("preferred_locales") or []), None),
        timeZone=shared.time_zone,
        companyName=(customer.get("business_name") or "")[:200] or None,
        billingAddress=_address(customer),
        taxIds=[one["value"] for one in (customer.get("tax_ids") or {}).get("data", [])][:MAX_TAX_IDS],
        taxExemption=EXEMPTIONS.get(customer.get("tax_exempt") or ""),
        taxRate=percent(rate["percentage"]) if rate else None,
        taxName=rate["display_name"][:40] if rate else None,
        metadata=metadata(customer),
        createdAt=instant(customer["created"]),
    )


def _without_counterpart(customer: Thing) -> SkipReason | None:
    if customer.get("deleted"):
        return SkipReason.CUSTOMER_DELETED
    if not (customer.get("email") or "").strip():
        return SkipReason.CUSTOMER_WITHOUT_EMAIL
    return SkipReason.TEST_CLOCK if reference(customer.get("test_clock")) else None


def currency_of(bundle: Bundle, shared: SharedFacts) -> str:
    """Return the currency in which a customer is invoiced; of one who never was, that of the account."""
    currencies = (bundle.customer.get("currency"), *(one["currency"] for one in bundle.subscriptions))
    return str(next((one for one in currencies if one), shared.currency)).upper()


def _address(customer: Thing) -> Line | None:
    """Return the address, if it has what an address needs."""
    address = customer.get("address") or {}
    if not address.get("line1") or not address.get("country"):
        return None
    return line(
        line1=address["line1"],
        line2=address.get("line2"),
        city=address.get("city"),
        region=address.get("state"),
        postalCode=address.get("postal_code"),
        country=address["country"],
    )


def _tax_rate(bundle: Bundle, skipped: Skipped) -> Thing | None:
    """Return the one rate that all running subscriptions of a customer have; Portico has one for each customer."""
    running = [one for one in bundle.subscriptions if one["status"] not in ("canceled", "incomplete_expired")]
    if any((one.get("automatic_tax") or {}).get("enabled") for one in running):
        skipped.adapt(bundle.customer, SkipReason.AUTOMATIC_TAX)
        return None
    rates = {rate["id"]: rate for one in running for rate in one.get("default_tax_rates") or []}
    if len(rates) > 1 or any(_rates_of_items(one) for one in running):
        skipped.adapt(bundle.customer, SkipReason.SEVERAL_TAX_RATES)
        return None
    return next(iter(rates.values()), None)


def _rates_of_items(subscription: Thing) -> bool:
    return any(item.get("tax_rates") for item in subscription["items"]["data"])


def method_lines(bundle: Bundle, skipped: Skipped) -> Iterator[Line]:
    customer = bundle.customer
    default = reference((customer.get("invoice_settings") or {}).get("default_payment_method")) or reference(customer.get("default_source"))
    for method in bundle.payment_methods:
        if not method["id"].startswith("pm_"):
            skipped.skip(method, SkipReason.METHOD_IS_A_SOURCE)
        elif method["type"] not in METHOD_KINDS:
            skipped.skip(method, SkipReason.METHOD_OF_OTHER_KIND, method["type"])
        else:
            details = details_of(method, customer=customer["id"])
            yield line(
                externalId=method["id"],
                customer=customer["id"],
                processorReference=method["id"],
                processorCustomer=customer["id"],
                processor="stripe",
                kind=METHOD_KINDS[method["type"]],
                brand=details.brand,
                last4=details.last4,
                expiresOn=details.expires_on.isoformat() if details.expires_on else None,
                isDefault=method["id"] == default or None,
                metadata=metadata(method),
                createdAt=instant(method["created"]),
            )
