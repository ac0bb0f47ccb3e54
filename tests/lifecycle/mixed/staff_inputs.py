"""What staff send in mixed histories: amounts of invoices, credit notes, refunds, payments and schedules that are often just possible."""

from datetime import timedelta
from random import Random
from typing import Any

import asyncpg

from billing.money.money import decimal_text, exponent
from tests.lifecycle.conftest import Life
from tests.lifecycle.figures import today_of

RATES = ["0", "8.1", "19", "20", "5.5555"]


def money(minor: int, currency: str) -> dict[str, str]:
    return {"amount": decimal_text(minor, currency), "currency": currency}


class StaffInputs:
    """Part of a history: the inputs of staff."""

    life: Life
    chance: Random
    currency: str

    def minor(self, highest: int = 20_000) -> int:
        """Return an amount: any, a few minor units, or a whole number of the currency."""
        whole: int = 10 ** exponent(self.currency)
        return self.chance.choice([self.chance.randint(1, highest), self.chance.randint(1, 20), whole * self.chance.randint(1, 100)])

    async def day(self, first: int, last: int) -> str:
        """Return a day between so many days from today, where the customer lives."""
        return str(await today_of(self.life) + timedelta(days=self.chance.randint(first, last)))

    async def one_of(self, table: str, where: str = "") -> asyncpg.Record | None:
        rows = await self.life.rows(table, where)
        return self.chance.choice(rows) if rows else None

    async def invoice_input(self) -> dict[str, Any]:
        lines = [self._line() for _ in range(self.chance.randint(1, 3))]
        if self.chance.random() < 0.15:
            lines.append({"description": "Less", "quantity": 1, "unitAmount": money(-self.chance.randint(1, 50), self.currency)})
        automatic = self.chance.choice(["MANUAL", "AUTOMATIC"])
        return {"customerId": self.life.customer_id, "lines": lines, "dueOn": await self.day(-5, 30), "backdated": True, "collection": automatic}

    def _line(self) -> dict[str, Any]:
        rate = {"taxRate": self.chance.choice(RATES)} if self.chance.random() < 0.5 else {}
        return {"description": "Work", "quantity": self.chance.choice([1, 1, 2, 3, 17]), "unitAmount": money(self.minor(), self.currency)} | rate

    async def credit_input(self) -> dict[str, Any] | None:
        """Credit an amount of an invoice, often one of a schedule, or some of its lines; what was paid of it goes back or becomes credit."""
        scheduled = await self.one_of("invoice", "and noted_minor < total_minor and status <> 'VOID' and schedule_id is not null")
        invoice = scheduled if scheduled and self.chance.random() < 0.6 else await self.one_of("invoice", "and noted_minor < total_minor and status <> 'VOID'")
        if invoice is None:
            return None
        credited = {"invoiceId": invoice["id"], "reason": self.chance.choice(["CORRECTION", "GOODWILL", "DUPLICATE", "ORDER_CHANGE"])}
        return credited | (await self._credited_lines(invoice) if self.chance.random() < 0.3 else self._credited_amount(invoice))

    async def _credited_lines(self, invoice: asyncpg.Record) -> dict[str, Any]:
        lines = await self.life.rows("invoice_line", f"and invoice_id = '{invoice['id']}'")
        chosen = self.chance.sample(lines, self.chance.randint(1, len(lines)))
        return {"lines": [{"lineId": line["id"]} | self._part(line["total_minor"], invoice["currency"]) for line in chosen]}

    def _part(self, total_minor: int, currency: str) -> dict[str, Any]:
        return {"amount": money(self.chance.randint(1, max(abs(total_minor), 1)), currency)} if self.chance.random() < 0.6 else {}

    def _credited_amount(self, invoice: asyncpg.Record) -> dict[str, Any]:
        left = invoice["total_minor"] - invoice["noted_minor"]
        total = self.chance.choice([left, self.chance.randint(1, left), self.chance.randint(1, left)])
        rest = total - min(total, invoice["remaining_minor"])
        arguments = {"amount": money(total, invoice["currency"])}
        if rest and self.chance.random() < 0.5:
            refund = self.chance.choice([rest, self.chance.randint(1, rest)])
            arguments["refund"] = money(refund, invoice["currency"])
            if rest > refund:
                arguments["toBalance"] = money(rest - refund, invoice["currency"])
        return arguments

    async def refund_input(self) -> dict[str, Any] | None:
        payment = await self.one_of("payment", "and status in ('SUCCEEDED', 'REFUNDED')")
        if payment is None:
            return None
        left = payment["amount_minor"] - payment["refunded_minor"]
        reason = self.chance.choice(["REQUESTED", "GOODWILL", "DUPLICATE"])
        return {"paymentId": payment["id"], "reason": reason} | (self._part(left, payment["currency"]) if left > 0 else {})

    async def record_input(self) -> dict[str, Any]:
        """Record a payment of an invoice, of an installment or without either."""
        table = self.chance.choice(["invoice", "installment", None])
        subject = await self.one_of(table, "and remaining_minor > 0 and status <> 'VOID'") if table == "invoice" else None
        subject = await self.one_of(table, "and remaining_minor > 0 and status <> 'CANCELED'") if table == "installment" else subject
        currency = subject["currency"] if subject else self.currency
        minor = self.chance.choice([subject["remaining_minor"], self.minor()]) if subject else self.minor()
        target = {f"{table}Id": subject["id"]} if subject else {"customerId": self.life.customer_id}
        return {"amount": money(minor, currency), "kind": self.chance.choice(["BANK_TRANSFER", "CASH", "CHECK"]), "receivedOn": await self.day(-3, 0)} | target

    async def balance_input(self) -> dict[str, Any]:
        return {"customerId": self.life.customer_id, "amount": money(self.chance.choice([1, -1]) * self.minor(3_000), self.currency), "reason": "A correction"}

    def equal_installments(self, first_on: str) -> dict[str, Any]:
        total = decimal_text(self.chance.randint(10, 50_000), self.currency)
        every = {"interval": self.chance.choice(["MONTH", "WEEK"])}
        return {"total": total, "count": self.chance.randint(1, 6), "firstDueOn": first_on, "every": every}

    async def customer_input(self, zones: tuple[str, ...]) -> dict[str, Any]:
        """Change what is taxed, or where the customer lives."""
        changes: list[dict[str, Any]] = [
            {"taxRate": self.chance.choice(RATES), "taxExemption": None},
            {"timeZone": self.chance.choice(zones)},
            {"taxExemption": self.chance.choice(["EXEMPT", "REVERSE_CHARGE", None])},
        ]
        return {"id": self.life.customer_id} | self.chance.choice(changes)
