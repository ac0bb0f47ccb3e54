"""Refunds of an invoice that credit paid a part of, which fail and are sent again, in every order: what the customer has in the end does not depend on the order."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import asyncpg
import pytest

from billing.money.refunds import Report
from db.pool import Database
from tests.auditing import violations
from tests.conftest import Portal
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.payments.test_paying import amounts_agree, credit, invoice, pay
from tests.lifecycle.payments.test_refunds import balance, record_refund

CREDIT, PART = 400, 300
SENT, FAILED, AGAIN = range(3)


class Expected:
    """What notes are over, what is paid back, and what a refund that failed left of each payment as credit."""

    def __init__(self) -> None:
        self.noted = self.back = 0
        self.left = Counter[str]()
        self.took: dict[str, tuple[int, int]] = {}

    def record(self, payment: str, report: Report) -> None:
        if report.status == "FAILED":
            credit_minor, invoice_minor = self.took[report.reference or ""]
            self.left[payment] += credit_minor + invoice_minor
            self.back -= PART
            return
        credit_minor = min(self.left[payment], PART)
        self.left[payment] -= credit_minor
        self.took[report.reference or ""] = (credit_minor, PART - credit_minor)
        self.noted += PART - credit_minor
        self.back += PART

    @property
    def balance(self) -> int:
        """What was to be paid back and was not, and the credit when notes are over all that was paid."""
        return self.noted - self.back + (CREDIT if self.noted == 2 * PART else 0)


def orders() -> Iterator[list[tuple[str, int]]]:
    """Of two refunds, each of which fails and is sent again."""
    for places in combinations(range(6), 3):
        steps = {"first": iter((SENT, FAILED, AGAIN)), "second": iter((SENT, FAILED, AGAIN))}
        names = ["first" if place in places else "second" for place in range(6)]
        yield [(name, next(steps[name])) for name in names]


async def paid_with_credit(life: Life, *, payments: int) -> dict[str, str]:
    """The payment that each refund is of."""
    await credit(life, CREDIT)
    owed = await invoice(life, CREDIT + 2 * PART)
    if payments == 2:
        await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits=str(CREDIT + PART))
    await pay(life, "payInvoice", invoiceId=owed)
    ids = [row["id"] for row in await life.rows("payment")]
    assert len(ids) == payments
    return {"first": ids[0], "second": ids[-1]}


def report_of(name: str, step: int) -> Report:
    return Report(f"{name} again" if step == AGAIN else name, PART, "FAILED" if step == FAILED else "SUCCEEDED", "GOODWILL")


@pytest.mark.parametrize("payments", [1, 2])
async def test_credit_that_paid_a_part_becomes_credit_again_in_whatever_order_refunds_fail_and_are_sent_again(
    payments: int, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    for order in orders():
        async with living(portal, pool, owner) as life:
            of, expected = await paid_with_credit(life, payments=payments), Expected()
            for name, step in order:
                report = report_of(name, step)
                expected.record(of[name], report)
                await record_refund(life, of[name], report)
                assert await balance(life) == expected.balance, (order, name, step)
            assert await balance(life) == CREDIT
            assert sum(row["refunded_minor"] for row in await life.rows("payment")) == 2 * PART
            await amounts_agree(life)
            await figures_agree(life)
            assert await violations(owner, {life.customer_id}) == []


async def test_credit_that_paid_a_part_stays_used_while_something_is_still_owed(life: Life) -> None:
    """A refund takes its amount off what is owed, and not the credit too."""
    await credit(life, CREDIT)
    owed = await invoice(life, CREDIT + 2 * PART)
    await pay(life, "payInvoice", invoiceId=owed, amountMinorUnits=str(CREDIT + PART))
    (first,) = await life.rows("payment")
    await record_refund(life, first["id"], Report("re_1", PART))
    (row,) = await life.rows("invoice")
    assert (row["paid_minor"], row["remaining_minor"], await balance(life)) == (0, PART, 0)
    await pay(life, "payInvoice", invoiceId=owed)
    (second,) = [row for row in await life.rows("payment") if row["id"] != first["id"]]
    await record_refund(life, second["id"], Report("re_2", PART))
    (row,) = await life.rows("invoice")
    assert (row["status"], row["noted_minor"], await balance(life)) == ("REFUNDED", row["total_minor"], CREDIT)
