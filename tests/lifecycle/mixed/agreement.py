"""What always agrees about a customer's money, whatever has happened."""

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
    """Of the installments of an invoice remains what remains of the invoice. Where credit notes are over all of it, a bank may have taken back more than installments are there for."""
    installments = await life.rows("installment", "and invoice_id is not null")
    for invoice in await life.rows("invoice", "and status <> 'VOID'"):
        parts = [row["remaining_minor"] for row in installments if row["invoice_id"] == invoice["id"]]
        least = 0 if invoice["noted_minor"] == invoice["total_minor"] else invoice["remaining_minor"]
        assert not parts or least <= sum(parts) <= invoice["remaining_minor"], (dict(invoice), parts)
