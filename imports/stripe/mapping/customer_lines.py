"""All lines of one customer."""

from imports.stripe.mapping.account import Bundle, Lines, SharedFacts
from imports.stripe.mapping.customers import currency_of, customer_line, method_lines
from imports.stripe.mapping.invoices import invoice_lines
from imports.stripe.mapping.payments import charges_of, credit_lines, paid_by, payment_lines
from imports.stripe.mapping.reasons import Skipped
from imports.stripe.mapping.subscriptions import subscription_lines
from imports.stripe.mapping.values import Line


def lines_of_customer(bundle: Bundle, shared: SharedFacts, skipped: Skipped) -> Lines | None:
    """Return the lines of a customer; None for one who is skipped, and with them all that is theirs."""
    customer = customer_line(bundle, shared, skipped)
    if customer is None:
        return None
    methods = list(method_lines(bundle, skipped))
    subscriptions = list(subscription_lines(bundle, shared, _ids(methods), skipped))
    charges = charges_of(bundle, skipped)
    return Lines(
        customers=[customer],
        payment_methods=methods,
        subscriptions=subscriptions,
        invoices=list(invoice_lines(bundle, shared, paid_by(charges), _ids(subscriptions), skipped)),
        payments=list(payment_lines(charges, bundle.customer["id"], _ids(methods), skipped)),
        credits=list(credit_lines(bundle, charges, currency=currency_of(bundle, shared))),
    )


def _ids(lines: list[Line]) -> list[str]:
    return [one["externalId"] for one in lines]
