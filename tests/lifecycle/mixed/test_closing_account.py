"""The end of a mixed history, for states that few histories end with."""

from random import Random

import pytest

from tests.lifecycle.conftest import Life
from tests.lifecycle.invoicing.staff import call, clock, create
from tests.lifecycle.mixed.closing_account import close_account
from tests.lifecycle.mixed.mixed_history import MixedHistory
from tests.lifecycle.models.histories import Catalogue


@pytest.mark.parametrize("card", ["timeout_before_capture", "unavailable", "slow_decline", "insufficient_funds"])
async def test_an_invoice_that_the_clock_charges_again_and_again_can_be_settled(life: Life, card: str) -> None:
    """Between two charges whose requests were lost nothing is under way, and staff record a payment then."""
    await life.card(card)
    invoice_id = await create(life, collection="AUTOMATIC", dueOn=str(life.now.date()))
    await clock(life)
    await close_account(MixedHistory(life, Random(1), Catalogue((), ())))
    (invoice,) = [row for row in await life.rows("invoice") if row["id"] == invoice_id]
    assert (invoice["status"], invoice["collect_at"]) == ("PAID", None)


async def test_staff_record_a_payment_between_two_charges_whose_requests_are_lost(life: Life) -> None:
    """The clock looks for a lost request after fifteen minutes, and charges again an hour later."""
    await life.card("timeout_before_capture")
    invoice_id = await create(life, collection="AUTOMATIC", dueOn=str(life.now.date()))
    amount = {"amount": "100.00", "currency": "USD"}
    for _ in range(3):
        await clock(life, hours=24)
        (error,) = (await call(life, "recordPayment", invoiceId=invoice_id, amount=amount, kind="CASH"))["userErrors"]
        assert error["code"] == "IN_PROGRESS"
        await clock(life, minutes=16)
        await clock(life, minutes=59)
        assert {row["status"] for row in await life.rows("payment")} == {"FAILED"}
    assert (await call(life, "recordPayment", invoiceId=invoice_id, amount=amount, kind="CASH"))["userErrors"] == []
