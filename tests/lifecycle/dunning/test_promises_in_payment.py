"""A promise whose payment is under way when its day has passed."""

from datetime import datetime

from payments.processor import ChargeLookup, ChargeRequest, ChargeResult, ChargeStatus
from payments.sandbox import Sandbox
from tests.lifecycle.conftest import Life
from tests.lifecycle.dunning.items import day
from tests.lifecycle.invoices.test_dunning import days, held, passed, standing, unpaid
from tests.lifecycle.invoicing.staff import done
from tests.lifecycle.payments.test_paying import pay

UNDER_WAY = ChargeResult(ChargeStatus.PROCESSING, processor_reference="debit")


class Debit(Sandbox):
    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        return UNDER_WAY

    async def outcome(self, charge: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        return UNDER_WAY


async def test_a_promise_that_a_debit_keeps(life: Life) -> None:
    subscription = await held(life)
    (invoice,) = await unpaid(life)
    await done(life, "promiseToPay", invoiceId=invoice["id"], on=day(life, 3))
    await days(life, 2)
    life.sandbox = Debit("secret")
    await life.card()
    paid = await pay(life, "payInvoice", invoiceId=invoice["id"])
    assert paid["payment"]["status"] == "PROCESSING", paid
    assert await standing(life, subscription) == ("ACTIVE", [])
    await passed(life, days=2)
    assert (await unpaid(life))[0]["status"] == "PROCESSING"
    assert await standing(life, subscription) == ("ACTIVE", []), "held although the debit is under way"
