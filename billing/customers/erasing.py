"""When a customer may be erased, and what the row says afterwards."""

from collections.abc import Mapping

from billing.refusals import ErrorCode, Refused
from billing.rows.customers import UnsettledMatters

NAME = "Erased customer"
# A domain that never exists (RFC 2606), so no letter is ever sent there.
DOMAIN = "erased.invalid"


def erased_columns(customer_id: str) -> Mapping[str, str]:
    """Return the name and the address of an erased customer. The address is unique, like that of every customer who shares none."""
    return {"name": NAME, "email": f"{customer_id}@{DOMAIN}"}


def erased_already(field: str | None = None) -> Refused:
    """Return the refusal of whatever would change an erased customer."""
    return Refused(ErrorCode.CUSTOMER_ERASED, "The customer was erased. Nothing is changed or exported any more; create a new customer.", field)


def check_erasable(matters: UnsettledMatters) -> None:
    """Check that nothing of the customer is owed or runs. Money under way comes first, since it decides about the rest. Raises Refused."""
    if matters.payments_in_flight or matters.refunds_in_flight:
        raise _refused(ErrorCode.MONEY_IN_FLIGHT, "A payment or a refund is under way. Wait until the processor has decided.")
    if matters.running_subscriptions:
        raise _refused(ErrorCode.SUBSCRIPTION_RUNNING, f"{matters.running_subscriptions} of the subscriptions have not ended. Cancel them at once first.")
    if matters.unpaid_invoices or matters.unpaid_installments or matters.debt_minor:
        raise _refused(ErrorCode.AMOUNT_OWED, "Something is owed. Take or record the payment, credit it, write it off, or cancel the payment schedule first.")
    if matters.credit_minor:
        raise _refused(ErrorCode.BALANCE_NOT_ZERO, "The customer has credit. Pay it back, or take it off with `adjustBalance` first.")


def _refused(code: ErrorCode, message: str) -> Refused:
    return Refused(code, message, "customerId")
