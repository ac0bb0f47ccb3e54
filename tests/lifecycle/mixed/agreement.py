"""What always agrees about a customer's money, whatever has happened."""

import asyncpg

from tests.auditing import violations
from tests.lifecycle.conftest import Life
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.payments.test_paying import amounts_agree


async def all_agrees(life: Life, *, with_figures: bool) -> None:
    """Assert it. Without figures for a day after the customer has moved: what is due is counted by days of the zone, the statement by days of the one before."""
    assert await violations(life.admin, {life.customer_id}) == []
    await amounts_agree(life)
    if with_figures:
        await figures_agree(life)
    await _captures_agree(life)
    await _installments_agree(life)


async def _captures_agree(life: Life) -> None:
    """The processor has taken each payment that succeeded once, and no payment that failed."""
    for payment in await life.rows("payment", "and processor = 'sandbox'"):
        captures = life.sandbox.calls("capture", payment["id"])
        if payment["status"] in ("SUCCEEDED", "REFUNDED"):
            assert captures == 1, dict(payment)
        assert captures <= (payment["status"] not in ("FAILED", "CANCELED")), dict(payment)


async def _installments_agree(life: Life) -> None:
    """Of the installments of an invoice remains what remains of the invoice."""
    installments = await life.rows("installment", "and invoice_id is not null and status <> 'CANCELED'")
    for invoice in await life.rows("invoice", "and status <> 'VOID'"):
        parts = [row["remaining_minor"] for row in installments if row["invoice_id"] == invoice["id"]]
        if parts and not is_lowered_alone(invoice):
            assert sum(parts) == invoice["remaining_minor"], (dict(invoice), parts)


def is_lowered_alone(invoice: asyncpg.Record) -> bool:
    """Whether a credit note has lowered the invoice and not its installments. An exception of 2026-12-01: delete it when credit notes lower installments, too."""
    return bool(invoice["noted_minor"])
