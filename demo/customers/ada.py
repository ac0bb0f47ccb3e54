"""The data of Ada, who has an example of most cases."""

from datetime import timedelta

from demo.accounts import balance, credit_notes
from demo.accounts.attachments import attach
from demo.accounts.invoices import ChargedItem, issue_manually
from demo.accounts.lifecycle import cancel, pause, plan_cancel
from demo.accounts.methods import bank, card
from demo.accounts.payments import Debt, decline, pay, pay_all, start
from demo.accounts.schedules import Agreement, agree, pay_when_due, schedule_of
from demo.accounts.subscriptions import DemoContract, PurchaseTerms, add_subscription, apply_coupon, begin, cycle_of, price_of
from demo.records.account import DemoAccount
from demo.records.catalogue import COUPONS
from demo.records.periods import last_boundary
from demo.records.rows import SeedPaymentMethod


def ada(account: DemoAccount) -> None:
    visa = card(account, "visa", "4242", created_at=account.ago(months=14), is_default=True)
    mastercard = card(account, "mastercard", "4444", created_at=account.ago(2, months=27), expires_in_months=-2)
    sepa = bank(account, "SEPA_DEBIT", "3000", created_at=account.ago(months=13))
    _team(account, mastercard, visa)
    _storage(account, visa)
    _with_coupons(account, visa)
    _support_in_euros(account, sepa)
    _paused(account, visa)
    _coming_and_gone(account, mastercard)
    _invoices_by_hand(account, visa, sepa)
    _running_schedule(account, visa)
    _finished_schedule(account, sepa)


def _team(account: DemoAccount, old: SeedPaymentMethod, new: SeedPaymentMethod) -> None:
    """Add two years of renewals, one of which succeeded only at the second try."""
    contract = begin(account, PurchaseTerms(price_of(account, "team"), 5, trial_days=14), started_at=account.ago(20, months=24))
    _first_card_then_other(account, contract, old, new)
    add_subscription(account, contract.subscription, "QUANTITY_CHANGED", at=contract.subscription.started_at + timedelta(days=5), note="3 to 5")
    credited = contract.invoices[-2]
    credit_notes.correct(account, credited, "Credit for two days without service", 2_500, at=credited.issued_at + timedelta(days=2))
    attach(account, credited, "usage-report.pdf", at=credited.issued_at + timedelta(days=2), uploaded_by="STAFF")


def _first_card_then_other(account: DemoAccount, contract: DemoContract, old: SeedPaymentMethod, new: SeedPaymentMethod) -> None:
    retried = contract.invoices[-4]
    pay_all(account, [invoice for invoice in contract.invoices if invoice.issued_at < new.created_at], method=old)
    pay_all(account, [invoice for invoice in contract.invoices if invoice.issued_at >= new.created_at and invoice is not retried], method=new)
    decline(account, Debt(retried), method=new, at=retried.issued_at + timedelta(minutes=5))
    pay(account, Debt(retried), method=new, at=retried.issued_at + timedelta(days=2))


def _storage(account: DemoAccount, visa: SeedPaymentMethod) -> None:
    contract = begin(account, PurchaseTerms(price_of(account, "storage"), 3, visa), started_at=account.ago(10, months=13))
    pay_all(account, contract.invoices, method=visa)
    plan_cancel(account, contract.subscription, at=account.ago(1), reason="TOO_EXPENSIVE", comment="We moved our backups.")


def _with_coupons(account: DemoAccount, visa: SeedPaymentMethod) -> None:
    """Add a coupon with one period left, and one that applies from the next renewal."""
    terms = PurchaseTerms(price_of(account, "business"), 1, visa, COUPONS["SPRING15"], extra=ChargedItem("Text messages", 3, 420))
    contract = begin(account, terms, started_at=account.ago(18, months=1))
    pay_all(account, contract.invoices, method=visa)
    contract = begin(account, PurchaseTerms(price_of(account, "starter"), 2, visa), started_at=account.ago(3, months=6))
    pay_all(account, contract.invoices, method=visa)
    apply_coupon(account, contract, COUPONS["LOYAL5"], at=account.ago(2))


