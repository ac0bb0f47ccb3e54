"""Decline codes of charges, as the card networks and processors share them."""

# Final codes: the same method will never succeed, so it is not retried (Stripe's list of advice codes "do not try again", and expired or wrong numbers).
FINAL = {
    "amount_not_supported",
    "authentication_failed",
    "authentication_required",
    "card_not_supported",
    "currency_not_supported",
    "expired_card",
    "fraudulent",
    "incorrect_cvc",
    "incorrect_number",
    "invalid_account",
    "invalid_amount",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "invalid_request",
    "lost_card",
    "merchant_blacklist",
    "method_unknown",
    "new_account_information_available",
    "not_permitted",
    "pickup_card",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
}

# Codes that a bank does not disclose to the holder of the card.
CONFIDENTIAL = {"fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "restricted_card", "security_violation", "stolen_card"}


def is_retryable(decline_code: str) -> bool:
    return decline_code not in FINAL


def for_the_customer(decline_code: str) -> str:
    """Return the code that the customer may read."""
    return "generic_decline" if decline_code in CONFIDENTIAL else decline_code
