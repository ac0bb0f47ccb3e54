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


def phase(of_price: str, *, start: str, end: str, quantity: int = 1, **changes: Any) -> Thing:
    return {
        "add_invoice_items": [],
        "currency": "usd",
        "discounts": [],
        "end_date": at(end),
        "items": [{"billing_thresholds": None, "discounts": [], "metadata": {}, "plan": of_price, "price": of_price, "quantity": quantity, "tax_rates": []}],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": at(start),
        "trial_end": None,
    } | changes


def schedule(name: str, of: str, phases: list[Thing], **changes: Any) -> Thing:
    return {
        "id": f"sub_sched_{name}",
        "object": "subscription_schedule",
        "canceled_at": None,
        "completed_at": None,
        "created": at("2026-10-01"),
        "current_phase": None,
        "customer": f"cus_{of}",
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "phases": phases,
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": None,
        "test_clock": None,
    } | changes


def invoice_item(name: str, amount: int, *, start: str, end: str, subscription: str | None = None, **changes: Any) -> Thing:
    details = {"invoice_item": None, "proration": False, "proration_details": {"credited_items": None}, "subscription": subscription, "subscription_item": None}
    parent = {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"} if subscription else None
    return {
        "id": f"il_{name}",
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": f"1 × {name}",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"end": at(end), "start": at(start)},
        "pretax_credit_amounts": [],
        "pricing": {"price_details": {"price": "price_x", "product": "prod_x"}, "type": "price_details", "unit_amount_decimal": str(amount)},
        "quantity": 1,
        "subtotal": amount,
        "taxes": [],
    } | changes


def tax(amount: int, rate: str, *, behavior: str = "exclusive") -> Thing:
    return {
        "amount": amount,
        "tax_behavior": behavior,
        "tax_rate_details": {"tax_rate": rate},
        "taxability_reason": "standard_rated",
        "taxable_amount": None,
        "type": "tax_rate_details",
    }


def tax_rate(name: str, percentage: float) -> Thing:
    return {
        "id": f"txr_{name}",
        "object": "tax_rate",
        "active": True,
        "created": at("2024-01-01"),
        "display_name": name,
        "effective_percentage": percentage,
        "inclusive": False,
        "percentage": percentage,
        "rate_type": "percentage",
    }


def invoice(name: str, of: str, lines: list[Thing], *, on: str, subscription: str | None = None, **changes: Any) -> Thing:
    """Return a paid invoice. Its totals are those of its lines, unless `changes` say otherwise."""
    total = sum(
        line["amount"] - sum(one["amount"] for one in line["discount_amounts"]) + sum(t["amount"] for t in line["taxes"] if t["tax_behavior"] == "exclusive")
        for line in lines
    )
    parent = {"quote_details": None, "subscription_details": {"metadata": {}, "subscription": subscription}, "type": "subscription_details"}
    return {
        "id": f"in_{name}",
        "object": "invoice",
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": total,
        "amount_remaining": 0,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "billing_reason": "subscription_cycle" if subscription else "manual",
        "collection_method": "charge_automatically",
        "created": at(on),
        "currency": "usd",
        "customer": f"cus_{of}",
        "customer_email": f"{of}@example.com",
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": at(on) + 3600,
        "ending_balance": 0,
        "hosted_invoice_url": f"https://invoice.stripe.example/i/{name}",
        "invoice_pdf": f"https://pay.stripe.example/invoice/{name}/pdf",
        "lines": listed(lines, f"/v1/invoices/in_{name}/lines"),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"{name.upper()}-0001",
        "parent": parent if subscription else None,
        "period_end": at(on),
        "period_start": at(on) - 30 * 86_400,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "paid",
        "status_transitions": {"finalized_at": at(on) + 3600, "marked_uncollectible_at": None, "paid_at": at(on) + 3605, "voided_at": None},
        "subtotal": total,
        "total": total,
        "total_discount_amounts": [],
        "total_taxes": [one for line in lines for one in line["taxes"]],
    } | changes


def invoice_payment(of_invoice: Thing, amount: int | None = None, **changes: Any) -> Thing:
    name = of_invoice["id"].removeprefix("in_")
    return {
        "id": f"inpay_{name}",
        "object": "invoice_payment",
        "amount_paid": of_invoice["amount_paid"] if amount is None else amount,
        "amount_requested": of_invoice["amount_due"],
        "created": of_invoice["created"] + 3600,
        "currency": of_invoice["currency"],
        "invoice": of_invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": f"pi_{name}", "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": of_invoice["created"] + 3605},
    } | changes


def charge(name: str, of: str, amount: int, *, on: str, method: str | None = None, **changes: Any) -> Thing:
    details = {
        "card": {"brand": "visa", "country": "US", "exp_month": 8, "exp_year": 2029, "fingerprint": "fp", "funding": "credit", "last4": "4242", "wallet": None}
    }
    return {
        "id": f"ch_{name}",
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "captured": True,
        "created": at(on) + 3605,
        "currency": "usd",
        "customer": f"cus_{of}",
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "outcome": {"network_status": "approved_by_network", "type": "authorized"},
        "paid": True,
        "payment_intent": f"pi_{name}",
        "payment_method": method,
        "payment_method_details": details | {"type": "card"},
        "refunded": False,
        "status": "succeeded",
    } | changes


def refund(name: str, of_charge: str, amount: int, *, on: str, **changes: Any) -> Thing:
    return {
        "id": f"re_{name}",
        "object": "refund",
        "amount": amount,
        "charge": f"ch_{of_charge}",
        "created": at(on),
        "currency": "usd",
        "metadata": {},
        "payment_intent": f"pi_{of_charge}",
        "reason": "requested_by_customer",
        "status": "succeeded",
    } | changes


def credit_note(name: str, of_invoice: Thing, total: int, *, on: str, **changes: Any) -> Thing:
    line = {
        "id": f"cnli_{name}",
        "object": "credit_note_line_item",
        "amount": total,
        "description": "Taken back",
        "quantity": 1,
        "taxes": [],
        "type": "custom_line_item",
    }
    return {
        "id": f"cn_{name}",
        "object": "credit_note",
        "amount": total,
        "created": at(on),
        "currency": "usd",
        "customer": of_invoice["customer"],
        "customer_balance_transaction": None,
        "effective_at": at(on),
        "invoice": of_invoice["id"],
        "lines": listed([line], f"/v1/credit_notes/cn_{name}/lines"),
        "memo": None,
        "metadata": {},
        "number": f"{of_invoice['number']}-CN-01",
        "out_of_band_amount": None,
        "post_payment_amount": 0,
        "pre_payment_amount": total,
        "reason": "order_change",
        "refunds": [],
        "status": "issued",
        "subtotal": total,
        "total": total,
        "total_taxes": [],
        "type": "pre_payment",
        "voided_at": None,
    } | changes
