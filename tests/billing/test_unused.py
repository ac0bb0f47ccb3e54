"""The tax over all documents of a subscription is the tax of the time that was used, whatever was changed on the way.

The model is independent: each charge is a price, a coupon, a tax rate and a span of time, in exact fractions, and is used until the next change of plan. The rules count
in minor units and round each amount of a line once: the charge's tax (with the price and the discount below it), and the tax of its unused time. So for each line the
documents may differ from the fractions by those roundings and by no more. What is shared out between lines and credit notes is not rounded again: it adds up exactly.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing.lifecycle import stops
from billing.lifecycle.change import change
from billing.lifecycle.clock import renew
from billing.lifecycle.facts import ChangeWhen, Decision, InvoiceDraft, SubscriptionFacts, When
from billing.money.notes import RemainingAmounts, remaining_of
from billing.rows.contracts import BillingAccount, Contract, Cover, Offer

START = datetime(2027, 1, 31, 10, 15, tzinfo=UTC)
MILLION = 1_000_000
HALF = Fraction(1, 2)

PRICES = st.integers(0, 20_000)
RATES = st.sampled_from([0, 77_000, 190_000, 200_000, 250_000])
STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "minor": PRICES,
            "quantity": st.integers(1, 3),
            "interval": st.sampled_from(["MONTH", "MONTH", "MONTH", "YEAR", "WEEK"]),
            "behavior": st.sampled_from(["EXCLUSIVE", "EXCLUSIVE", "INCLUSIVE"]),
            "seconds": st.integers(0, 40 * 86_400),
            "rate": st.none() | RATES,
            "coupon": st.none() | st.just((None, None)) | st.tuples(st.integers(0, MILLION), st.none()) | st.tuples(st.none(), st.integers(0, 9_000)),
            "open": st.fractions(0, 1) | st.sampled_from([Fraction(0), Fraction(1)]),
            "is_renewal": st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Document:
    """An invoice, and the credit notes on it."""

    id: str
    reason: str
    net: int
    tax: int
    open: int
    notes: list[RemainingAmounts]

    @property
    def left(self) -> RemainingAmounts:
        return remaining_of(RemainingAmounts(self.net, self.tax), self.notes)


@dataclass
class Charged:
    """A line that charges for a span of time, as the documents have it and in exact fractions."""

    starts_at: datetime
    ends_at: datetime
    minor: tuple[int, int]  # total and tax
    tax: Fraction
    rate: Fraction
    used: Fraction = Fraction(1)


class History:
    """A subscription whose decisions are written down here, as the database would have them."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.documents: list[Document] = []
        self.charges: list[Charged] = []
        self.balance = 0
        self.now = START
        offer = _offer(first, "price_0")
        self.offers = {offer.price_id: offer}
        self.account = replace(ACCOUNT, tax_rate_ppm=first["rate"] or 0)
        self.contract = replace(CONTRACT, price_id=offer.price_id, quantity=first["quantity"])
        self.coupon(first["coupon"])
        self.write(renew(self.facts()), Fraction(0))

    def coupon(self, terms: tuple[int | None, int | None] | None) -> None:
        """None leaves the one that runs, and a pair of None ends it."""
        if terms is not None:
            percent, amount = terms
            runs = percent is not None or amount is not None
            self.account = replace(
                self.account, redemption_id="red" if runs else None, coupon_id="cpn" if runs else None, percent_off_ppm=percent, amount_off_minor=amount
            )

    def facts(self) -> SubscriptionFacts:
        account = replace(self.account, balance_minor=self.balance)
        if self.documents:
            newest, line = self.documents[-1], self.charges[-1]
            account = replace(
                account, coverage_starts_at=line.starts_at, coverage_ends_at=line.ends_at, coverage_total_minor=line.minor[0], coverage_tax_minor=line.minor[1],
                coverage_remaining_minor=newest.open, coverage_invoice_id=newest.id,
            )  # fmt: skip
        return SubscriptionFacts(self.contract, account, self.offers, self.now, tuple(self.covers()))

    def covers(self) -> list[Cover]:
        """Back to the invoice that began the period."""
        covers = []
        for document in reversed(self.documents):
            covers.append(Cover("cus", document.id, document.left.net_minor, document.left.tax_minor, document.open, False))
            if document.reason != "PLAN_CHANGE":
                break
        return covers

    def step(self, step: dict[str, Any]) -> None:
        period_ends_at = self.contract.period_ends_at or self.now
        if step["rate"] is not None:
            self.account = replace(self.account, tax_rate_ppm=step["rate"])
        self.coupon(step["coupon"])
        at = self.now + timedelta(seconds=step["seconds"])
        if step["is_renewal"] or at >= period_ends_at:
            self.now = period_ends_at
            self.write(renew(self.facts()), step["open"])
            return
        self.now = at
        offer = _offer(step, f"price_{len(self.offers)}")
        self.offers = self.offers | {offer.price_id: offer}
        facts = self.facts()
        decision = change(facts, offer, step["quantity"], when=ChangeWhen.NOW)
        self.take_back(facts, decision)
        self.write(decision, Fraction(0))

    def take_back(self, facts: SubscriptionFacts, decision: Decision) -> None:
        """The notes, each within what its invoice has; and line and notes are together the unused time, in net and tax."""
        line = self.charges[-1]
        left = Fraction((line.ends_at - max(self.now, line.starts_at)) // timedelta(seconds=1), max((line.ends_at - line.starts_at) // timedelta(seconds=1), 1))
        line.used = 1 - left
        assert decision.bill is not None
        taken = [-part.amounts.total_minor for part in decision.bill.lines if part.amounts.total_minor < 0 or part.description.startswith("Unused")]
        unused = sum(taken) + sum(note.total_minor for note in decision.notes)
        assert abs(unused - line.minor[0] * left) <= HALF
        taxes = [-part.amounts.tax_minor for part in decision.bill.lines if part.description.startswith("Unused")]
        assert abs(sum(taxes) + sum(note.tax_minor for note in decision.notes) - line.minor[1] * left) <= HALF
        for note in decision.notes:
            document = next(document for document in self.documents if document.id == note.invoice_id)
            assert min(note.net_minor, note.tax_minor, note.released_minor, note.granted_minor) >= 0
            assert note.total_minor == note.released_minor + note.granted_minor > 0
            assert note.released_minor <= document.open
            document.open -= note.released_minor
            document.notes.append(RemainingAmounts(note.net_minor, note.tax_minor))
            assert min(document.left.net_minor, document.left.tax_minor) >= 0
            self.balance += note.granted_minor

    def write(self, decision: Decision, open_part: Fraction) -> None:
        """`open_part` of the invoice stays unpaid; one that is waited for is paid."""
        assert decision.bill is not None
        bill, self.contract = decision.bill, decision.contract
        net = sum(line.amounts.subtotal_minor - line.amounts.discount_minor for line in bill.lines)
        tax = sum(line.amounts.tax_minor for line in bill.lines)
        assert net >= 0
        assert tax >= 0
        assert 0 <= bill.credited_minor <= max(self.balance, 0)
        self.balance -= bill.credited_minor
        opened = 0 if bill.is_waiting else int(open_part * bill.remaining_minor)
        self.documents.append(Document(f"inv_{len(self.documents)}", bill.reason, net, tax, opened, []))
        self.charges.append(self.charged(bill))

    def charged(self, bill: InvoiceDraft) -> Charged:
        """What the last line of a bill comes to in exact fractions."""
        line, offer = bill.lines[-1], self.offers[self.contract.price_id]
        minor = offer.unit_minor * self.contract.quantity
        period = Fraction(line.period.seconds)
        whole = period
        if bill.reason == "PLAN_CHANGE" and line.period.ends_at == self.contract.period_ends_at and self.contract.period_starts_at:
            whole = Fraction((line.period.ends_at - self.contract.period_starts_at) // timedelta(seconds=1))
        part = period / whole
        price = minor * part
        account = self.account
        if account.percent_off_ppm is not None:
            price -= price * Fraction(account.percent_off_ppm, MILLION)
        elif account.amount_off_minor is not None:
            price -= min(account.amount_off_minor * part, price)
        rate = Fraction(account.tax_rate_ppm, MILLION)
        tax = price * rate / (1 + rate if offer.tax_behavior == "INCLUSIVE" else 1)
        return Charged(line.period.starts_at, line.period.ends_at, (line.amounts.total_minor, line.amounts.tax_minor), tax, rate)


def _offer(step: dict[str, Any], price_id: str) -> Offer:
    return Offer(price_id, "plan", price_id, 0, "EUR", step["minor"], step["interval"], 1, step["behavior"], is_archived=False, moves_to=None)


CONTRACT = Contract(
    customer_id="cus", id="sub", plan_id="plan", price_id="", currency="EUR", quantity=1, status="ACTIVE", holds=[], suspended_by=None, started_at=START,
    trial_ends_at=None, period_starts_at=None, period_ends_at=START, anchor_at=START, billing_zone="UTC", renews_at=START, renewal_minor=0, pending_kind=None,
    pending_at=None, pending_price_id=None, pending_plan_id=None, pending_quantity=None, pending_resumes_at=None, resumes_at=None, paused_at=None, suspended_at=None,
    canceled_at=None, cancel_reason=None, cancel_comment=None, payment_method_id=None, charging_payment_id=None, version=1, created_at=START, has_overdue=False,
)  # fmt: skip
ACCOUNT = BillingAccount(
    customer_id="cus", email="", currency="EUR", time_zone="UTC", tax_rate_ppm=0, balance_minor=0, has_overdue=False, method_id="pm", method_processor="",
    method_reference="", method_kind="CARD", method_brand=None, method_last4=None, coverage_invoice_id=None, coverage_starts_at=None, coverage_ends_at=None,
    coverage_total_minor=0, coverage_tax_minor=0, coverage_remaining_minor=0, redemption_id=None, coupon_id=None, coupon_code=None,
    percent_off_ppm=None, amount_off_minor=None, periods_left=None, used_until=None,
)  # fmt: skip


@given(STEPS)
def test_tax_over_all_documents_is_the_tax_of_the_time_that_was_used(steps: list[dict[str, Any]]) -> None:
    history = History(steps[0])
    for step in steps[1:]:
        history.step(step)
    canceled = stops.cancel(history.facts(), when=When.NOW, reason=None, comment=None)
    assert (canceled.bill, canceled.notes) == (None, ()), "a cancellation pays nothing back"
    documents = sum(document.left.tax_minor for document in history.documents)
    by_lines = sum(line.minor[1] * line.used for line in history.charges)
    changed = [line for line in history.charges if line.used < 1]
    assert abs(documents - by_lines) <= HALF * len(changed), "of a line only the tax of its unused time is rounded"
    consumed = sum(line.tax * line.used for line in history.charges)
    rounded = sum(HALF + line.rate * 2 * HALF for line in history.charges)  # the tax of a charge, and the price and the discount below it
    assert abs(documents - consumed) <= rounded + HALF * len(changed)
