"""What staff do in a random history, in the database and in the model."""

from datetime import timedelta
from random import Random
from typing import Any

from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import call, line, usd
from tests.lifecycle.models.money_model import PaymentModel
from tests.lifecycle.models.money_rows import Invoice, Payment, Reversal


def dollars(minor: int) -> dict[str, str]:
    return usd(f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}")


class StaffHistory:
    """Part of a history: the calls of staff."""

    life: Life
    chance: Random
    model: PaymentModel
    split: dict[str, list[str]]
    log: list[str]
    is_clock_next: bool

    def of_staff(self) -> list[Any]:
        return [self.creates, self.creates, self.voids, self.writes_off, self.credits, self.credits, self.refunds, self.records, self.records, self.adjusts]

    def note(self, words: str) -> None:
        self.log.append(words)

    async def accepted(self, mutation: str, **arguments: Any) -> Any:
        payload = await call(self.life, mutation, **arguments)
        assert payload["userErrors"] == [], (payload, "\n".join(self.log))
        return payload

    @property
    def free(self) -> list[Invoice]:
        """The invoices that staff may change: none that is in payment, and none with installments."""
        invoices = (one for one in self.model.invoices if one.id and not one.is_void and one.id not in self.split)
        return [one for one in invoices if not one.is_paying and not (one.sub and one.sub.charging)]

    async def creates(self) -> None:
        total, is_automatic = self.chance.randint(1, 3_000), self.chance.random() < 0.6
        due_on = self.model.today + timedelta(days=self.chance.choice([-3, 0, 0, 5, 20]))
        self.note(f"create {total} due {due_on} {'automatic' if is_automatic else 'manual'}")
        invoice = self.model.create_invoice(total, due_on, is_automatic=is_automatic)
        payload = await self.accepted(
            "createInvoice",
            customerId=self.life.customer_id,
            lines=[line(dollars(total)["amount"])],
            dueOn=due_on.isoformat(),
            backdated=True,
            collection="AUTOMATIC" if is_automatic else "MANUAL",
        )
        invoice.id = payload["invoice"]["id"]

    async def voids(self) -> None:
        """By the mutation, or by SQL: then the next pass of the clock lifts a hold that has no cause any more."""
        unpaid = [one for one in self.free if one.remaining == one.total and not one.at_bank and not one.noted]
        if not unpaid or self.chance.random() < 0.5:
            return
        invoice = self.chance.choice(unpaid)
        self.model.void(invoice)
        if self.chance.random() < 0.5:
            self.note(f"void {invoice.id}")
            self.model.end_dunning_holds()
            await self.accepted("voidInvoice", invoiceId=invoice.id)
            return
        self.note(f"void by SQL {invoice.id}")
        self.is_clock_next = True
        await self.life.admin.execute(
            "update invoice set status = 'VOID', collection = 'NONE', collect_at = null, version = version + 1 where id = $1", invoice.id
        )

    async def writes_off(self) -> None:
        unpaid = [one for one in self.free if one.remaining and not one.is_written_off]
        if unpaid and self.chance.random() < 0.3:
            invoice = self.chance.choice(unpaid)
            self.note(f"write off {invoice.id}")
            self.model.write_off(invoice)
            self.model.end_dunning_holds()
            await self.accepted("writeOffInvoice", invoiceId=invoice.id)

    async def credits(self) -> None:
        invoices = [one for one in self.free if one.total > one.noted]
        if not invoices:
            return
        invoice = self.chance.choice(invoices)
        left = invoice.total - invoice.noted
        minor = self.chance.choice([left, self.chance.randint(1, left)])
        rest = minor - min(minor, invoice.remaining)
        payment = self.chance.choice([None, *(one for one in self.model.payments if one.id and self.refundable(one, invoice))])
        most = min(rest, self.refundable(payment, invoice)) if payment else 0
        refund = self.chance.choice([0, most, self.chance.randint(0, most)])
        self.note(f"credit {minor} of {invoice.id}, refund {refund}")
        back = self.model.credit(invoice, minor, refund, payment)
        arguments: dict[str, Any] = {"refund": dollars(refund), "toBalance": dollars(rest - refund), "paymentId": payment.id} if refund and payment else {}
        payload = await self.accepted("creditInvoice", invoiceId=invoice.id, amount=dollars(minor), reason="CORRECTION", **arguments)
        if back:
            await self.named(back, payload)

    async def refunds(self) -> None:
        payments = [one for one in self.model.payments if one.id and one.status == "SUCCEEDED" and self.refundable(one)]
        if payments and self.chance.random() < 0.5:
            payment = self.chance.choice(payments)
            minor = self.chance.choice([self.refundable(payment), self.chance.randint(1, self.refundable(payment))])
            self.note(f"refund {minor} of {payment.amount}")
            back = Reversal("GOODWILL", "", minor)
            payment.backs.append(back)
            self.model.reverse(payment, back)
            payload = await self.accepted("refundPayment", paymentId=payment.id, amount=dollars(minor), reason="GOODWILL")
            await self.named(back, payload)

    async def records(self) -> None:
        invoices = [one for one in self.model.open if one.id and not one.is_paying and not (one.sub and one.sub.charging)]
        invoice = self.chance.choice([None, *invoices])
        minor = self.chance.choice([invoice.remaining if invoice else 500, self.chance.randint(1, 2_500)])
        self.note(f"record {minor} for {invoice and invoice.id}")
        open_before = [one.remaining for one in self.model.open]
        payment = self.model.record(minor, invoice)
        if [one.remaining for one in self.model.open] != open_before:
            self.model.end_dunning_holds()
        target = {"invoiceId": invoice.id} if invoice else {"customerId": self.life.customer_id}
        payload = await self.accepted("recordPayment", amount=dollars(minor), kind="BANK_TRANSFER", **target)
        payment.id = payload["payment"]["id"]

    async def adjusts(self) -> None:
        minor = self.chance.choice([-300, -50, 200, 1_500])
        self.note(f"adjust {minor}")
        self.model.balance += minor
        await self.accepted("adjustBalance", customerId=self.life.customer_id, amount=dollars(minor), reason="A correction")

    def refundable(self, payment: Payment | None, invoice: Invoice | None = None) -> int:
        """Return what can be given back of a payment, or of its part of an invoice."""
        if payment is None or payment.status != "SUCCEEDED":
            return 0
        # The sandbox is not told of a report that its refund failed, and so has not that amount left.
        failed = sum(back.amount for back in payment.backs if back.status == "FAILED" and back.reference.startswith("sandbox_re_"))
        left = payment.amount - payment.refunded - payment.pending - failed
        return max(left, 0) if invoice is None else max(min(left, payment.paid.get(id(invoice), (invoice, 0))[1]), 0)

    async def named(self, back: Reversal, payload: Any) -> None:
        """Later reports of the processor name the refund by its reference, which a refund without a processor lacks."""
        (row,) = await self.life.rows("refund", f"and id = '{payload['refund']['id']}'")
        back.reference = row["reference"] or row["id"]
