"""A payment schedule over an invoice that the billing clock collects: what pays the invoice pays its installments."""

import pytest

from tests.auditing import violations
from tests.lifecycle.conftest import Life
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.invoices.test_dunning import passed, renewed, unpaid
from tests.lifecycle.payments.test_paying import amounts_agree, pay, schedule


async def in_installments(life: Life, *, invoicing: str = "COLLECTIVE") -> list[str]:
    """A renewal that was declined, in two installments or in one."""
    await renewed(life)
    (invoice,) = await unpaid(life)
    total = invoice["remaining_minor"]
    amounts = [total - 100, 100] if invoicing == "COLLECTIVE" else [total]
    return await schedule(life, *amounts, invoicing=invoicing, covered_by=[invoice["id"]] * len(amounts))


async def standing(life: Life) -> tuple[list[str], list[str], list[int]]:
    installments = sorted(await life.rows("installment"), key=lambda row: row["position"])
    schedules = await life.rows("payment_schedule")
    return [row["status"] for row in installments], [row["status"] for row in schedules], [row["remaining_minor"] for row in schedules]


@pytest.mark.parametrize("invoicing", ["COLLECTIVE", "PER_INSTALLMENT"])
async def test_the_clock_pays_the_installments_of_an_invoice_that_it_collects(life: Life, invoicing: str) -> None:
    installments = await in_installments(life, invoicing=invoicing)
    await life.card("slow")
    await passed(life, days=1)
    assert await standing(life) == (["PROCESSING"] * len(installments), ["ACTIVE"], [sum(row["amount_minor"] for row in await life.rows("installment"))])
    await passed(life, minutes=5)
    assert await unpaid(life) == []
    assert await standing(life) == (["PAID"] * len(installments), ["FINISHED"], [0])
    await amounts_agree(life)
    await figures_agree(life)
    assert await violations(life.admin, {life.customer_id}) == []


async def test_the_clock_collects_what_installments_that_were_paid_left(life: Life) -> None:
    first, _ = await in_installments(life)
    await life.card()
    assert (await pay(life, "payInstallment", installmentId=first))["userErrors"] == []
    assert [row["remaining_minor"] for row in await unpaid(life)] == [100]
    await passed(life, days=1)
    assert await unpaid(life) == []
    assert await standing(life) == (["PAID", "PAID"], ["FINISHED"], [0])
    await amounts_agree(life)


async def test_a_declined_try_of_the_clock_leaves_installments_to_be_paid(life: Life) -> None:
    first, _ = await in_installments(life)
    await passed(life, days=1)
    assert (await standing(life))[0] == ["FAILED", "FAILED"]
    await life.card()
    assert (await pay(life, "payInstallment", installmentId=first))["userErrors"] == []
    assert (await standing(life))[0] == ["PAID", "FAILED"]
