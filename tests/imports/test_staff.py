"""What staff see of imports through the API, and the release by a program with the scope."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.conftest import customer as customer_of
from tests.conftest import token
from tests.imports.conftest import ImportPlace
from tests.imports.lines import FAR, customer, invoice, method, payment, schedule, shop, subscription
from tests.waiting import until

IMPORTER = Viewer(Actor.STAFF, None, ("imports:run", "read"), "erp")
READER = Viewer(Actor.STAFF, None, ("read",), "erp")
IMPORTS = """query ($source: String, $reason: String) { imports(source: $source) {
  counts { source kind reason lines } skipped(reason: $reason) { kind externalId customer reason file line } } }"""
RELEASE = """mutation ($input: ReleaseImportedInput!) { releaseImported(input: $input) {
  replayed userErrors { code } customer { id } released { status suspendedBy } unreleased { subscriptionId code } } }"""
HISTORY = """query ($id: ID!) { customer(id: $id) {
  invoices(first: 9) { nodes { number status imported availableActions { action allowed } } } payments(first: 9) { nodes { imported availableActions { action allowed } } } } }"""


@pytest.fixture(scope="module")
def address(import_database: Urls, start_server: Callable[..., str]) -> str:
    return start_server(import_database.app)


async def ask(address: str, text: str, viewer: Viewer = IMPORTER, **variables: Any) -> Any:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        response = await client.post("/graphql", json={"query": text, "variables": variables}, headers={"Authorization": f"Bearer {token(viewer)}"})
    return response.json()


async def customer_id(place: ImportPlace) -> str:
    (row,) = await place.fetch("select id from customer where external_id = 'C1'")
    return str(row["id"])


async def test_staff_see_how_many_lines_came_to_what_and_which_were_skipped(place: ImportPlace, address: str) -> None:
    lines = shop(2)
    lines["subscriptions"][1]["price"] = "gone"
    place.write_lines(**lines)
    await place.run()
    answer = (await ask(address, IMPORTS, source="shop"))["data"]["imports"]
    assert {"source": "shop", "kind": "customers", "reason": None, "lines": 2} in answer["counts"]
    assert {"source": "shop", "kind": "subscriptions", "reason": "UNKNOWN_PRICE", "lines": 1} in answer["counts"]
    skipped = {"kind": "subscriptions", "externalId": "S2", "customer": "C2", "reason": "UNKNOWN_PRICE", "file": "subscriptions.jsonl", "line": 2}
    assert answer["skipped"] == [skipped]
    assert (await ask(address, IMPORTS, source="shop", reason="DUPLICATE_ID"))["data"]["imports"]["skipped"] == []
    assert (await ask(address, IMPORTS, source="another"))["data"]["imports"] == {"counts": [], "skipped": []}


@pytest.mark.parametrize("viewer", [READER, customer_of("cus_01jnd8ymzcexvs3pj1n4b7vfdc")], ids=["staff without the scope", "a customer"])
async def test_nobody_else_sees_imports_or_releases_them(place: ImportPlace, address: str, viewer: Viewer) -> None:
    place.write_lines(customers=[customer()], subscriptions=[subscription()])
    await place.run()
    arguments = {"customerId": await customer_id(place)}
    for text, variables in ((IMPORTS, {}), (RELEASE, {"input": arguments})):
        answer = await ask(address, text, viewer, **variables)
        assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "UNAUTHENTICATED")
    assert (await place.fetch("select status from subscription"))[0]["status"] == "SUSPENDED"


async def test_a_program_with_the_scope_releases_a_customer_once(place: ImportPlace, address: str) -> None:
    place.write_lines(customers=[customer()], payment_methods=[method()], subscriptions=[subscription("S1", **FAR)])
    await place.run()
    identifier = await customer_id(place)
    held = (await ask(address, "query ($id: ID!) { customer(id: $id) { subscriptions(first: 5) { nodes { status suspendedBy } } } }", id=identifier))["data"][
        "customer"
    ]
    assert held == {"subscriptions": {"nodes": [{"status": "SUSPENDED", "suspendedBy": "IMPORT"}]}}
    answers = [(await ask(address, RELEASE, input={"customerId": identifier, "idempotencyKey": "one"}))["data"]["releaseImported"] for _ in range(2)]
    assert [answer["replayed"] for answer in answers] == [False, True]
    for answer in answers:
        assert answer["customer"] == {"id": identifier}
        assert answer["released"] == [{"status": "ACTIVE", "suspendedBy": None}]
        assert answer["unreleased"] == []
    assert {row[0] for row in await place.fetch("select kind from subscription_event")} == {"CREATED", "HELD", "RELEASED"}


async def test_history_is_shown_and_nothing_can_be_done_with_it(place: ImportPlace, address: str) -> None:
    place.write_lines(customers=[customer()], invoices=[invoice(), invoice("I2", status="OPEN")], payments=[payment()])
    await place.run()
    answer = (await ask(address, HISTORY, id=await customer_id(place)))["data"]["customer"]
    actions = {node["number"]: {each["action"] for each in node["availableActions"] if each["allowed"]} for node in answer["invoices"]["nodes"]}
    assert {node["imported"] for node in answer["invoices"]["nodes"] + answer["payments"]["nodes"]} == {True}
    assert actions["N-I1"] == {"DOWNLOAD", "UPLOAD_ATTACHMENTS"}
    assert {"PAY", "RECORD_PAYMENT"} <= actions["N-I2"]
    assert [each for node in answer["payments"]["nodes"] for each in node["availableActions"] if each["allowed"]] == []


SCHEDULER = Viewer(Actor.STAFF, None, ("schedules:write",), "erp")
UPDATE = """mutation ($input: UpdateInstallmentsInput!) { updateInstallments(input: $input) { userErrors { code } paymentSchedule { name } } }"""


@pytest.mark.parametrize("is_invoiced", [False, True], ids=["without an invoice", "with one"])
async def test_installments_are_not_changed_before_the_release(place: ImportPlace, address: str, is_invoiced: bool) -> None:
    """A change would issue their invoices, and charge them while the system that they came from does, too."""
    installments = [{"externalId": "P1-1", "name": "Part", "dueOn": "2027-01-01", "amount": 2900} | ({"invoice": "I1"} if is_invoiced else {})]
    terms = {"invoicing": "PER_INSTALLMENT", "collection": "AUTOMATIC", "installments": installments}
    invoices = [invoice(status="OPEN", collection="AUTOMATIC", schedule="P1")] if is_invoiced else []
    place.write_lines(customers=[customer()], payment_methods=[method()], payment_schedules=[schedule(**terms)], invoices=invoices)
    await place.run()
    (row,) = await place.fetch("select i.id, i.schedule_id, s.version from installment i join payment_schedule s on s.id = i.schedule_id")
    update = {"paymentScheduleId": row["schedule_id"], "expectedVersion": row["version"], "change": [{"installmentId": row["id"], "name": "First"}]}
    for key, codes in (("held", ["WRONG_STATE"]), ("released", [])):
        answer = await ask(address, UPDATE, SCHEDULER, input=update | {"idempotencyKey": key + row["id"]})
        assert [error["code"] for error in answer["data"]["updateInstallments"]["userErrors"]] == codes
        await ask(address, RELEASE, IMPORTER, input={"customerId": await customer_id(place)})


async def test_the_end_of_an_import_is_an_event_of_the_system(place: ImportPlace, address: str) -> None:
    """With an actor of its own, the list of events would be null: the API has no such actor."""
    place.write_lines(**shop(1))
    await place.run()
    auditor = Viewer(Actor.STAFF, None, ("customers:read",), "erp")
    text = "{ events(first: 5) { nodes { type actor } } }"

    async def is_announced() -> bool:
        answer = await ask(address, text, auditor)
        assert "errors" not in answer
        return bool(answer["data"]["events"]["nodes"])

    await until(is_announced)
    assert (await ask(address, text, auditor))["data"]["events"]["nodes"] == [{"type": "IMPORT_FINISHED", "actor": "SYSTEM"}]
