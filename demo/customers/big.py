"""Bigg Corp: 500 subscriptions, each with ten invoices and ten payments, and a schedule that has just begun."""

from collections.abc import Callable
from datetime import timedelta

from demo.accounts.lifecycle import cancel, pause, plan_cancel, suspend
from demo.accounts.methods import bank, card
from demo.accounts.payments import Debt, decline, pay_all
from demo.accounts.schedules import Agreement, agree
from demo.accounts.subscriptions import PurchaseTerms, begin, price_of
from demo.records.account import DemoAccount
from demo.records.rows import SeedPaymentMethod, SeedSubscription

SUBSCRIPTIONS = 500
PERIODS = 10
CODES = ("starter", "team", "storage", "business", "enterprise-support")


def big(account: DemoAccount) -> None:
    visa = card(account, "visa", "1111", created_at=account.ago(months=23), is_default=True)
    other = card(account, "mastercard", "5454", created_at=account.ago(months=22))
    bank(account, "BANK_ACCOUNT", "6789", created_at=account.ago(months=21))
    for number in range(SUBSCRIPTIONS):
        _subscription(account, number, visa if number % 3 else other)
    agreement = Agreement("Roll-out, paid in twelve", (250_000,) * 12, "NONE", "USD", account.day_ago(-20))
    agree(account, agreement, created_at=account.ago(10))


def _subscription(account: DemoAccount, number: int, method: SeedPaymentMethod) -> None:
    terms = PurchaseTerms(price_of(account, CODES[number % len(CODES)]), 1 + number % 12, method)
    days = 1 + number % 23 + account.random.random()
    contract = begin(account, terms, started_at=account.ago(days, months=PERIODS - 1))
    *paid, last = contract.invoices
    pay_all(account, paid, method=method)
    if number % 40 == 5:
        decline(account, Debt(last), method=method, at=last.issued_at + timedelta(minutes=5))
    else:
        pay_all(account, [last], method=method)
    FATES.get(number % 25, _goes_on)(account, contract.subscription)


def _goes_on(account: DemoAccount, subscription: SeedSubscription) -> None:
    """Change nothing: most subscriptions renew."""


def _will_end(account: DemoAccount, subscription: SeedSubscription) -> None:
    plan_cancel(account, subscription, at=account.ago(0.5))


def _pauses(account: DemoAccount, subscription: SeedSubscription) -> None:
    pause(account, subscription, at=account.ago(0.4), resumes_at=account.now + timedelta(days=60))


def _is_suspended(account: DemoAccount, subscription: SeedSubscription) -> None:
    suspend(account, subscription, at=account.ago(0.3), by="CUSTOMER")


def _ends(account: DemoAccount, subscription: SeedSubscription) -> None:
    cancel(account, subscription, at=account.ago(0.2), reason="SWITCHED_SERVICE")


FATES: dict[int, Callable[[DemoAccount, SeedSubscription], None]] = {3: _will_end, 7: _pauses, 11: _is_suspended, 13: _ends}
