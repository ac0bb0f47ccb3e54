"""The setting of trials, from the server's start to the answer."""

from collections.abc import Callable

import httpx
import pytest

from db.builtin.embedded import Urls
from demo.records.catalogue import PRICES
from tests.conftest import demo_customer, token

TINA = demo_customer("tina@example.com")
PREVIEW = """query P($input: AddPlanInput!) { previewAddPlan(input: $input) { preview { status trialEndsAt amountDue { minorUnits } } userErrors { code } }
  customer { currency subscriptions(filter: {status: [TRIALING]}) { nodes { plan { code } } } } }"""


@pytest.mark.parametrize(("setting", "status"), [(None, "TRIALING"), ("per_plan", "TRIALING"), ("per_customer", "ACTIVE"), ("none", "ACTIVE")])
async def test_the_setting_decides_what_a_customer_in_a_trial_gets_of_another_plan(
    start_server: Callable[..., str], urls: Urls, setting: str | None, status: str
) -> None:
    address = start_server(urls.app, **({"trials": setting} if setting else {}))
    order = {"priceId": PRICES["business", "EUR", "MONTH"].id, "idempotencyKey": "-"}
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token(TINA)}"}) as client:
        answer = (await client.post("/graphql", json={"query": PREVIEW, "variables": {"input": order}})).json()
    assert answer["data"]["customer"] == {"currency": "EUR", "subscriptions": {"nodes": [{"plan": {"code": "team"}}]}}
    preview = answer["data"]["previewAddPlan"]["preview"]
    assert preview["status"] == status
    assert (preview["trialEndsAt"] is not None, preview["amountDue"]["minorUnits"] == "0") == (status == "TRIALING", status == "TRIALING")
