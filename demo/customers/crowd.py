"""The generated customers: random data of common cases, always the same for the same number."""

from datetime import datetime, timedelta
from random import Random

from billing.ids import type_id
from demo.accounts import balance
from demo.accounts.attachments import attach
from demo.accounts.invoices import ChargedItem, issue_manually
from demo.accounts.lifecycle import cancel, change_now, pause, plan_cancel, suspend
from demo.accounts.methods import bank, card, wallet
from demo.accounts.payments import Debt, decline, pay, pay_all
from demo.accounts.schedules import Agreement, agree, pay_when_due, schedule_of
from demo.accounts.subscriptions import DemoContract, PurchaseTerms, begin, cycle_of, price_of
from demo.records.account import DemoAccount, open_account
from demo.records.catalogue import COUPONS
from demo.records.people import random_person
from demo.records.periods import last_boundary
from demo.records.rows import SeedCustomer, SeedInvoice, SeedPaymentMethod
from demo.records.tables import Rows

CODES = ("starter", "team", "business", "storage", "enterprise-support")
BRANDS = ("visa", "visa", "mastercard", "amex")
INVOICINGS = ("NONE", "COLLECTIVE", "PER_INSTALLMENT")
CODES_OF_DECLINES = ("insufficient_funds", "insufficient_funds", "do_not_honor", "processing_error", "lost_card")
EXTRAS = ("Text messages", "Extra seats, prorated", "Set-up by phone")


def generate(number: int, *, now: datetime, rows: Rows) -> None:
    """Add the rows of the customer with this number."""
    random = Random(number)
    account = open_account(_customer(random, number, now), random, now=now, rows=rows)
    method = _methods(account)
    for _ in range(random.choice((1, 2, 2, 3))):
        _subscribe(account, method)
    if random.random() < 0.4:
        _schedule(account, method)
    if random.random() < 0.3:
        _by_hand(account, method)


def generated_id(number: int, now: datetime) -> str:
    """Return the id of the customer with this number. Only the time in it depends on `now`."""
    return _customer(Random(number), number, now).id


def _customer(random: Random, number: int, now: datetime) -> SeedCustomer:
    region, name, email = random_person(random, number)
    created_at = now - timedelta(days=random.randint(400, 1200), seconds=random.randrange(86_400))
    return SeedCustomer(
        id=type_id("cus", int(created_at.timestamp() * 1000), entropy=random.getrandbits(74)),
        name=name,
        email=email,
        locale=region.locale,
        time_zone=random.choice(region.zones),
        currency=region.currency,
        tax_rate_ppm=region.tax_rate_ppm,
        created_at=created_at,
    )


def _methods(account: DemoAccount) -> SeedPaymentMethod:
    """Add one or two methods and return the default one."""
    random, created_at = account.random, account.ago(395)
    if random.random() < 0.4:
        card(account, random.choice(BRANDS), _digits(random), created_at=account.ago(200), expires_in_months=random.randint(-8, 30))
    if account.customer.currency == "EUR" and random.random() < 0.3:
        return bank(account, "SEPA_DEBIT", _digits(random), created_at=created_at, is_default=True)
    if random.random() < 0.08:
        return wallet(account, "google_pay", created_at=created_at, is_default=True)
    return card(account, random.choice(BRANDS), _digits(random), created_at=created_at, expires_in_months=random.randint(0, 40), is_default=True)


def _digits(random: Random) -> str:
    return f"{random.randrange(10_000):04d}"


