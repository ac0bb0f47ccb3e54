"""A schedule whose payments come, are taken back and come again before and after it is canceled, in every order of a few steps: what is owed follows from the money that moved."""

from collections.abc import Iterator
from itertools import permutations

import asyncpg
import pytest

from billing.money.refunds import Report
from db.pool import Database
from payments.processor import ChargeLookup
from payments.sandbox import SLOW
from payments.sandbox_cards import failed
from tests.conftest import Portal
from tests.depth import in_turns
from tests.lifecycle.conftest import Life, living
from tests.lifecycle.figures import counted
from tests.lifecycle.invoicing.staff import call as call_staff
from tests.lifecycle.invoicing.staff import usd
from tests.lifecycle.mixed.agreement import all_agrees
from tests.lifecycle.payments.test_paying import pay
from tests.lifecycle.payments.test_refunds import record_refund, settled
from tests.lifecycle.schedules.agreeing import call, create

# Each step with the one that it follows; a step without one may be the first.
STEPS = {
    "pays": None,
    "debits": None,
    "arrives": "debits",
    "bounces": "debits",
    "cancels": "any",
    "cancels_again": "cancels",
    "credits": "any",
    "pays_again": "any",
    "returns": "any",
    "disputes": "any",
    "wins": "disputes",
    "refunds": "any",
    "fails": "refunds",
}
BY_THE_BANK = ("RETURNED", "DISPUTE")
LENGTH = 5
EVERY = 40


def orders() -> list[tuple[str, ...]]:
    """Return the orders of different steps, the first of which pays, in which the schedule is canceled and something is taken back."""
    return [order for order in permutations(STEPS, LENGTH) if _is_possible(order)]


def _is_possible(order: tuple[str, ...]) -> bool:
    if STEPS[order[0]] is not None or "cancels" not in order or {"returns", "disputes", "refunds"}.isdisjoint(order):
        return False
    if {"pays", "debits"} <= {*order} or {"arrives", "bounces"} <= {*order}:
        return False
    return all(STEPS[step] in (None, "any", *order[:place]) for place, step in enumerate(order))


