"""A refused argument nulls its own field, with an error whose path names it; planner and executor answer alike."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from tests.conftest import ADA, token

# A page with a connection in a connection, in which one argument can be wrong.
DEEP = """query ($after: String, $first: Int, $sort: InvoiceOrder) {
  customer {
    name
    summary { id activeSubscriptions }
    payments(first: 2) { nodes { id } }
    refused: invoices(first: $first, after: $after, sort: $sort) { nodes { id } }
    subscriptions(first: 2) { nodes { id plan { name } invoices(first: $first, after: $after, sort: $sort) { nodes { id } } } }
  }
  plans(first: 1) { nodes { id } }
}"""
WRONG = [{"after": "stale"}, {"first": 0}, {"first": 101}, {"after": ""}, {"after": "eyJ4IjoxfQ=="}]


@pytest.fixture(params=[True, False], ids=["planner", "executor"])
async def ask(start_server: Callable[..., str], urls: Urls, request: pytest.FixtureRequest) -> Any:
    async with httpx.AsyncClient(base_url=start_server(urls.app, planner=request.param), headers={"Authorization": f"Bearer {token(ADA)}"}) as client:

        async def send(**variables: Any) -> dict[str, Any]:
            answer: dict[str, Any] = (await client.post("/graphql", json={"query": DEEP, "variables": variables})).json()
            return answer

        yield send


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_refused_argument_deep_in_a_page_nulls_that_connection_alone(ask: Any, wrong: dict[str, Any]) -> None:
    whole = await ask(first=2)
    assert "errors" not in whole
    subscriptions = whole["data"]["customer"]["subscriptions"]["nodes"]
    assert len(subscriptions) == 2
    answer = await ask(**wrong)
    paths = [["customer", "refused"], *(["customer", "subscriptions", "nodes", number, "invoices"] for number in range(2))]
    assert sorted((error["path"] for error in answer["errors"]), key=str) == sorted(paths, key=str)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    # Everything beside it is as without the wrong argument.
    expected = whole["data"]
    expected["customer"]["refused"] = None
    for subscription in subscriptions:
        subscription["invoices"] = None
    assert answer["data"] == expected


async def test_a_null_order_is_the_default(ask: Any) -> None:
    assert await ask(first=2, sort=None) == await ask(first=2) == await ask(first=2, sort="NEWEST")
    assert await ask(first=2, sort="OLDEST") != await ask(first=2)
