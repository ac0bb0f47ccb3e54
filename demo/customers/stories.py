"""The data of the other named customers."""

from collections.abc import Callable
from datetime import timedelta

from demo.accounts import balance, credit_notes
from demo.accounts.attachments import attach
from demo.accounts.invoices import ChargedItem, issue_manually
from demo.accounts.lifecycle import cancel, change_now, plan_change, plan_pause, suspend
from demo.accounts.methods import bank, card
from demo.accounts.payments import DECLINES, Debt, decline, pay, pay_all, require_action, start
from demo.accounts.refunds import refund, report
from demo.accounts.schedules import Agreement, agree, cancel_rest, pay_when_due, schedule_of
from demo.accounts.subscriptions import PurchaseTerms, add_subscription, begin, price_of, remove_coupon
from demo.customers.ada import ada
from demo.customers.big import big
from demo.customers.late import aroha, olga
from demo.records.account import DemoAccount
from demo.records.catalogue import COUPONS
from demo.records.rows import SeedPaymentMethod

REASONS = ("TOO_EXPENSIVE", "MISSING_FEATURES", "SWITCHED_SERVICE", "UNUSED", "CUSTOMER_SERVICE", "TOO_COMPLEX", "LOW_QUALITY", "OTHER")


def kenji(account: DemoAccount) -> None:
    visa = card(account, "jcb", "0505", created_at=account.ago(months=19), is_default=True)
    card(account, "visa", "1881", created_at=account.ago(months=20)).deleted_at = account.ago(months=19)
    contract = begin(account, PurchaseTerms(price_of(account, "business"), 2, coupon=COUPONS["FOUNDERS"]), started_at=account.ago(4, months=18))
    pay_all(account, contract.invoices, method=visa)
    plan_change(account, contract, price_of(account, "team"), at=account.ago(2), quantity=4)
    _collective_schedule(account, visa)
    attach(account, account.invoices[0], "見積書.pdf", at=account.ago(40), status="REJECTED")


def _collective_schedule(account: DemoAccount, visa: SeedPaymentMethod) -> None:
    """Add a schedule with two paid installments, one in payment and three not yet due, all on one invoice."""
    agreement = Agreement("導入支援 6回払い", (40_000,) * 6, "COLLECTIVE", "JPY", account.day(account.ago(6, months=2)))
    debts = agree(account, agreement, created_at=account.ago(20, months=2))
    pay_when_due(account, debts[:2], method=visa)
    start(account, debts[2], method=visa, at=account.ago(0.02))


def fatima(account: DemoAccount) -> None:
    visa = card(account, "visa", "9995", created_at=account.ago(months=13), expires_in_months=-1, is_default=True)
    mastercard = card(account, "mastercard", "0119", created_at=account.ago(months=2))
    contract = begin(account, PurchaseTerms(price_of(account, "team"), 3), started_at=account.ago(22, months=9), until=account.ago(8))
    *paid, failed = contract.invoices
    pay_all(account, paid, method=visa)
    for tries, code in enumerate(DECLINES):
        decline(account, Debt(failed), method=visa if code == "expired_card" else mastercard, at=failed.issued_at + timedelta(days=2 * tries), code=code)
    suspend(account, contract.subscription, at=account.ago(8), by="DUNNING", note="The renewal was declined.")
    yearly = begin(account, PurchaseTerms(price_of(account, "storage", interval="YEAR"), 7), started_at=account.ago(100))
    pay_all(account, yearly.invoices, method=visa)
    balance.enter(account, "CHARGE", -1_250, at=account.ago(11))


def greta(account: DemoAccount) -> None:
    sepa = bank(account, "SEPA_DEBIT", "8901", created_at=account.ago(months=29), is_default=True)
    bank(account, "BANK_ACCOUNT", "7720", created_at=account.ago(months=3))
    contract = begin(account, PurchaseTerms(price_of(account, "team"), 10, coupon=COUPONS["FOUNDERS"]), started_at=account.ago(17, months=28))
    refunded, *others = contract.invoices
    pay_all(account, others, method=sepa)
    refund(account, pay(account, Debt(refunded), method=sepa, at=refunded.issued_at), Debt(refunded), at=refunded.issued_at + timedelta(days=9))
    pay(account, Debt(change_now(account, contract, price_of(account, "business"), at=account.ago(9))), method=sepa, at=account.ago(9))
    _refunds(account, sepa)
    _ledger(account, sepa)


def _refunds(account: DemoAccount, sepa: SeedPaymentMethod) -> None:
    """Add refunds of every status, by the merchant and by the bank."""
    training, workshop = (issue_manually(account, [ChargedItem(name, 45_000)], issued_at=account.ago(months=4)) for name in ("Schulung", "Workshop"))
    payment, returned = pay_all(account, [training, workshop], method=sepa)
    refund(account, payment, Debt(training), at=account.ago(20, months=3), amount_minor=10_000, reason="GOODWILL")
    report(account, payment, 5_000, at=account.ago(2), reason="DUPLICATE", status="PENDING")
    refund(account, returned, Debt(workshop), at=account.ago(18, months=3), reason="RETURNED")
    again = pay(account, Debt(workshop), method=sepa, at=account.ago(10, months=3))
    report(account, again, again.amount_minor, at=account.ago(months=3), reason="DISPUTE", status="REVERSED")
    report(account, again, again.amount_minor, at=account.ago(months=2), reason="FRAUDULENT", status="FAILED")


