"""The amounts that a customer owes, computed from the rows and compared with the Summary page, the statement of account and `payAllDue`."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from pdf.layout import Merchant
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, statement
from tests.lifecycle.conftest import Life

AMOUNTS = ("balance", "totalDue", "totalOverdue", "processing", "payable")
SUMMARY = f"{{ customer {{ summary {{ {' '.join(f'{name} {{ minorUnits currency }}' for name in AMOUNTS)} }} }} }}"
NAMES = {"balance": "balance", "totalDue": "due", "totalOverdue": "overdue", "processing": "processing"}
FIRST, LAST = date(2025, 1, 1), timedelta(days=3000)


@dataclass
class Figures:
    """The amounts of one currency, in minor units. `ahead` was paid on installments without an invoice before their due day; `later` remains of those.

    `documents` is what remains of due invoices and installments that are not in payment, `account` what is owed on account and not in payment, `reserved` the credit that
    charges under way will use.
    """

    balance: int = 0
    due: int = 0
    overdue: int = 0
    processing: int = 0
    ahead: int = 0
    later: int = 0
    documents: int = 0
    account: int = 0
    reserved: int = 0

    @property
    def credit(self) -> int:
        return max(self.balance, 0)

    @property
    def payable(self) -> int | None:
        """What `payAllDue` charges, 0 if credit pays all; None if there is nothing that it could pay."""
        owed = self.documents + self.account
        return owed - min(max(self.balance - self.reserved, 0), self.documents) if owed else None


async def today_of(life: Life) -> date:
    zone = await life.admin.fetchval("select time_zone from customer where id = $1", life.customer_id)
    return life.now.astimezone(ZoneInfo(zone)).date()


async def counted(life: Life) -> dict[str, Figures]:
    """Return the amounts by currency. A currency is included whatever the status of its rows."""
    figures: dict[str, Figures] = defaultdict(Figures)
    today = await today_of(life)
    installments = await life.rows("installment")
    merchant = {row["id"] for row in await life.rows("refund", "and status = 'SUCCEEDED' and reason not in ('DISPUTE', 'RETURNED')")}
    paid_back_minor = Counter[str]()
    for row in await life.rows("refund_allocation", "and installment_id is not null"):
        paid_back_minor[row["installment_id"]] += row["amount_minor"] if row["refund_id"] in merchant else 0
    for table in ("invoice", "payment", "subscription", "payment_schedule", "balance_entry"):
        for row in await life.rows(table):
            figures[row["currency"]].balance += row["amount_minor"] if table == "balance_entry" else 0
    for invoice in await life.rows("invoice"):
        _count_invoice(figures[invoice["currency"]], invoice, [row for row in installments if row["invoice_id"] == invoice["id"]], today)
    for row in installments:
        if row["invoice_id"] is None:
            _count_installment(figures[row["currency"]], row, paid_back_minor[row["id"]], today)
    for payment in await life.rows("payment", "and status in ('PROCESSING', 'REQUIRES_ACTION')"):
        figures[payment["currency"]].processing += payment["amount_minor"]
    await _count_payable(life, figures, today)
    for figure in figures.values():
        figure.due += max(-figure.balance, 0)
    return dict(sorted(figures.items()))


async def _count_payable(life: Life, figures: dict[str, Figures], today: date) -> None:
    charging = {row["id"] for row in await life.rows("subscription", "and charging_payment_id is not null")}
    for row in await life.rows("invoice", "and status not in ('PROCESSING', 'VOID', 'REFUNDED')"):
        if row["subscription_id"] not in charging:
            figures[row["currency"]].documents += row["total_minor"] - row["paid_minor"] - row["credited_minor"]
    for row in await life.rows("installment", "and invoice_id is null and status <> 'PROCESSING'"):
        figures[row["currency"]].documents += _remaining(row) if row["due_on"] <= today else 0
    in_payment_minor = Counter[str]()
    for row in await life.rows("charge", "and settled_at is null"):
        figures[row["currency"]].reserved += row["reserved_minor"]
        in_payment_minor[row["currency"]] += row["account_minor"]
    for currency, figure in figures.items():
        figure.account = max(-figure.balance - in_payment_minor[currency], 0)


def _count_invoice(figure: Figures, invoice: asyncpg.Record, installments: list[asyncpg.Record], today: date) -> None:
    if invoice["status"] in ("VOID", "REFUNDED"):
        return
    remaining = invoice["total_minor"] - invoice["paid_minor"] - invoice["credited_minor"]
    late = sum(_remaining(row) for row in installments if row["due_on"] < today)
    figure.due += remaining
    if invoice["written_off_at"] is None:
        figure.overdue += remaining if invoice["due_on"] < today else min(late, remaining)


def _remaining(installment: asyncpg.Record) -> int:
    """Return the amount that is still to be paid. What the merchant paid back is not due again."""
    return 0 if installment["status"] == "CANCELED" else installment["amount_minor"] - installment["paid_minor"] - installment["refunded_minor"]


def _count_installment(figure: Figures, installment: asyncpg.Record, paid_back_minor: int, today: date) -> None:
    """Add one installment. `paid_back_minor` is money; the rest of the column refunded_minor is credit, which the statement includes."""
    remaining = _remaining(installment)
    if installment["due_on"] > today:
        figure.ahead += installment["paid_minor"] + installment["refunded_minor"] - paid_back_minor
        figure.later += remaining
    else:
        figure.due += remaining
        figure.overdue += remaining if installment["due_on"] < today else 0


async def closing_minor(life: Life, currency: str, last: date) -> int:
    """Return the closing balance of the statement of account up to a day."""
    context = life.context()
    try:
        request = DocumentRequest(context.session, life.customer_id, Merchant("Acme"))
        return (await statement(request, StatementPeriod(currency, FIRST, last), max_entries=100_000)).closing_minor
    finally:
        await context.session.close()


async def figures_agree(life: Life) -> dict[str, Figures]:
    """Assert that all figures agree, and return them for further assertions."""
    expected = await counted(life)
    summary = (await life.ask(SUMMARY))["customer"]["summary"]
    for field, name in NAMES.items():
        assert [(one["currency"], int(one["minorUnits"])) for one in summary[field]] == [(code, getattr(figure, name)) for code, figure in expected.items()], (
            field
        )
    payable = {one["currency"]: int(one["minorUnits"]) for one in summary["payable"]}
    assert payable == {code: figure.payable for code, figure in expected.items() if figure.payable is not None}
    today = await today_of(life)
    for currency, figure in expected.items():
        assert await closing_minor(life, currency, today) == figure.due - figure.credit - figure.ahead, f"the statement in {currency} ends with something else"
        assert await closing_minor(life, currency, today + LAST) == figure.due + figure.later - figure.credit
    return expected