def _subscribe(account: DemoAccount, method: SeedPaymentMethod) -> None:
    random = account.random
    price = price_of(account, random.choice(CODES), interval="YEAR" if random.random() < 0.15 else "MONTH")
    coupon = COUPONS[random.choice(("WELCOME20", "SPRING15"))] if random.random() < 0.12 else None
    extra = ChargedItem(random.choice(EXTRAS), price.unit_minor // 10 or 1, random.randint(1, 3)) if random.random() < 0.35 else None
    terms = PurchaseTerms(price, random.choice((1, 1, 1, 2, 5)), method if random.random() < 0.3 else None, coupon, extra=extra)
    started_at = account.ago(random.random() * 30, months=random.choice((0, 2, 3, 4, 5, 6, 7, 8, 9)))
    fate = random.random()
    if fate < 0.84:
        _goes_on(account, begin(account, terms, started_at=started_at), method)
    elif fate < 0.92:
        _stops(account, terms, method, started_at)
    else:
        _not_yet(account, terms)


def _goes_on(account: DemoAccount, contract: DemoContract, method: SeedPaymentMethod) -> None:
    *paid, last = contract.invoices
    pay_all(account, paid, method=method)
    _charge_last(account, last, method)
    fate = account.random.random()
    if fate < 0.05:
        plan_cancel(account, contract.subscription, at=account.ago(0.1))
    elif fate < 0.08:
        suspend(account, contract.subscription, at=account.ago(0.2), by="DUNNING" if last.status == "OPEN" else "CUSTOMER")
        last.collection = "GIVEN_UP" if last.status == "OPEN" else last.collection
    elif fate < 0.2 and contract.terms.coupon is None:
        _downgrade(account, contract, last)


def _downgrade(account: DemoAccount, contract: DemoContract, last: SeedInvoice) -> None:
    """Change to a lower price at once: the rest of the period is worth more than at the new price."""
    price = price_of(account, "storage", interval=contract.terms.price.billing_interval)
    if price.unit_minor < contract.terms.price.unit_minor:
        change_now(account, contract, price, at=account.not_later(last.issued_at + timedelta(hours=20)))


def _charge_last(account: DemoAccount, invoice: SeedInvoice, method: SeedPaymentMethod) -> None:
    fate = account.random.random()
    debt, at = Debt(invoice), invoice.issued_at + timedelta(minutes=5)
    if fate < 0.82:
        pay(account, debt, method=method, at=at)
    elif fate < 0.94:
        decline(account, debt, method=method, at=at, code=account.random.choice(CODES_OF_DECLINES))
    elif fate < 0.97:
        pay(account, debt, method=method, at=at, amount_minor=max(invoice.total_minor // 2, 1))


def _stops(account: DemoAccount, terms: PurchaseTerms, method: SeedPaymentMethod, started_at: datetime) -> None:
    """Add a subscription that was canceled or paused at the end of a period."""
    started_at = account.not_later(started_at - timedelta(days=70))
    ended_at = last_boundary(cycle_of(account, terms.price, started_at), before=account.now)
    if ended_at == started_at:
        _goes_on(account, begin(account, terms, started_at=started_at), method)
        return
    contract = begin(account, terms, started_at=started_at, until=ended_at)
    pay_all(account, contract.invoices, method=method)
    if account.random.random() < 0.6:
        cancel(account, contract.subscription, at=ended_at, reason=account.random.choice(("TOO_EXPENSIVE", "UNUSED", "OTHER")))
    else:
        pause(account, contract.subscription, at=ended_at, resumes_at=account.now + timedelta(days=account.random.randint(5, 90)))


def _not_yet(account: DemoAccount, terms: PurchaseTerms) -> None:
    """Add a subscription in its trial, or one that starts in the future."""
    if account.random.random() < 0.6:
        terms.trial_days = 14
        begin(account, terms, started_at=account.ago(account.random.random() * 13))
    else:
        begin(account, terms, started_at=account.now + timedelta(days=account.random.randint(1, 40)))


def _schedule(account: DemoAccount, method: SeedPaymentMethod) -> None:
    """Add a payment schedule, of which the last due installment may be unpaid."""
    random, price = account.random, price_of(account, "business")
    months = random.randint(1, 5)
    parts = (price.unit_minor,) * random.randint(3, 6)
    first_due_on = account.day(account.ago(random.random() * 25, months=months))
    agreement = Agreement("Equipment in installments", parts, random.choice(INVOICINGS), price.currency, first_due_on)
    debts = agree(account, agreement, created_at=account.ago(45, months=months))
    is_late = random.random() < 0.25
    pay_when_due(account, debts[: months if is_late else months + 1], method=method)
    if random.random() < 0.5:
        attach(account, schedule_of(debts), "agreement.pdf", at=account.ago(40, months=months))


def _by_hand(account: DemoAccount, method: SeedPaymentMethod) -> None:
    random, price = account.random, price_of(account, "team")
    invoice = issue_manually(account, [ChargedItem("Consulting, hours", price.unit_minor, random.randint(2, 9))], issued_at=account.ago(random.random() * 60))
    credit = price.unit_minor // 2
    balance.enter(account, "ADJUSTMENT", credit * 2, at=account.ago(70))
    if random.random() < 0.6:
        balance.apply_credit(account, invoice, credit, at=invoice.issued_at)
        pay(account, Debt(invoice), method=method, at=invoice.issued_at + timedelta(days=2))
    if random.random() < 0.3:
        attach(account, invoice, "purchase-order.pdf", at=account.ago(0.5))