def _ledger(account: DemoAccount, sepa: SeedPaymentMethod) -> None:
    """Add a balance entry of each kind."""
    invoice = issue_manually(account, [ChargedItem("Beratung, Stunden", 12_000, 4)], issued_at=account.ago(80))
    balance.enter(account, "ADJUSTMENT", 6_000, at=account.ago(95))
    balance.apply_credit(account, invoice, 4_500, at=invoice.issued_at)
    balance.overpay(account, pay(account, Debt(invoice), method=sepa, at=account.ago(75)), 2_000)
    credit_notes.correct(account, invoice, "Beratung, eine halbe Stunde", 5_950, at=account.ago(60))
    balance.enter(account, "CHARGE", -1_190, at=account.ago(50))
    balance.pay_account(account, 1_190, method=sepa, at=account.ago(45))
    balance.enter(account, "REFUND", -3_000, at=account.ago(40))
    attach(account, invoice, "stundenzettel.pdf", at=account.ago(79), uploaded_by="STAFF", status="REJECTED")
    issue_manually(account, [ChargedItem("Doppelt berechnet", 12_000)], issued_at=account.ago(70)).status = "VOID"


def kai(account: DemoAccount) -> None:
    visa = card(account, "visa", "3155", created_at=account.ago(months=11), expires_in_months=0, is_default=True)
    contract = begin(account, PurchaseTerms(price_of(account, "team"), 2), started_at=account.ago(11, months=10))
    pay_all(account, contract.invoices, method=visa)
    plan_pause(account, contract.subscription, at=account.ago(1), resumes_after_days=45)
    for days in (-1, 0, 1):
        issue_manually(account, [ChargedItem("Surf school bookings", 15_000)], issued_at=account.ago(14), due_on=account.day_ago(days))
    confirmed = issue_manually(account, [ChargedItem("Set-up", 30_000)], issued_at=account.ago(5))
    require_action(account, Debt(confirmed), method=visa, at=account.ago(0.1))
    agreement = Agreement("Boards, paid in five", (20_000,) * 5, "NONE", "USD", account.day(account.ago(months=3)))
    debts = agree(account, agreement, created_at=account.ago(10, months=3))
    pay_when_due(account, debts[:2], method=visa)
    refund(account, pay(account, debts[2], method=visa, at=account.ago(30)), debts[2], at=account.ago(25))


def sam(account: DemoAccount) -> None:
    """Add subscriptions and schedules that have ended."""
    amex = card(account, "amex", "0005", created_at=account.ago(months=35), expires_in_months=-5, is_default=True)
    for number, reason in enumerate(REASONS):
        ended_at = account.ago(number * 9, months=6)
        contract = begin(account, PurchaseTerms(price_of(account, "starter"), 1 + number), started_at=account.ago(number * 9, months=9), until=ended_at)
        pay_all(account, contract.invoices, method=amex)
        cancel(account, contract.subscription, at=ended_at, reason=reason, comment="It was not for us." if reason == "OTHER" else None)
    for number, invoicing in enumerate(("NONE", "COLLECTIVE", "PER_INSTALLMENT")):
        finished = Agreement(f"Equipment {number + 1}", (30_000, 30_000, 40_000), invoicing, "USD", account.day(account.ago(months=20 - number)))
        pay_when_due(account, agree(account, finished, created_at=account.ago(20, months=20 - number)), method=amex)
        _canceled_schedule(account, amex, invoicing)


def _canceled_schedule(account: DemoAccount, amex: SeedPaymentMethod, invoicing: str) -> None:
    agreement = Agreement("Fit-out, called off", (50_000,) * 4, invoicing, "USD", account.day(account.ago(months=14)))
    debts = agree(account, agreement, created_at=account.ago(40, months=14))
    if invoicing != "COLLECTIVE":
        pay_when_due(account, debts[:1], method=amex)
    cancel_rest(debts)
    attach(account, schedule_of(debts), "cancellation.pdf", at=account.ago(months=10), uploaded_by="STAFF")


def tina(account: DemoAccount) -> None:
    visa = card(account, "visa", "4242", created_at=account.ago(5), is_default=True)
    begin(account, PurchaseTerms(price_of(account, "team"), 2, trial_days=14, coupon=COUPONS["WELCOME20"]), started_at=account.ago(5))
    begin(account, PurchaseTerms(price_of(account, "storage"), 1, visa), started_at=account.now + timedelta(days=26))
    contract = begin(account, PurchaseTerms(price_of(account, "starter"), coupon=COUPONS["SPRING15"]), started_at=account.ago(4))
    pay_all(account, contract.invoices, method=visa)
    remove_coupon(account, contract, at=account.ago(3))
    add_subscription(account, contract.subscription, "CHANGE_WITHDRAWN", at=account.ago(1), actor="PARTNER", note="CANCEL")
    attach(account, contract.invoices[0], "fattura.pdf", at=account.ago(0.02), status="PENDING")
    attach(account, contract.invoices[0], "ricevuta.jpg", at=account.ago(0.01), status="PENDING", uploaded_by="STAFF")


def empty(account: DemoAccount) -> None:
    """Add nothing: a customer without any rows of their own."""


STORIES: dict[str, Callable[[DemoAccount], None]] = {
    f"{story.__name__}@example.com": story for story in (ada, kenji, fatima, greta, kai, aroha, olga, sam, tina, big, empty)
}
