"""`exportCustomer` and `requestMyData`: by whom, how often, and the way from the request to the letter and the download."""

from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.pool import Database
from tests.callers.identity import Account, PortalClient
from tests.callers.merchant import Merchant, code_of
from tests.conftest import customer, token
from tests.journeys.customers.exporting import EXPORT, MINE, OF_STAFF, REQUEST, ExportWorker, downloaded, worker
from tests.journeys.customers.test_erasing import ERASE

LINK = "mutation ($c: ID!) { createPortalLink(input: { customerId: $c }) { link { url } userErrors { code } } }"
REDEEM = "mutation ($t: String!) { redeemPortalLink(input: { token: $t }) { tokens { accessToken } userErrors { code } } }"


@pytest.fixture
def reader(merchant: Merchant) -> Merchant:
    return Merchant(merchant.http, ("customers:read",), "reading shop")


@pytest.fixture
async def makes(database: Database, mail_dir: Path) -> ExportWorker:
    return worker(database, mail_dir)


async def test_a_customer_requests_gets_a_letter_and_downloads_until_it_expires(
    portal_client: PortalClient, account: Account, makes: ExportWorker, admin: asyncpg.Connection
) -> None:
    access = (await portal_client.sign_in(account.email))["tokens"]["accessToken"]
    requested = (await portal_client(REQUEST, access, key=uuid4().hex))["dataExport"]
    assert (requested["status"], requested["requestedBy"], requested["downloadUrl"]) == ("REQUESTED", "CUSTOMER", None)
    assert (await portal_client(REQUEST, access, key=uuid4().hex))["dataExport"]["id"] == requested["id"], "one at a time"
    assert (await makes.make()).failures == 0
    (letter,) = await portal_client.letters(account.email, 1)
    assert "https://portal.example/profile" in letter.get_content()
    ready = (await portal_client.post(MINE, access)).json()["data"]["customer"]["dataExport"]
    assert (ready["id"], ready["status"], ready["missing"]) == (requested["id"], "READY", [])
    archive, content = await downloaded(portal_client.http, ready)
    assert (content["format"], content["version"], content["customerId"]) == ("portico-customer-export", 1, account.customer_id)
    assert content["tables"]["customer"][0]["email"] == account.email
    assert "password_hash" not in content["tables"]["credential"][0]
    assert archive.namelist()[-1] == "customer.json"
    assert (await portal_client.http.get(ready["downloadUrl"].replace("signature=", "signature=0"))).status_code == 403
    assert (await portal_client(REQUEST, access, key=uuid4().hex))["dataExport"]["id"] == requested["id"], "within a day"
    await admin.execute("update data_export set expires_at = now() - interval '1 second' where id = $1", requested["id"])
    assert (await portal_client.http.get(ready["downloadUrl"])).status_code == 404
    object_key = await admin.fetchval("select object_key from data_export where id = $1", requested["id"])
    stored = makes.duties.bucket.path(object_key)
    assert stored is not None
    assert stored.exists(), "the control"
    assert (await makes.make()).expired == 1
    await makes.sweep()
    assert not stored.exists()
    expired = (await portal_client.post(MINE, access)).json()["data"]["customer"]["dataExport"]
    assert (expired["status"], expired["downloadUrl"]) == ("EXPIRED", None)
    assert (await portal_client(REQUEST, access, key=uuid4().hex))["dataExport"]["id"] != requested["id"], "the next one"


