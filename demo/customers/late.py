"""The data of Aroha, who suspended a subscription herself, and of Olga, who pays late."""

from datetime import UTC, datetime, timedelta

from demo.accounts.attachments import attach
from demo.accounts.invoices import ChargedItem, issue_manually
from demo.accounts.lifecycle import pause, suspend
from demo.accounts.methods import card, wallet
from demo.accounts.payments import Debt, decline, pay, pay_all, retry_later
from demo.accounts.schedules import Agreement, agree, pay_when_due, schedule_of
from demo.accounts.subscriptions import DemoContract, PurchaseTerms, add_subscription, begin, price_of
from demo.records.account import DemoAccount
from demo.records.periods import end_of_month
from demo.records.rows import SeedPaymentMethod


def aroha(account: DemoAccount) -> None:
    phone = wallet(account, "apple_pay", created_at=account.ago(months=17), is_default=True)
    anchored = begin(account, PurchaseTerms(price_of(account, "business")), started_at=_a_31st(account))
    pay_all(account, anchored.invoices, method=phone)
    resumed = begin(account, PurchaseTerms(price_of(account, "team"), 3), started_at=account.ago(15, months=7))
    pay_all(account, resumed.invoices, method=phone)
    suspend(account, resumed.subscription, at=account.ago(6), by="CUSTOMER", note="Closed for the season.")
    stopped = begin(account, PurchaseTerms(price_of(account, "starter")), started_at=account.ago(20, months=5))
    pay_all(account, stopped.invoices, method=phone)
    pause(account, stopped.subscription, at=account.ago(3))
    add_subscription(account, stopped.subscription, "RESUME_FAILED", at=account.ago(1), actor="SYSTEM")
    _was_held(account, anchored)
    issue_manually(account, [ChargedItem("Due yesterday over there", 5_000)], issued_at=account.ago(15), due_on=account.day_ago(1))
    issue_manually(account, [ChargedItem("Due today over there", 5_000)], issued_at=account.ago(14), due_on=account.day_ago(0))


def _a_31st(account: DemoAccount) -> datetime:
    """Return the 31st of a month, a year ago or a month earlier: of two consecutive months one has 31 days."""
    ends = (end_of_month(account.ago(0.1, months=months).astimezone(account.zone)) for months in (12, 13))
    return next(end.astimezone(UTC) for end in ends if end.day == 31)


def _was_held(account: DemoAccount, contract: DemoContract) -> None:
    add_subscription(account, contract.subscription, "HELD", at=account.ago(months=6), actor="STAFF", note="A question about the address.")
    add_subscription(account, contract.subscription, "RELEASED", at=account.ago(-2, months=6), actor="STAFF")
    add_subscription(account, contract.subscription, "SUSPENDED", at=account.ago(months=4))
    add_subscription(account, contract.subscription, "RESUMED", at=account.ago(-10, months=4))


def olga(account: DemoAccount) -> None:
    maestro = card(account, "maestro", "6761", created_at=account.ago(months=15), expires_in_months=5, is_default=True)
    _overdue_subscription(account, maestro)
    _held_by_merchant(account, maestro)
    partly = issue_manually(account, [ChargedItem("Druckkosten", 64_000)], issued_at=account.ago(50))
    pay(account, Debt(partly), method=maestro, at=account.ago(40), amount_minor=20_000)
    pay(account, Debt(partly), method=None, at=account.ago(20), amount_minor=15_000)
    _late_schedules(account, maestro)


def _overdue_subscription(account: DemoAccount, maestro: SeedPaymentMethod) -> None:
    contract = begin(account, PurchaseTerms(price_of(account, "team"), 4), started_at=account.ago(20, months=11))
    *paid, partly, unpaid = contract.invoices
    pay_all(account, paid, method=maestro)
    pay(account, Debt(partly), method=maestro, at=partly.issued_at + timedelta(days=9), amount_minor=partly.total_minor // 3)
    decline(account, Debt(unpaid), method=maestro, at=unpaid.issued_at + timedelta(minutes=5), code="do_not_honor")
    retry_later(unpaid, at=account.now + timedelta(days=2))
    attach(account, unpaid, "reminder.pdf", at=account.ago(2), uploaded_by="STAFF")


def _held_by_merchant(account: DemoAccount, maestro: SeedPaymentMethod) -> None:
    contract = begin(account, PurchaseTerms(price_of(account, "business")), started_at=account.ago(23, months=6))
    *paid, unpaid = contract.invoices
    pay_all(account, paid, method=maestro)
    decline(account, Debt(unpaid), method=maestro, at=unpaid.issued_at + timedelta(minutes=5), code="processing_error")
    suspend(account, contract.subscription, at=account.ago(4), by="MERCHANT", note="Waiting for a signed contract.")


def _late_schedules(account: DemoAccount, maestro: SeedPaymentMethod) -> None:
    """Add a payment schedule of each kind of invoicing, each with an overdue installment."""
    for number, invoicing in enumerate(("NONE", "COLLECTIVE", "PER_INSTALLMENT")):
        first_due_on = account.day(account.ago(5 + number, months=3))
        agreement = Agreement(f"Machine {number + 1}", (33_300, 33_300, 33_400, 33_400, 33_400), invoicing, "EUR", first_due_on)
        debts = agree(account, agreement, created_at=account.ago(20 + number, months=3))
        pay_when_due(account, debts[:2], method=maestro)
        pay(account, debts[2], method=maestro, at=account.ago(12), amount_minor=10_000)
        decline(account, debts[3], method=maestro, at=account.ago(5 + number), code="insufficient_funds")
        attach(account, schedule_of(debts), "payslip.png", at=account.ago(3), status="REJECTED")
