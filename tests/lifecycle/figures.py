"""The amounts that a customer owes, computed from the rows and compared with the Summary page, the statement of account and `payAllDue`."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from pdf.layout import Merchant
from resolvers.reads.pdf_contents import DocumentRequest, StatementPeriod, statement
from tests.lifecycle.conftest import Life

SUMMARY = "{ customer { summary { balance { minorUnits currency } totalDue { minorUnits currency } totalOverdue { minorUnits currency } processing { minorUnits currency } } } }"
NAMES = {"balance": "balance", "totalDue": "due", "totalOverdue": "overdue", "processing": "processing"}
FIRST, LAST = date(2025, 1, 1), timedelta(days=3000)


@dataclass
class Figures:
    """The amounts of one currency, in minor units. `ahead` was paid on installments without an invoice before their due day; `later` remains of those."""

    balance: int = 0
    due: int = 0
    overdue: int = 0
    processing: int = 0
    ahead: int = 0
    later: int = 0

    @property
    def credit(self) -> int:
        return max(self.balance, 0)


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
    for figure in figures.values():
        figure.due += max(-figure.balance, 0)
    return dict(sorted(figures.items()))


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
    today = await today_of(life)
    for currency, figure in expected.items():
        assert await closing_minor(life, currency, today) == figure.due - figure.credit - figure.ahead, f"the statement in {currency} ends with something else"
        assert await closing_minor(life, currency, today + LAST) == figure.due + figure.later - figure.credit
    return expected
