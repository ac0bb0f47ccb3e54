"""Objects of Stripe as version 2026-10-28.endive sends them, with what the reader does not read left out of deep branches. Times are seconds since 1970."""

from datetime import UTC, datetime
from typing import Any

Thing = dict[str, Any]


def at(text: str) -> int:
    """Return an instant in UTC, such as 2026-11-01 or 2026-11-01T12:00, as Stripe sends it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def listed(data: list[Thing], url: str) -> Thing:
    return {"object": "list", "data": data, "has_more": False, "url": url}


def product(name: str, **changes: Any) -> Thing:
    return {
        "id": f"prod_{name}",
        "object": "product",
        "active": True,
        "created": at("2024-01-01"),
        "default_price": None,
        "description": f"What {name} contains.",
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name.title(),
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": at("2024-01-01"),
        "url": None,
    } | changes


def price(name: str, of: str, amount: int | None, **changes: Any) -> Thing:
    recurring = {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed"}
    return {
        "id": f"price_{name}",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": at("2024-01-02"),
        "currency": "usd",
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": f"prod_{of}",
        "recurring": recurring | changes.pop("recurring", {}),
        "tax_behavior": "exclusive",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": None if amount is None else str(amount),
    } | changes


def coupon(name: str, **changes: Any) -> Thing:
    return {
        "id": name,
        "object": "coupon",
        "amount_off": None,
        "created": at("2024-02-01"),
        "currency": None,
        "duration": "forever",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": f"Coupon {name}",
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 1,
        "valid": True,
    } | changes


def customer(name: str, **changes: Any) -> Thing:
    return {
        "id": f"cus_{name}",
        "object": "customer",
        "address": {"city": "Boston", "country": "US", "line1": "1 Main St", "line2": None, "postal_code": "02101", "state": "MA"},
        "balance": 0,
        "created": at("2025-01-31T10:00"),
        "currency": "usd",
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": f"{name.lower()}@example.com",
        "invoice_credit_balance": {},
        "invoice_prefix": name.upper()[:8],
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None},
        "livemode": False,
        "metadata": {},
        "name": name.title(),
        "next_invoice_sequence": 2,
        "phone": None,
        "preferred_locales": ["en"],
        "shipping": None,
        "tax_exempt": "none",
        "tax_ids": listed([], f"/v1/customers/cus_{name}/tax_ids"),
        "test_clock": None,
    } | changes


def card(name: str, of: str, **changes: Any) -> Thing:
    details = {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "visa",
        "exp_month": 8,
        "exp_year": 2029,
        "fingerprint": f"fp{name}",
        "funding": "credit",
        "generated_from": None,
        "last4": "4242",
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return {
        "id": f"pm_{name}",
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": details | changes.pop("card", {}),
        "created": at("2025-01-31T10:05"),
        "customer": f"cus_{of}",
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    } | changes


def sepa(name: str, of: str) -> Thing:
    details = {"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": f"fp{name}", "generated_from": None, "last4": "3000"}
    return {key: value for key, value in card(name, of, type="sepa_debit", sepa_debit=details).items() if key != "card"}


def discount(name: str, of: str, subscription: str | None, **changes: Any) -> Thing:
    return {
        "id": f"di_{name}",
        "object": "discount",
        "checkout_session": None,
        "customer": f"cus_{of}",
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": name, "type": "coupon"},
        "start": at("2026-01-31"),
        "subscription": subscription,
        "subscription_item": None,
    } | changes


def item(subscription: str, of_price: Thing, *, start: str, end: str, quantity: int | None = 1, **changes: Any) -> Thing:
    return {
        "id": f"si_{subscription}",
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": at("2025-01-31T10:10"),
        "current_period_end": at(end),
        "current_period_start": at(start),
        "discounts": [],
        "metadata": {},
        "price": of_price,
        "quantity": quantity,
        "subscription": f"sub_{subscription}",
        "tax_rates": [],
    } | changes


def subscription(name: str, of: str, items: list[Thing], **changes: Any) -> Thing:
    return {
        "id": f"sub_{name}",
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": at("2025-01-31T10:10"),
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": at("2025-01-31T10:10"),
        "currency": "usd",
        "customer": f"cus_{of}",
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listed(items, f"/v1/subscription_items?subscription=sub_{name}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"},
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": at("2025-01-31T10:10"),
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    } | changes