async def test_staff_request_for_a_customer_and_no_letter_is_sent(
    reader: Merchant, portal_client: PortalClient, account: Account, makes: ExportWorker, admin: asyncpg.Connection
) -> None:
    key = uuid4().hex
    requested = (await reader.call(OF_STAFF, customerId=account.customer_id, idempotencyKey=key))["dataExport"]
    again = await reader.call(OF_STAFF, customerId=account.customer_id, idempotencyKey=key)
    assert (again["replayed"], again["dataExport"]["id"]) == (True, requested["id"])
    await makes.make()
    ready = (await reader.post(f"query ($id: ID!) {{ customer(id: $id) {{ dataExport {{ {EXPORT} }} }} }}", id=account.customer_id))["data"]["customer"][
        "dataExport"
    ]
    assert (ready["status"], ready["requestedBy"]) == ("READY", "STAFF")
    _, content = await downloaded(portal_client.http, ready)
    assert [event["event"] for event in content["tables"]["audit_event"]] == ["exportCustomer", "exportCustomer"][:1]
    assert portal_client.letters_to(account.email) == []
    (event,) = await admin.fetch("select client, detail from audit_event where customer_id = $1 and event = 'exportCustomer'", account.customer_id)
    assert (event["client"], event["detail"]) == ("reading shop", requested["id"])


async def test_a_session_of_a_portal_link_and_other_callers_get_no_export(
    merchant: Merchant, reader: Merchant, portal_client: PortalClient, account: Account, makes: ExportWorker, admin: asyncpg.Connection
) -> None:
    staff = Viewer(Actor.STAFF, None, ("staff",), "desk")
    url = (await portal_client(LINK, token(staff), c=account.customer_id))["link"]["url"]
    access = (await portal_client(REDEEM, t=url.partition("#token=")[2]))["tokens"]["accessToken"]
    assert (await portal_client(REQUEST, access, key=uuid4().hex))["userErrors"][0]["code"] == "SIGN_IN_REQUIRED"
    assert await admin.fetchval("select count(*) from data_export where customer_id = $1", account.customer_id) == 0
    await reader.call(OF_STAFF, customerId=account.customer_id)
    await makes.make()
    seen = (await portal_client.post(MINE, access)).json()["data"]["customer"]["dataExport"]
    assert (seen["status"], seen["downloadUrl"]) == ("READY", None)
    own = (await portal_client.post(MINE, token(customer(account.customer_id)))).json()["data"]["customer"]["dataExport"]
    assert own["downloadUrl"] is not None, "the control"
    for scopes in (("customers:write", "read"), ("read",)):
        answer = await Merchant(merchant.http, scopes).post(OF_STAFF, input={"customerId": account.customer_id})
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_bad_requests_write_nothing(merchant: Merchant, reader: Merchant, admin: asyncpg.Connection) -> None:
    before = await admin.fetchval("select count(*) from data_export")
    for identifier in ("cus_01jd0000000000000000000000", "no id"):
        assert code_of(await reader.call(OF_STAFF, customerId=identifier, idempotencyKey=uuid4().hex)) == "NOT_FOUND"
        assert code_of(await reader.call(OF_STAFF, customerId=identifier)) == "NOT_FOUND"
    erased = await merchant.new()
    await Merchant(merchant.http, ("customers:erase", "read"), "privacy shop").call(ERASE, customerId=erased["id"], idempotencyKey=uuid4().hex)
    assert code_of(await reader.call(OF_STAFF, customerId=erased["id"])) == "CUSTOMER_ERASED"
    assert await admin.fetchval("select count(*) from data_export") == before


async def test_an_export_that_workers_do_not_finish_is_made_again_and_given_up_at_last(
    reader: Merchant, account: Account, makes: ExportWorker, admin: asyncpg.Connection
) -> None:
    identifier = (await reader.call(OF_STAFF, customerId=account.customer_id))["dataExport"]["id"]
    await admin.execute("update data_export set status = 'MAKING', tries = 4, make_at = now() + interval '1 minute' where id = $1", identifier)
    assert (await makes.make()).exports == 0, "another worker makes it"
    await admin.execute("update data_export set make_at = now() - interval '1 second' where id = $1", identifier)
    assert (await makes.make()).exports == 1
    await admin.execute(
        "update data_export set status = 'MAKING', tries = 5, make_at = now() - interval '1 second', object_key = null, ready_at = null where id = $1",
        identifier,
    )
    assert (await makes.make()).failures == 1
    assert await admin.fetchval("select status from data_export where id = $1", identifier) == "FAILED"
    assert (await reader.call(OF_STAFF, customerId=account.customer_id))["dataExport"]["id"] != identifier, "the next one"
