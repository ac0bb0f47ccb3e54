"""Payment methods: what the portal displays of them, without their numbers."""

from datetime import datetime

from billing.periods import add_months
from demo.records.account import DemoAccount
from demo.records.periods import end_of_month
from demo.records.rows import SeedPaymentMethod

# The sandbox's cards of some methods, by their last digits: payments with these fail, or take as long as a bank needs.
CARDS = {"9995": "insufficient_funds", "0119": "processing_error", "3155": "requires_action", "6761": "do_not_honor"}


def card(account: DemoAccount, brand: str, last4: str, *, created_at: datetime, expires_in_months: int = 26, is_default: bool = False) -> SeedPaymentMethod:
    method = _method(account, "CARD", behind=CARDS.get(last4, ""), created_at=created_at, is_default=is_default)
    method.brand, method.last4 = brand, last4
    method.expires_on = end_of_month(add_months(account.today(), expires_in_months))
    return method


def bank(account: DemoAccount, kind: str, last4: str, *, created_at: datetime, is_default: bool = False) -> SeedPaymentMethod:
    method = _method(account, kind, behind="sepa", created_at=created_at, is_default=is_default)
    method.last4 = last4
    return method


def wallet(account: DemoAccount, brand: str, *, created_at: datetime, is_default: bool = False) -> SeedPaymentMethod:
    method = _method(account, "WALLET", created_at=created_at, is_default=is_default)
    method.brand = brand
    return method


def _method(account: DemoAccount, kind: str, *, behind: str = "", created_at: datetime, is_default: bool) -> SeedPaymentMethod:
    return account.add(
        SeedPaymentMethod(
            customer_id=account.customer.id,
            id=account.id("pm", created_at),
            kind=kind,
            fingerprint=f"{account.random.getrandbits(64):016x}",
            processor_reference=account.reference(behind),
            created_at=created_at,
            is_default=is_default,
        )
    )
