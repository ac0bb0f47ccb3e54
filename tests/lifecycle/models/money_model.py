"""A simple reference model of payments: slow and confirmed charges, attempts of the billing clock and of the customer, holds, refunds, disputes, returned debits and the account.

It has one customer with monthly subscriptions at one price, and is written from the documentation and not from the code.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from tests.lifecycle.models.money_rows import CARDS, Card, Invoice, Payment, Reversal, Sub
from tests.lifecycle.models.reference import ZONE, Price, Refusal, next_boundary
from tests.lifecycle.models.staff_model import StaffModel

RETRY_DAYS = (1, 3, 7, 14)
DAYS_TO_PAY = timedelta(days=14)
CONFIRMED_WITHIN = timedelta(hours=1)
# The delay of the clock's next attempt after the processor was unavailable.
AGAIN = timedelta(hours=1)
ABANDONED = Card(succeeds=False)
UNCONFIRMED = Card(succeeds=False, is_final=True)


class PaymentModel(StaffModel):
    """The model of one customer: subscriptions, invoices, payments, the balance and the default card."""

    def __init__(self, now: datetime, price: Price, total: int, *, begins_with_order: bool = False) -> None:
        self.now, self.price, self.total, self.begins_with_order = now, price, total, begins_with_order
        self.subs: list[Sub] = []
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        # The balance after each change.
        self.balances: list[tuple[datetime, int]] = [(now, 0)]
        self.card: str | None = "visa"

    @property
    def balance(self) -> int:
        return self.balances[-1][1]

    @balance.setter
    def balance(self, minor: int) -> None:
        if minor != self.balance:
            self.balances.append((self.now, minor))

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def in_flight(self) -> list[Payment]:
        return [one for one in self.payments if one.status in ("PROCESSING", "REQUIRES_ACTION")]

    @property
    def free_credit(self) -> int:
        return max(self.balance - sum(one.reserved for one in self.in_flight), 0)

    @property
    def owed_on_account(self) -> int:
        return max(max(-self.balance, 0) - sum(one.account for one in self.in_flight), 0)

    @property
    def open(self) -> list[Invoice]:
        return sorted((one for one in self.invoices if one.remaining > 0), key=lambda one: one.age)

    @property
    def due(self) -> int:
        return sum(one.remaining for one in self.open) + max(-self.balance, 0)

    def usable(self, invoice: Invoice) -> str | None:
        return None if self.card in invoice.final else self.card

    # Charges.

    def charge(self, payment: Payment) -> Payment:
        """Charge a card in a request of the customer."""
        card = CARDS[payment.card]
        if card.answer == "AWAY":
            raise Refusal("PAYMENT_UNAVAILABLE")
        if card.answer == "AT_ONCE" and not card.succeeds:
            for invoice, _ in payment.parts:
                self.note_decline(invoice, payment.card, is_final=card.is_final)
            raise Refusal("PAYMENT_DECLINED")
        self.payments.append(payment)
        payment.status = "REQUIRES_ACTION" if card.answer == "ACTION" else "PROCESSING"
        for invoice, _ in [*payment.parts, *payment.credit]:
            invoice.is_paying = True
        if payment.sub and self.begins_with_order and card.answer == "LATER":
            self.begin_on_account(payment, payment.sub)
        elif payment.sub:
            payment.sub.charging = payment
        if card.answer == "AT_ONCE":
            self.succeed(payment)
        return payment

    def begin_on_account(self, payment: Payment, sub: Sub) -> None:
        """Begin the period when the processor has accepted the debit; the payment then is one of the clock for the invoice."""
        invoice = self.new_period(sub, self.now, is_waiting=True, credit=payment.reserved)
        invoice.is_paying, invoice.state, invoice.next_at = True, "DUE", self.now
        payment.purpose, payment.parts, payment.reserved, payment.sub = "CLOCK", [(invoice, payment.amount)], 0, None

    def note_decline(self, invoice: Invoice, card: str, *, is_final: bool) -> None:
        """Record the last decline of a card for an invoice, which decides whether the card may be charged again."""
        invoice.final = invoice.final | {card} if is_final else invoice.final - {card}

    def decide(self, payment: Payment, card: Card) -> None:
        if card.succeeds:
            self.succeed(payment)
        else:
            self.fail(payment, card)

    def succeed(self, payment: Payment) -> None:
        payment.status = "SUCCEEDED"
        if payment.purpose == "PERIOD":
            self.period_is_paid(payment)
        for invoice, minor in payment.parts:
            used = min(minor, invoice.remaining)
            invoice.paid += used
            payment.keep(invoice, used)
            self.overpay(payment, minor - used)
        for invoice, minor in payment.credit:
            used = min(minor, invoice.remaining, max(self.balance, 0))
            invoice.applied += used
            self.balance -= used
        self.balance += payment.account
        self.after(payment)
        self.end_dunning_holds()

    def overpay(self, payment: Payment, minor: int) -> None:
        payment.overpaid += minor
        self.balance += minor

    def after(self, payment: Payment) -> None:
        for invoice, _ in [*payment.parts, *payment.credit]:
            invoice.is_paying = False
        self.close_paid()

    def close_paid(self) -> None:
        for invoice in self.invoices:
            if not invoice.remaining:
                invoice.state, invoice.next_at = "NONE", None

    def period_is_paid(self, payment: Payment) -> None:
        sub = payment.sub
        assert sub
        is_awaited = sub.charging is payment
        sub.charging = None if is_awaited else sub.charging
        if not is_awaited or "MERCHANT" in sub.holds:
            if sub.status == "PENDING":
                sub.status = "SUSPENDED"
            self.overpay(payment, payment.amount)
            return
        invoice = self.new_period(sub, self.now, is_waiting=True, credit=payment.reserved)
        invoice.paid = payment.amount
        payment.keep(invoice, payment.amount)

    def fail(self, payment: Payment, card: Card) -> None:
        payment.status = "FAILED"
        sub = payment.sub
        if sub and sub.charging is payment:
            sub.charging = None
            if sub.starts_at is None and sub.status != "CANCELED":
                self.cancel(sub)
        self.after(payment)
        for invoice, _ in payment.parts:
            if not card.never_arrives:
                self.note_decline(invoice, payment.card, is_final=card.is_final)
            if payment.purpose == "CLOCK" and invoice.remaining:
                self.declined(invoice, payment.card, never_arrives=card.never_arrives)

    # Periods.

    def new_period(self, sub: Sub, at: datetime, *, is_waiting: bool, credit: int | None = None) -> Invoice:
        if sub.anchor is None or credit is not None or at != sub.ends_at:
            sub.anchor = at
        ends_at = next_boundary(sub.anchor, self.price, at)
        applied = min(self.free_credit, self.total) if credit is None else credit
        self.balance -= applied
        due_on = self.today + (timedelta(0) if is_waiting else DAYS_TO_PAY)
        invoice = Invoice(sub, at, ends_at, self.total, due_on, applied=applied)
        if not is_waiting and invoice.remaining:
            invoice.state, invoice.next_at = "DUE", at
        self.invoices.append(invoice)
        sub.status, sub.starts_at, sub.ends_at, sub.holds = "ACTIVE", at, ends_at, set()
        return invoice

    def ask_for_period(self, sub: Sub) -> None:
        """Order a period: it is charged at once, and begins with the payment."""
        credit = min(self.free_credit, self.total)
        if credit == self.total:
            self.new_period(sub, self.now, is_waiting=True, credit=credit)
        else:
            self.charge(Payment("PERIOD", self.method(), self.total - credit, self.now, reserved=credit, sub=sub))

    def method(self) -> str:
        if self.card is None:
            raise Refusal("PAYMENT_METHOD_REQUIRED")
        return self.card

    def go_on(self, sub: Sub) -> None:
        if sub.ends_at and sub.ends_at > self.now:
            sub.status, sub.holds = "ACTIVE", set()
        else:
            self.new_period(sub, self.now, is_waiting=False)

    # Mutations of the customer and staff.

    def add_plan(self) -> Sub:
        self.method()
        sub = Sub(len(self.subs), "PENDING")
        self.ask_for_period(sub)
        self.subs.append(sub)
        return sub

    def suspend(self, sub: Sub) -> None:
        sub.status = "SUSPENDED"
        sub.holds.add("CUSTOMER")

    def resume(self, sub: Sub) -> None:
        if sub.ends_at and sub.ends_at > self.now:
            self.go_on(sub)
        else:
            self.ask_for_period(sub)

    def cancel(self, sub: Sub) -> None:
        """Cancel a subscription. A payment in progress becomes credit if it succeeds; reserved credit is released at once."""
        if sub.charging:
            sub.charging.reserved = 0
        sub.status, sub.holds, sub.charging = "CANCELED", set(), None

    def hold(self, sub: Sub) -> None:
        sub.status = "SUSPENDED"
        sub.holds.add("MERCHANT")

    def release(self, sub: Sub) -> None:
        if "MERCHANT" in sub.holds:
            sub.holds.remove("MERCHANT")
            if sub.holds:
                return
            if sub.charging:
                sub.status = "PENDING" if sub.starts_at is None else "SUSPENDED"
                return
        elif sub.holds == {"DUNNING"}:
            for invoice in self.open:
                if invoice.sub is sub and invoice.state != "NONE":
                    invoice.state, invoice.next_at = "GIVEN_UP", None
        else:
            raise Refusal("WRONG_STATE")
        self.go_on(sub)

    def pay_invoice(self, invoice: Invoice, minor: int | None = None) -> None:
        """Pay the remaining amount of an invoice, or a part of it."""
        if invoice.is_paying:
            raise Refusal("IN_PROGRESS")
        if minor is not None and minor > invoice.remaining:
            raise Refusal("AMOUNT_TOO_HIGH")
        self.pay([(invoice, minor or invoice.remaining)], account=0)

    def pay_all_due(self) -> None:
        invoices = [one for one in self.open if not one.is_paying]
        if not invoices and not self.owed_on_account:
            raise Refusal("IN_PROGRESS" if self.due else "ALREADY_PAID")
        self.pay([(one, one.remaining) for one in invoices], account=self.owed_on_account)

    def pay(self, invoices: list[tuple[Invoice, int]], *, account: int) -> None:
        """Pay invoices: credit pays the oldest first, and the card the rest."""
        left, credit, parts = self.free_credit, [], []
        for invoice, minor in invoices:
            used = min(left, minor)
            left -= used
            credit += [(invoice, used)] if used else []
            parts += [(invoice, minor - used)] if used < minor else []
        amount = sum(minor for _, minor in parts) + account
        reserved = sum(minor for _, minor in credit)
        if amount:
            self.charge(Payment("PAY", self.method(), amount, self.now, parts, credit, reserved, account))
            return
        for invoice, minor in credit:
            invoice.applied += minor
            self.balance -= minor
        self.close_paid()
        self.end_dunning_holds()

    def confirm(self, payment: Payment) -> None:
        self.decide(payment, CARDS[payment.card])

    def choose(self, card: str, *, is_requested: bool) -> None:
        """Choose another default card, or retry what is past due."""
        self.card = card
        for invoice in [one for one in self.open if one.is_collected]:
            self.methods_changed(invoice, is_requested=is_requested and (invoice.state != "NONE" or invoice.due_on < self.today))

    # Dunning.

    def methods_changed(self, invoice: Invoice, *, is_requested: bool) -> None:
        card = self.usable(invoice)
        if invoice.disputed:
            invoice.state, invoice.next_at = "GIVEN_UP", None
        elif invoice.state == "NONE" and not is_requested:
            return
        elif card is None:
            invoice.state = "WAITING_FOR_METHOD" if invoice.state == "RETRYING" else invoice.state
        elif invoice.state == "DUE":
            invoice.next_at = self.now if is_requested else invoice.next_at
        elif invoice.state == "NONE" or card != invoice.tried:
            self.anew(invoice)
        elif is_requested or invoice.state == "WAITING_FOR_METHOD":
            invoice.state, invoice.next_at = "DUE", self.now

    def anew(self, invoice: Invoice) -> None:
        invoice.state, invoice.next_at = "DUE", self.now
        self.count_anew(invoice)

    def count_anew(self, invoice: Invoice) -> None:
        invoice.count, invoice.first_on, invoice.last_on, invoice.tried = 0, None, None, None

    def declined(self, invoice: Invoice, card: str | None, *, never_arrives: bool = False) -> None:
        """Record a failed attempt of the clock. An attempt that the customer requested with a card that had failed before does not count, nor one that did not reach the bank."""
        usable = self.usable(invoice)
        if invoice.disputed or invoice.state == "GIVEN_UP":
            invoice.state, invoice.next_at = "GIVEN_UP", None
            return
        if never_arrives:
            invoice.next_at = self.now + AGAIN
        elif usable not in (None, card):
            self.anew(invoice)
        elif invoice.state == "DUE" and invoice.count and card in (None, invoice.tried):
            invoice.has_failed = True
            self.wait(invoice, not_before=self.today + timedelta(days=1))
        else:
            self.failed_try(invoice, card)

    def failed_try(self, invoice: Invoice, card: str | None) -> None:
        invoice.has_failed = True
        if card not in (None, invoice.tried):
            invoice.count, invoice.first_on = 0, None
        invoice.count += 1
        invoice.first_on, invoice.last_on = invoice.first_on or self.today, self.today
        invoice.tried = card or invoice.tried
        if not self.wait(invoice, not_before=self.today + timedelta(days=1)):
            self.hold_by_dunning(invoice.sub)

    def wait(self, invoice: Invoice, *, not_before: date) -> bool:
        """Set the next attempt to the next day of the policy, at 09:00. Returns False after the last day."""
        if invoice.count > len(RETRY_DAYS):
            invoice.state, invoice.next_at = "GIVEN_UP", None
            return False
        assert invoice.first_on
        day = max(invoice.first_on + timedelta(days=RETRY_DAYS[invoice.count - 1]), not_before)
        invoice.state = "RETRYING" if self.usable(invoice) else "WAITING_FOR_METHOD"
        invoice.next_at = datetime.combine(day, time(9), ZONE)
        return True

    def hold_by_dunning(self, sub: Sub | None) -> None:
        if sub and sub.status == "ACTIVE":
            sub.status = "SUSPENDED"
            sub.holds.add("DUNNING")

    def end_dunning_holds(self) -> None:
        """End a hold by dunning when no invoice that it is about is open."""
        for sub in self.subs:
            about = [
                one for one in self.open if one.sub is sub and not one.is_written_off and (one.due_on < self.today or one.has_failed or one.state == "GIVEN_UP")
            ]
            if "DUNNING" in sub.holds and not about and not sub.charging:
                sub.holds.remove("DUNNING")
                if not sub.holds:
                    self.go_on(sub)

    # The clock.

    def tick(self) -> None:
        for payment in list(self.in_flight):
            if payment.status == "PROCESSING":
                self.decide(payment, CARDS[payment.card])
            elif payment.started_at + CONFIRMED_WITHIN < self.now:
                self.fail(payment, ABANDONED)
        self.end_dunning_holds()
        for sub in sorted(self.subs, key=lambda one: (one.ends_at or self.now, one.id)):
            while sub.status == "ACTIVE" and sub.ends_at and sub.ends_at <= self.now and not sub.charging:
                self.new_period(sub, sub.ends_at, is_waiting=False)
        seen: list[Invoice] = []
        while due := [one for one in self.open if one.next_at and one.next_at <= self.now and not one.is_paying and one not in seen]:
            for invoice in sorted(due, key=lambda one: (one.due_on, one.starts_at is None, one.starts_at or self.now, self.invoices.index(one))):
                seen.append(invoice)
                if invoice.remaining and invoice.next_at and not (invoice.sub and invoice.sub.charging):
                    self.collect(invoice)

    def collect(self, invoice: Invoice) -> None:
        card = self.usable(invoice)
        if card is None:
            self.declined(invoice, None)
            return
        account = max(self.owed_on_account - self.disputed_on_account, 0)
        payment = Payment("CLOCK", card, invoice.remaining + account, self.now, [(invoice, invoice.remaining)], account=account)
        self.payments.append(payment)
        answer = CARDS[card].answer
        invoice.is_paying = True
        if answer in ("AT_ONCE", "AWAY"):
            self.decide(payment, CARDS[card])
        elif answer == "ACTION":  # no customer can confirm it
            self.fail(payment, UNCONFIRMED)

    @property
    def disputed_on_account(self) -> int:
        """The disputed part of the account, which the clock does not charge: at most the lowest amount owed since the last dispute, in minor units."""
        disputes = [
            (one.at, part) for payment in self.payments for one in payment.applied("DISPUTE") for source, part in one.sources if isinstance(source, str)
        ]
        if not disputes:
            return 0
        disputed = sum(part for _, part in disputes)
        since = max(at for at, _ in disputes if at)
        return min([disputed, *(max(-minor, 0) for at, minor in self.balances if at > since)])

    # Refunds, disputes and returned debits.

    def reverse(self, payment: Payment, back: Reversal) -> None:
        """Apply a refund, a dispute or a returned debit. A bank does not wait for a refund in progress; what comes after it is at most the rest."""
        back.amount = min(back.amount, payment.amount - payment.refunded)
        if not back.amount:
            back.status = "FAILED"
            return
        back.status, back.at = "SUCCEEDED", self.now
        back.sources = self.take_from(payment, back.amount, is_bank=back.is_bank)
        invoices = [(source, part) for source, part in back.sources if isinstance(source, Invoice)]
        if back.is_bank:
            self.owed_again(payment, back.reason, invoices)
            return
        for invoice, part in invoices:
            invoice.paid_back += part
            self.free_what_credit_paid(invoice)
        # It is not due again.
        self.balance += sum(part for source, part in back.sources if source == "ACCOUNT")

    def free_what_credit_paid(self, invoice: Invoice) -> None:
        """Return the credit that paid a part of an invoice to the balance, once the merchant has paid back all money of the invoice; not if a bank took a part."""
        if invoice.paid == invoice.failed and not invoice.remaining and not invoice.at_bank and not invoice.is_void:
            freed = min(invoice.applied - invoice.freed, invoice.total - invoice.noted)
            self.balance += freed
            invoice.freed += freed

    def owed_again(self, payment: Payment, reason: str, invoices: list[tuple[Invoice, int]]) -> None:
        """Update the collection of an invoice that is owed again: given up after a dispute, otherwise one more failed attempt after a returned debit."""
        for invoice, part in invoices:
            invoice.at_bank += part
            invoice.disputed += part if reason == "DISPUTE" else 0
        for invoice, _ in sorted(invoices, key=lambda one: one[0].id):
            if invoice.is_void or not invoice.is_collected:
                continue
            if invoice.disputed:
                invoice.state, invoice.next_at = "GIVEN_UP", None
                self.hold_by_dunning(invoice.sub)
            else:
                self.failed_try(invoice, payment.card)

    def undo_reversal(self, payment: Payment, back: Reversal) -> None:
        """Undo a dispute that was won or a debit that was not returned: the invoice is paid again, and what was paid otherwise meanwhile becomes credit."""
        back.status = "REVERSED"
        for source, minor in reversed(back.sources):
            payment.refunded -= minor
            if isinstance(source, Invoice):
                used = min(minor, source.remaining)
                source.disputed -= minor if back.reason == "DISPUTE" else 0
                source.at_bank -= minor
                source.paid += used
                payment.keep(source, used)
                self.overpay(payment, minor - used)
                if used and not source.remaining:
                    self.count_anew(source)
            elif source == "ACCOUNT":
                payment.account += minor
                self.balance += minor
            else:
                self.overpay(payment, minor)
        for source, _ in back.sources:
            if isinstance(source, Invoice) and source.paid_back + source.failed:
                self.free_what_credit_paid(source)
        self.close_paid()
        self.end_dunning_holds()

    def fail_refund(self, payment: Payment, back: Reversal) -> None:
        """Record a failed refund. Issued credit notes stay valid, so the amount becomes credit of the customer."""
        was, back.status = back.status, "FAILED"
        if was == "PENDING":
            return
        for source, minor in back.sources:
            payment.refunded -= minor
            self.overpay(payment, minor)
            if isinstance(source, Invoice):
                source.paid += minor
                source.paid_back -= minor
                source.failed += minor
                payment.keep(source, minor)
                if not source.remaining:
                    self.count_anew(source)
        self.close_paid()
        self.end_dunning_holds()

    def take_from(self, payment: Payment, minor: int, *, is_bank: bool) -> list[tuple[Invoice | str, int]]:
        """Take an amount from the payment's credit, then from the account, then from invoices, the newest first. What notes credited before is taken from the credit."""
        payment.refunded += minor
        credit = min(minor, max(payment.overpaid, 0))
        account = min(minor - credit, payment.account)
        payment.account -= account
        left, sources = minor - credit - account, list[tuple[Invoice | str, int]]()
        for invoice, paid in sorted(payment.paid.values(), key=lambda one: one[0].age, reverse=True):
            room = left if is_bank or invoice.is_void else invoice.total - invoice.noted
            part = min(left, paid, room)
            payment.keep(invoice, -part)
            invoice.paid -= part
            left -= part
            sources += [(invoice, part)] if part else []
        credit += left
        payment.overpaid -= credit
        self.balance -= credit + account
        return [(source, part) for source, part in (("CREDIT", credit), ("ACCOUNT", account)) if part] + sources

    def seen(self, invoice: Invoice) -> dict[str, Any]:
        """Return the values to compare with a row of the database."""
        return {
            "period_starts_at": invoice.starts_at,
            "period_ends_at": invoice.ends_at,
            "total_minor": invoice.total,
            "paid_minor": invoice.paid,
            "credited_minor": invoice.applied + invoice.paid_back + invoice.released,
            "remaining_minor": invoice.remaining,
            "due_on": invoice.due_on,
            "collection": invoice.state,
            "collect_at": None if invoice.is_paying else invoice.next_at,
        }