class Schedule:
    """A schedule of 100.00 and 50.00 and what becomes of it. `canceled_minor` is what was canceled without a credit note."""

    def __init__(self, life: Life, installment_id: str) -> None:
        self.life, self.installment_id, self.canceled_minor = life, installment_id, 0

    async def pays(self) -> None:
        await self._pays("visa", 4_000)

    async def pays_again(self) -> None:
        await self._pays("visa", 3_000)

    async def debits(self) -> None:
        await self._pays("sepa", 4_000)

    async def arrives(self) -> None:
        for row in await self._in_payment():
            (method,) = await self.life.rows("payment_method", f"and id = '{row['payment_method_id']}'")
            attempt = ChargeLookup(row["id"], method["processor_reference"], row["processor_reference"], row["created_at"] - SLOW)
            await settled(self.life, row["id"], await self.life.sandbox.outcome(attempt, now=self.life.now))

    async def bounces(self) -> None:
        for row in await self._in_payment():
            await settled(self.life, row["id"], failed("insufficient_funds"))

    async def cancels(self) -> None:
        (agreed,) = await self.life.rows("payment_schedule")
        alone = await self.life.rows("installment", "and invoice_id is null")
        answer = await call(self.life, "cancelPaymentSchedule", paymentScheduleId=agreed["id"])
        if not answer.payload["userErrors"]:
            self.canceled_minor += sum(row["remaining_minor"] for row in alone)

    async def cancels_again(self) -> None:
        await self.cancels()

    async def credits(self) -> None:
        for row in await self.life.rows("invoice", f"and id in (select invoice_id from installment where id = '{self.installment_id}')"):
            await call_staff(self.life, "creditInvoice", invoiceId=row["id"], amount=usd("30.00"), reason="GOODWILL")

    async def returns(self) -> None:
        await self._take_back("RETURNED")

    async def disputes(self) -> None:
        await self._take_back("DISPUTE")

    async def wins(self) -> None:
        for row in await self.life.rows("refund", "and reason = 'DISPUTE'"):
            await record_refund(self.life, row["payment_id"], Report(row["reference"], row["amount_minor"], "REVERSED", "DISPUTE"))

    async def refunds(self) -> None:
        for row in (await self.life.rows("payment", "and status = 'SUCCEEDED'"))[-1:]:
            await call_staff(self.life, "refundPayment", paymentId=row["id"], amount=usd("20.00"), reason="REQUESTED")

    async def fails(self) -> None:
        for row in await self.life.rows("refund", "and reason = 'REQUESTED'"):
            await record_refund(self.life, row["payment_id"], Report(row["reference"], row["amount_minor"], "FAILED", key=row["id"]))

    async def agrees(self) -> None:
        """Assert that what is owed is what was agreed, less what was canceled and credited and what came, and with what went back."""
        await all_agrees(self.life, with_figures=True)
        figures = (await counted(self.life))["USD"]
        assert figures.due + figures.later - figures.credit == await self._expected_minor()

    async def _expected_minor(self) -> int:
        life = self.life
        invoices = await life.rows("invoice", "and status <> 'VOID'")
        alone = {row["id"] for row in await life.rows("installment", "and invoice_id is null")}
        agreed = sum(row["total_minor"] for row in invoices) or (15_000 if alone else 0)
        noted = sum(row["total_minor"] for row in await life.rows("credit_note"))
        paid = sum(row["amount_minor"] for row in await life.rows("payment", "and status in ('SUCCEEDED', 'REFUNDED')"))
        refunds = {row["id"]: row for row in await life.rows("refund", "and status = 'SUCCEEDED'")}
        back = sum(row["amount_minor"] for row in refunds.values())
        by_merchant = {key for key, row in refunds.items() if row["reason"] not in BY_THE_BANK}
        taken = await life.rows("refund_allocation")
        waived = sum(row["amount_minor"] for row in taken if row["refund_id"] in by_merchant and row["installment_id"] in alone)
        return agreed - self.canceled_minor - noted - paid + back - waived

    async def _pays(self, card: str, minor: int) -> None:
        await self.life.card(card)
        await pay(self.life, "payInstallment", installmentId=self.installment_id, amountMinorUnits=str(minor))

    async def _in_payment(self) -> list[asyncpg.Record]:
        return await self.life.rows("payment", "and status = 'PROCESSING'")

    async def _take_back(self, reason: str) -> None:
        """Take back all that is left of the first payment of which something is left, or of a payment that has not arrived."""
        left = [row for row in await self.life.rows("payment", "and status <> 'FAILED'") if row["refunded_minor"] < row["amount_minor"]]
        for row in left[:1]:
            await record_refund(self.life, row["id"], Report(f"{reason} 1", row["amount_minor"] - row["refunded_minor"], "SUCCEEDED", reason))


def cases() -> Iterator[tuple[str, tuple[str, ...]]]:
    for invoicing in ("NONE", "COLLECTIVE", "PER_INSTALLMENT"):
        yield from ((invoicing, order) for order in orders() if invoicing != "NONE" or "credits" not in order)


ALL = list(cases())


@pytest.mark.parametrize("number", in_turns(len(ALL), EVERY))
async def test_what_is_owed_follows_from_what_was_paid_canceled_credited_and_taken_back(
    number: int, portal: Portal, pool: Database, owner: asyncpg.Connection
) -> None:
    invoicing, order = ALL[number]
    async with living(portal, pool, owner) as life:
        agreed = (await create(life, "100", "50", every=3, invoicing=invoicing)).schedule
        schedule = Schedule(life, agreed["installments"]["nodes"][0]["id"])
        for place, step in enumerate(order):
            await getattr(schedule, step)()
            try:
                await schedule.agrees()
            except AssertionError as error:
                raise AssertionError(f"{invoicing}: {' '.join(order[: place + 1])}") from error
