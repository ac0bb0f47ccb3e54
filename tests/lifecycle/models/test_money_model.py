"""Random payments, cards, holds and clocks over simulated months, against the reference model: the same statuses, tries, balances and amounts, to the minor unit."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from billing.lifecycle.service import ServiceBegins
from billing.money.dunning import RetryPolicy
from billing.money.refunds import Report
from db.pool import Database
from jobs.clock import Billing, tick
from tests.auditing import violations
from tests.conftest import STAFF, Portal
from tests.lifecycle.conftest import START, Life, living, new_id
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.models.histories import IS_LONG
from tests.lifecycle.models.money_model import RETRY_DAYS, PaymentModel
from tests.lifecycle.models.money_rows import CARDS, Invoice, Payment, Reversal, Sub
from tests.lifecycle.models.reference import Price, Refusal
from tests.lifecycle.models.staff_history import StaffHistory
from tests.lifecycle.payments.test_paying import add, amounts_agree, change_method, pay, schedule
from tests.lifecycle.payments.test_refunds import record_refund

HISTORIES = 300 if IS_LONG else 12
STEPS = 60 if IS_LONG else 25
# With most steps, so that 60 of them take about 18 months. A clock that was late issues several periods in one pass.
PASSING = (1, 1, 2, 4, 7, 14, 21, 28, 28, 28, 65)
CONFIRM = "mutation M($i: ConfirmPaymentInput!) { confirmPayment(input: $i) { payment { status } userErrors { code } } }"


class History(StaffHistory):
    """The customer in the database, and the same customer in the model."""

    def __init__(self, life: Life, chance: Random, price: Price) -> None:
        self.life, self.chance, self.price = life, chance, price
        if chance.random() < 0.3:
            life.service_begins = ServiceBegins.ORDER
        self.model = PaymentModel(START, price, 1_081, begins_with_order=life.service_begins is ServiceBegins.ORDER)
        self.owned: dict[str, str] = {}
        self.split: dict[str, list[str]] = {}
        self.log: list[str] = []
        self.is_clock_next = False  # after a void by SQL: what it leaves a hold without a cause for is lifted by the next pass

    async def step(self) -> None:
        actions: list[Any] = [
            self.another_card, self.another_card, self.pays_an_invoice, self.pays_all, self.confirms,
            self.adds_a_plan, self.on_a_subscription, self.on_a_subscription, self.money_goes_back, self.money_goes_back, self.loses_the_card,
            self.splits_an_invoice, self.pays_an_installment, *self.of_staff(),
        ]  # fmt: skip
        if self.chance.random() < 0.7:
            await self.time_passes()
            await self.compare()
        await self.chance.choice(actions)()
        await self.compare()

    async def time_passes(self) -> None:
        self.life.now = self.model.now = self.model.now + timedelta(days=self.chance.choice(PASSING), minutes=self.chance.randint(2, 300))
        self.log.append(f"{self.model.now:%Y-%m-%dT%H:%M}")
        self.model.tick()
        self.is_clock_next = False
        policy, begins = RetryPolicy(RETRY_DAYS), self.life.service_begins
        done = await tick(Billing(self.life.database, {"sandbox": self.life.sandbox}, policy, concurrency=1, service_begins=begins), self.life.now)
        assert done.failures == 0, "\n".join(self.log)

    def predicted(self, name: str, decide: Callable[[], Any]) -> list[str]:
        try:
            decide()
            refusal: list[str] = []
        except Refusal as no:
            refusal = [str(no)]
        self.log.append(f"{name} {refusal or 'done'}")
        return refusal

    async def another_card(self) -> None:
        """Chosen as the default; the same one only with `retryPastDue`."""
        card = self.chance.choice([*CARDS, "mastercard", "mastercard"])
        if card == "visa":
            return
        if card not in self.owned:
            added = (await add(self.life, card))["paymentMethod"]
            self.owned[card] = added["id"]
            if added["isDefault"]:
                self.predicted(f"first card {card}", lambda: self.model.choose(card, is_requested=False))
                return
        is_requested = card == self.model.card or self.chance.random() < 0.4
        self.predicted(f"card {card} {is_requested}", lambda: self.model.choose(card, is_requested=is_requested))
        payload = await change_method(
            self.life, "setDefaultPaymentMethod", "paymentMethod { isDefault }", paymentMethodId=self.owned[card], retryPastDue=is_requested
        )
        assert payload["userErrors"] == [], "\n".join(self.log)

    async def loses_the_card(self) -> None:
        if self.chance.random() < 0.5:
            self.log.append("no card")
            self.model.card = None
            await self.life.admin.execute("update payment_method set is_default = false where customer_id = $1", self.life.customer_id)

    async def pays_an_invoice(self) -> None:
        if self.model.open:
            invoice = self.chance.choice(self.model.open)
            minor = self.chance.choice([None, None, self.chance.randint(1, 1_200)])
            refusal = self.predicted(f"pay {minor} {invoice.starts_at}", lambda: self.model.pay_invoice(invoice, minor))
            arguments = {} if minor is None else {"amountMinorUnits": str(minor)}
            self.same_refusal(await pay(self.life, "payInvoice", invoiceId=invoice.id, **arguments), refusal)

    async def splits_an_invoice(self) -> None:
        """It is to be paid in two installments."""
        whole = [one for one in self.model.open if one.remaining == one.total and not one.is_paying and not one.at_bank and one.id not in self.split]
        days = {one.due_on for one in self.model.invoices if one.id in self.split}
        if whole and whole[0].due_on not in days:
            invoice = whole[0]
            self.log.append(f"installments of {invoice.starts_at}")
            first = self.chance.randint(1, invoice.total - 1)
            self.split[invoice.id] = await schedule(self.life, first, invoice.total - first, invoicing="COLLECTIVE", covered_by=[invoice.id] * 2)
            invoice.installment = min(self.split[invoice.id])
            # Both are due with their invoice.
            await self.life.admin.execute("update installment set due_on = $2 where invoice_id = $1", invoice.id, invoice.due_on)

    async def pays_an_installment(self) -> None:
        invoices = [one for one in self.model.open if one.id in self.split]
        if invoices:
            invoice = self.chance.choice(invoices)
            row = self.chance.choice(await self.life.rows("installment", f"and invoice_id = '{invoice.id}' and remaining_minor > 0"))
            refusal = self.predicted(f"pay installment {row['remaining_minor']}", lambda: self.model.pay_invoice(invoice, row["remaining_minor"]))
            self.same_refusal(await pay(self.life, "payInstallment", installmentId=row["id"]), refusal)

    async def pays_all(self) -> None:
        refusal = self.predicted("pay all", self.model.pay_all_due)
        self.same_refusal(await pay(self.life, "payAllDue", currency="USD"), refusal)

    def same_refusal(self, payload: dict[str, Any], refusal: list[str]) -> None:
        assert [error["code"] for error in payload["userErrors"]] == refusal, "\n".join(self.log)

    async def confirms(self) -> None:
        waiting = [one for one in self.model.in_flight if one.status == "REQUIRES_ACTION"]
        for row in await self.life.rows("payment", "and status = 'REQUIRES_ACTION'"):
            payment = next(one for one in waiting if one.amount == row["amount_minor"] and one.started_at == row["created_at"])
            self.log.append(f"confirm {payment.amount}")
            await self.life.ask(CONFIRM, i={"paymentId": row["id"]})
            self.model.confirm(payment)

    async def adds_a_plan(self) -> None:
        if sum(sub.status != "CANCELED" for sub in self.model.subs) < 2:
            refusal = self.predicted("add a plan", self.model.add_plan)
            payload = await self.life.do("addPlan", priceId=self.price.id)
            self.same_refusal(payload, refusal)
            if not refusal:
                self.model.subs[-1].id = payload["subscription"]["id"]

    async def on_a_subscription(self) -> None:
        subs = [sub for sub in self.model.subs if sub.status != "CANCELED"]
        if not subs:
            return
        sub = self.chance.choice(subs)
        doing: dict[str, tuple[Callable[[Sub], None], bool]] = {
            "suspendSubscription": (self.model.suspend, sub.status == "ACTIVE" and not sub.charging),
            "resumeSubscription": (self.model.resume, sub.holds == {"CUSTOMER"} and not sub.charging),
            "cancelSubscription": (self.model.cancel, self.chance.random() < 0.4),
            "holdSubscription": (self.model.hold, True),
            "releaseSubscription": (self.model.release, True),
        }
        mutation = self.chance.choice([name for name, (_, is_possible) in doing.items() if is_possible])
        refusal = self.predicted(f"{mutation} {sub.key}", lambda: doing[mutation][0](sub))
        arguments = {"when": "NOW"} if mutation == "cancelSubscription" else {}
        viewer = STAFF if mutation in ("holdSubscription", "releaseSubscription") else None
        self.same_refusal(await self.life.do(mutation, viewer, subscriptionId=sub.id, **arguments), refusal)

    async def money_goes_back(self) -> None:
        """One report of a refund, of a dispute or of a debit that was returned, or of what became of one."""
        known = [(payment, back) for payment in self.model.payments for back in payment.backs if back.status in ("PENDING", "SUCCEEDED")]
        if known and self.chance.random() < 0.5:
            await self.back_goes_on(*self.chance.choice(known))
        elif payments := [one for one in self.model.payments if one.status == "SUCCEEDED" and one.refunded < one.amount]:
            payment = self.chance.choice(payments)
            reasons = ["GOODWILL", "GOODWILL", "DISPUTE", "RETURNED"]
            reason = self.chance.choice(reasons if payment.purpose != "RECORD" else reasons[:2])
            left = payment.amount - payment.refunded - (payment.pending if reason == "GOODWILL" else 0)
            if left > 0:
                back = Reversal(reason, f"{reason} {len(self.log)}", self.chance.choice([left, self.chance.randint(1, left)]))
                payment.backs.append(back)
                status = self.chance.choice(["PENDING", "SUCCEEDED"]) if reason == "GOODWILL" else "SUCCEEDED"
                await self.tell(payment, back, status)

    async def back_goes_on(self, payment: Payment, back: Reversal) -> None:
        """What was pending succeeds or fails, what succeeded fails, and what a bank took back comes again. An old report comes once more."""
        after = {"PENDING": ["SUCCEEDED", "FAILED"], "SUCCEEDED": ["REVERSED" if back.is_bank else "FAILED"]}[back.status]
        await self.tell(payment, back, self.chance.choice([*after, "PENDING"]))

    async def tell(self, payment: Payment, back: Reversal, status: str) -> None:
        minor = back.amount
        self.log.append(f"{back.reference}: {status} {minor} of {payment.amount}")
        if status == "SUCCEEDED":
            self.model.reverse(payment, back)
        elif status == "REVERSED":
            self.model.undo_reversal(payment, back)
        elif status == "FAILED":
            self.model.fail_refund(payment, back)
        await record_refund(self.life, payment.id, Report(back.reference, minor, status, back.reason))

    # How both are compared.

    async def compare(self) -> None:
        rows = {row["id"]: row for row in await self.life.rows("subscription")}
        for sub in self.model.subs:
            row = rows[sub.id]
            expected = (sub.status, sorted(sub.holds), sub.starts_at, sub.ends_at, sub.charging is not None)
            seen = (row["status"], sorted(row["holds"]), row["period_starts_at"], row["period_ends_at"], row["charging_payment_id"] is not None)
            assert seen == expected, "\n".join(self.log)
        invoices = {(row["subscription_id"], row["period_starts_at"]) if row["subscription_id"] else row["id"]: row for row in await self.life.rows("invoice")}
        assert len(invoices) == len(self.model.invoices), "\n".join(self.log)
        for invoice in self.model.invoices:
            self.same_invoice(invoice, invoices[(invoice.sub.id, invoice.starts_at) if invoice.sub else invoice.id])
        await self.same_installments()
        assert sum(row["amount_minor"] for row in await self.life.rows("balance_entry")) == self.model.balance, "\n".join(self.log)
        await self.name_payments()
        moving = sorted(row["amount_minor"] for row in await self.life.rows("payment", "and status in ('PROCESSING', 'REQUIRES_ACTION')"))
        assert moving == sorted(one.amount for one in self.model.in_flight), "\n".join(self.log)
        paid = sum(row["amount_minor"] for row in await self.life.rows("payment", "and status in ('SUCCEEDED', 'REFUNDED')"))
        assert paid == sum(one.amount for one in self.model.payments if one.status == "SUCCEEDED"), "\n".join(self.log)

    async def same_installments(self) -> None:
        """Together they are what their invoice is: paid by money and credit, given back, and remaining."""
        for invoice in self.model.invoices if self.split else ():
            if invoice.id in self.split:
                rows = await self.life.rows("installment", f"and invoice_id = '{invoice.id}'")
                sums = [sum(row[f"{name}_minor"] for row in rows) for name in ("paid", "refunded", "remaining")]
                back = invoice.paid_back + invoice.freed
                # A credit note lowers the invoice, and not what its installments were agreed to be.
                open_minor = sums[2] - invoice.released if invoice.remaining else invoice.remaining
                assert [*sums[:2], open_minor] == [invoice.paid + invoice.applied - invoice.freed, back, invoice.remaining], "\n".join(self.log)

    async def name_payments(self) -> None:
        """The ids of payments that succeeded since: the same amount, instant and invoices."""
        unnamed = [one for one in self.model.payments if one.status == "SUCCEEDED" and not one.id]
        if not unnamed:
            return
        named = {one.id for one in self.model.payments}
        allocations = await self.life.rows("payment_allocation")
        for row in await self.life.rows("payment", "and status = 'SUCCEEDED'"):
            invoices = {one["invoice_id"] for one in allocations if one["payment_id"] == row["id"]}
            same = [one for one in unnamed if not one.id and (one.amount, one.started_at) == (row["amount_minor"], row["created_at"])]
            if row["id"] not in named and same:
                min(same, key=lambda one: {invoice.id for invoice, minor in one.paid.values() if minor} != invoices).id = row["id"]
        assert all(one.id for one in unnamed), self.log

    def same_invoice(self, invoice: Invoice, row: asyncpg.Record) -> None:
        invoice.id = row["id"]
        expected = self.model.seen(invoice)
        stored = {name: row[name] for name in expected}
        # The table has what was decided last; of what is paid the portal says NONE.
        if not row["remaining_minor"]:
            stored |= {"collection": "NONE", "collect_at": None}
        if invoice.is_paying:
            stored["collect_at"] = expected["collect_at"]
        assert stored == expected, "\n".join(self.log)
        assert (row["status"] == "PROCESSING") == (invoice.is_paying and invoice.remaining > 0), "\n".join(self.log)


@pytest.fixture
async def price(owner: asyncpg.Connection) -> Price:
    plan, price = new_id("plan"), Price(new_id("price"), "", 1_000, "MONTH")
    await owner.execute("insert into plan (id, code, name, trial_days, created_at) values ($1, $1, 'A plan', 0, $2)", plan, START)
    await owner.execute(
        """insert into price (id, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, created_at)
           values ($1, $2, 'USD', 1000, 'MONTH', 1, 'EXCLUSIVE', $3)""",
        price.id, plan, START,
    )  # fmt: skip
    return price


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_payments_tries_and_holds_are_those_of_the_model(seed: int, portal: Portal, pool: Database, owner: asyncpg.Connection, price: Price) -> None:
    async with living(portal, pool, owner) as life:
        history = History(life, Random(seed), price)
        await history.adds_a_plan()
        await history.compare()
        for _ in range(STEPS):
            await history.step()
            assert (await figures_agree(life))["USD"].due == history.model.due, "\n".join(history.log)
        if history.is_clock_next:
            await history.time_passes()
        await history.compare()
        await amounts_agree(life)
        assert await violations(owner, {life.customer_id}) == []
