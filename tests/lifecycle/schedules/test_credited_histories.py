"""Random calls on payment schedules: after each of them installments ask for what their invoices ask for, everywhere."""

from random import Random
from typing import Any

import pytest

from billing.money.refunds import Report
from tests.depth import by_depth
from tests.lifecycle.conftest import Life
from tests.lifecycle.invoices.test_dunning import passed
from tests.lifecycle.invoicing.staff import call as call_staff
from tests.lifecycle.invoicing.staff import usd
from tests.lifecycle.payments.test_paying import pay
from tests.lifecycle.payments.test_refunds import record_refund
from tests.lifecycle.schedules.agreeing import call, create, day, read_schedule
from tests.lifecycle.schedules.following import installments_follow

HISTORIES = by_depth(4, 200)
STEPS = by_depth(12, 40)


class Chance:
    """Random calls about one schedule, some of which are refused."""

    def __init__(self, life: Life, random: Random, agreed: dict[str, Any]) -> None:
        self.life, self.random, self.agreed, self.log, self.reports = life, random, agreed, list[str](), 0

    async def step(self) -> None:
        kind = self.random.choice(("credits", "credits", "pays", "pays_a_part", "pays_all", "is_returned", "refunds", "extends", "clock", "clock", "changes"))
        self.log.append(kind)
        await getattr(self, kind)()

    async def credits(self) -> None:
        rows = [row for row in await self.life.rows("invoice") if row["total_minor"] > row["noted_minor"] and row["status"] != "VOID"]
        if rows:
            row = self.random.choice(rows)
            minor = self.random.randint(1, row["total_minor"] - row["noted_minor"])
            await self.staff("creditInvoice", invoiceId=row["id"], amount=usd(f"{minor / 100:.2f}"), reason="GOODWILL")

    async def pays(self) -> None:
        await pay(self.life, "payInstallment", installmentId=await self.any_installment())

    async def pays_a_part(self) -> None:
        await pay(self.life, "payInstallment", installmentId=await self.any_installment(), amountMinorUnits=str(self.random.randint(1, 4_000)))

    async def pays_all(self) -> None:
        await pay(self.life, "payAllDue", currency="USD")

    async def is_returned(self) -> None:
        rows = [row for row in await self.life.rows("payment") if row["status"] == "SUCCEEDED"]
        if rows:
            row, self.reports = self.random.choice(rows), self.reports + 1
            minor = self.random.randint(1, row["amount_minor"] - row["refunded_minor"])
            report = Report(f"re_{self.reports}", minor, "SUCCEEDED", self.random.choice(("RETURNED", "DISPUTE")))
            await record_refund(self.life, row["id"], report)
            if report.reason == "DISPUTE" and self.random.random() < 0.5:
                await self.credits()
                await record_refund(self.life, row["id"], Report(f"re_{self.reports}", minor, "REVERSED", "DISPUTE"))

    async def refunds(self) -> None:
        rows = [row for row in await self.life.rows("payment") if row["status"] == "SUCCEEDED"]
        if rows:
            row = self.random.choice(rows)
            minor = self.random.randint(1, row["amount_minor"] - row["refunded_minor"])
            await self.staff("refundPayment", paymentId=row["id"], amount=usd(f"{minor / 100:.2f}"), reason="REQUESTED")

    async def extends(self) -> None:
        await self.staff("extendDueDate", installmentId=await self.any_installment(), dueOn=day(self.life, self.random.randint(1, 60)))

    async def changes(self) -> None:
        read = await read_schedule(self.life, self.agreed["id"])
        edit = {"installmentId": await self.any_installment(), "amount": f"{self.random.randint(1, 9_000) / 100:.2f}"}
        await call(self.life, "updateInstallments", paymentScheduleId=read["id"], expectedVersion=read["version"], change=[edit])

    async def clock(self) -> None:
        await passed(self.life, days=self.random.randint(1, 12))

    async def any_installment(self) -> str:
        identifier: str = self.random.choice(sorted(row["id"] for row in await self.life.rows("installment")))
        return identifier

    async def staff(self, mutation: str, **arguments: Any) -> None:
        payload = await call_staff(self.life, mutation, **arguments)
        self.log.append(f"{mutation} {arguments} {[error['code'] for error in payload['userErrors']]}")


@pytest.mark.parametrize("invoicing", ["PER_INSTALLMENT", "COLLECTIVE"])
@pytest.mark.parametrize("collection", ["MANUAL", "AUTOMATIC"])
@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_whatever_comes_installments_ask_for_what_their_invoices_ask_for(life: Life, seed: int, invoicing: str, collection: str) -> None:
    random = Random(9_000 + seed)
    parts = [f"{random.randint(500, 9_000) / 100:.2f}" for _ in range(random.randint(1, 3))]
    agreed = (await create(life, *parts, first=random.randint(0, 3), every=random.randint(1, 9), invoicing=invoicing, collection=collection)).schedule
    chance = Chance(life, random, agreed)
    for _ in range(STEPS):
        await chance.step()
        try:
            await installments_follow(life)
        except AssertionError as error:
            raise AssertionError("\n".join(chance.log)) from error
