"""What staff do in the reference model of payments: create, void, write off and credit invoices, record payments, adjust the balance. Refunds are `reverse` of the model."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, cast

from tests.lifecycle.models.money_rows import Invoice, Payment, Reversal
from tests.lifecycle.models.reference import ZONE

if TYPE_CHECKING:
    from tests.lifecycle.models.money_model import PaymentModel


class StaffModel:
    """Part of the model of one customer."""

    @property
    def model(self) -> "PaymentModel":
        return cast("PaymentModel", self)

    def create_invoice(self, total: int, due_on: date, *, is_automatic: bool) -> Invoice:
        """Issue an invoice: credit pays it first, and the clock charges an automatic one on its day at 09:00."""
        model = self.model
        applied = min(model.free_credit, total)
        model.balance -= applied
        invoice = Invoice(None, None, None, total, due_on, applied=applied, is_automatic=is_automatic)
        if is_automatic and invoice.remaining:
            invoice.state, invoice.next_at = "DUE", max(datetime.combine(due_on, time(9), ZONE), model.now)
        model.invoices.append(invoice)
        return invoice

    def void(self, invoice: Invoice) -> None:
        invoice.is_void = True
        self.model.close_paid()

    def write_off(self, invoice: Invoice) -> None:
        invoice.is_written_off = True
        invoice.state, invoice.next_at = "NONE", None

    def credit(self, invoice: Invoice, minor: int, refund: int, payment: Payment | None) -> Reversal | None:
        """Credit an amount: what remains first, then the refund of the payment, and the rest becomes credit. Return the refund."""
        model = self.model
        released = min(minor, invoice.remaining)
        back = None
        if payment and refund:
            back = Reversal("REQUESTED", "", refund, "SUCCEEDED", [(invoice, refund)], model.now)
            payment.backs.append(back)
            payment.refunded += refund
            payment.keep(invoice, -refund)
            invoice.paid -= refund
            invoice.paid_back += refund
        invoice.released += released
        invoice.granted += minor - released - refund
        model.balance += minor - released - refund
        model.close_paid()
        if released:
            model.end_dunning_holds()
        return back

    def record(self, minor: int, invoice: Invoice | None) -> Payment:
        """Use money that came: for its invoice, for the oldest debts that are not in payment, for the account; the rest is credit."""
        model = self.model
        payment = Payment("RECORD", "cash", minor, model.now, status="SUCCEEDED")
        left = minor
        for one in sorted(
            (one for one in model.open if not one.is_paying and not (one.sub and one.sub.charging)), key=lambda one: (one is not invoice, *one.age)
        ):
            used = min(left, one.remaining)
            one.paid += used
            payment.keep(one, used)
            left -= used
        payment.account = min(left, model.owed_on_account)
        model.balance += payment.account
        model.overpay(payment, left - payment.account)
        model.payments.append(payment)
        model.close_paid()
        return payment
