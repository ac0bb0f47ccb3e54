"""The planner and the executor give the same answer, and the planner gives it in one statement."""

import pytest

from auth.viewer import Viewer
from gateway.documents.document_cache import first_party
from tests.conftest import ADA, BIG, EMPTY, STAFF, Portal, demo_customer

PEOPLE = {person: demo_customer(f"{person}@example.com") for person in ("ada", "kenji", "fatima", "greta", "big", "empty")}


# The pages that are about one object, with the connection of the customer that lists such objects, and those with other variables.
DETAILS = {"Subscription": "subscriptions", "PaymentSchedule": "paymentSchedules", "Invoice": "invoices"}
VARIABLES = {"Statement": {"currency": "USD", "startsOn": "2026-01-01", "endsOn": "2026-12-31"}, "Downloads": {"ids": ["inv_01m829w97ne1msh76cygrhecz9"]}}


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", [name for name in first_party() if name not in DETAILS])
async def test_every_page_is_the_same_both_ways_and_one_statement(portal: Portal, documents: dict[str, str], name: str, person: str) -> None:
    executed = await portal.execute(documents[name], PEOPLE[person], **VARIABLES.get(name, {}))
    planned = await portal.plan(documents[name], PEOPLE[person], **VARIABLES.get(name, {}))
    assert planned is not None
    assert not executed.errors
    assert planned.data == executed.data
    assert planned.statements == 3  # BEGIN with its settings, the statement, COMMIT


@pytest.mark.parametrize(("name", "connection"), DETAILS.items())
@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["ada", "staff"])
async def test_every_detail_page_is_the_same_both_ways(portal: Portal, documents: dict[str, str], name: str, connection: str, viewer: Viewer) -> None:
    listed = await portal.execute(f"{{ customer {{ {connection}(first: 100) {{ nodes {{ id }} }} }} }}", ADA)
    for node in listed.data["customer"][connection]["nodes"]:
        executed = await portal.execute(documents[name], viewer, id=node["id"])
        planned = await portal.plan(documents[name], viewer, id=node["id"])
        assert executed.data["node"]["id"] == node["id"]
        assert (planned is not None) == portal.plans_for(viewer)
        assert planned is None or planned.data == executed.data


async def test_the_summary_takes_as_many_statements_for_two_subscriptions_as_for_five_hundred(portal: Portal, documents: dict[str, str]) -> None:
    counts = {viewer: (await portal.execute(documents["Summary"], viewer)).statements for viewer in (ADA, BIG)}
    assert counts[ADA] == counts[BIG] <= 16


async def test_a_customer_with_nothing_has_an_empty_summary(portal: Portal, documents: dict[str, str]) -> None:
    answer = await portal.execute(documents["Summary"], EMPTY)
    assert answer.data["customer"]["summary"] == {
        "id": f"sum_{EMPTY.customer_id[4:]}",
        "balance": [],
        "totalDue": [],
        "totalOverdue": [],
        "processing": [],
        "payable": [],
        "activeSubscriptions": 0,
        "activeSchedules": 0,
        "lastPayment": None,
        "nextPayment": None,
    }
