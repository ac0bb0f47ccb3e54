"""Every action through the API, cell by cell of the table, and what each leaves behind."""

from tests.lifecycle.conftest import Life, price


async def test_a_plan_is_added_charged_and_invoiced_at_once(life: Life) -> None:
    payload = await life.do(
        "addPlan", priceId=price("storage"), quantity=3, more="invoice { status total { amount } lines(first: 5) { nodes { description } } } payment { status }"
    )
    assert payload["userErrors"] == []
    assert payload["subscription"]["status"] == "ACTIVE"
    assert payload["payment"]["status"] == "SUCCEEDED"
    assert payload["invoice"]["status"] == "PAID"
    assert payload["invoice"]["total"]["amount"] == "16.22"
    assert life.sandbox.calls() == 1