def _support_in_euros(account: DemoAccount, sepa: SeedPaymentMethod) -> None:
    price = price_of(account, "enterprise-support", interval="YEAR", currency="EUR")
    contract = begin(account, PurchaseTerms(price, 1, sepa), started_at=account.ago(20, months=12))
    pay_all(account, contract.invoices, method=sepa)


def _paused(account: DemoAccount, visa: SeedPaymentMethod) -> None:
    started_at, price = account.ago(12, months=8), price_of(account, "starter")
    paused_at = last_boundary(cycle_of(account, price, started_at), before=account.ago(5))
    contract = begin(account, PurchaseTerms(price, 1, visa), started_at=started_at, until=paused_at)
    pay_all(account, contract.invoices, method=visa)
    pause(account, contract.subscription, at=paused_at, resumes_at=account.now + timedelta(days=21))


def _coming_and_gone(account: DemoAccount, mastercard: SeedPaymentMethod) -> None:
    begin(account, PurchaseTerms(price_of(account, "business"), trial_days=30), started_at=account.ago(9))
    begin(account, PurchaseTerms(price_of(account, "team")), started_at=account.now + timedelta(days=12))
    ended_at = account.ago(20, months=10)
    contract = begin(account, PurchaseTerms(price_of(account, "solo-2019")), started_at=account.ago(20, months=25), until=ended_at)
    pay_all(account, contract.invoices, method=mastercard)
    cancel(account, contract.subscription, at=ended_at, reason="MISSING_FEATURES")


def _invoices_by_hand(account: DemoAccount, visa: SeedPaymentMethod, sepa: SeedPaymentMethod) -> None:
    """Add an invoice that is overdue and paid in part, one not yet due, one in payment, one paid with credit."""
    overdue = issue_manually(account, [ChargedItem("Data migration, days", 60_000, 2), ChargedItem("Travel", 18_050)], issued_at=account.ago(38))
    pay(account, Debt(overdue), method=visa, at=account.ago(25), amount_minor=50_000)
    attach(account, overdue, "purchase-order.pdf", at=account.ago(37))
    attach(account, overdue, "acceptance.png", at=account.ago(24))
    attach(account, overdue, "timesheet.pdf", at=account.ago(36), uploaded_by="STAFF")
    issue_manually(account, [ChargedItem("Training day", 85_000)], issued_at=account.ago(3))
    processing = issue_manually(account, [ChargedItem("Onboarding workshop", 120_000)], issued_at=account.ago(6), currency="EUR")
    start(account, Debt(processing), method=sepa, at=account.ago(1))
    balance.enter(account, "ADJUSTMENT", 4_000, at=account.ago(90))
    credited = issue_manually(account, [ChargedItem("Extra support hour", 9_000)], issued_at=account.ago(60))
    balance.apply_credit(account, credited, 3_000, at=credited.issued_at)
    balance.overpay(account, pay(account, Debt(credited), method=None, at=account.ago(52)), 1_275)
    balance.enter(account, "ADJUSTMENT", 1_999, at=account.ago(70), currency="EUR")


def _running_schedule(account: DemoAccount, visa: SeedPaymentMethod) -> None:
    """Add a schedule with three paid installments, one overdue, and the rest not yet due."""
    first_due_on = account.day(account.ago(8, months=3))
    agreement = Agreement("Server room, paid in six", (75_000, 75_000, 75_000, 75_000, 75_000, 75_050), "PER_INSTALLMENT", "USD", first_due_on)
    debts = agree(account, agreement, created_at=account.ago(30, months=3))
    pay_when_due(account, debts[:3], method=visa)
    schedule = schedule_of(debts)
    attach(account, schedule, "signed-agreement.pdf", at=account.ago(29, months=3))
    attach(account, schedule, "delivery-note.jpg", at=account.ago(20, months=2))
    attach(account, schedule, "payment-plan.pdf", at=account.ago(30, months=3), uploaded_by="STAFF")
    attach(account, schedule, "bank-confirmation.pdf", at=account.ago(0.01), status="PENDING")


def _finished_schedule(account: DemoAccount, sepa: SeedPaymentMethod) -> None:
    agreement = Agreement("Annual licence in four parts", (25_000,) * 4, "COLLECTIVE", "EUR", account.day(account.ago(months=11)))
    pay_when_due(account, agree(account, agreement, created_at=account.ago(12, months=11)), method=sepa)
