"""A mutation of several fields tells what it has done, whatever becomes of the fields after that; what follows an outage is not run."""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from tests.callers.posting import Piece, field, form, headers, paths
from tests.conftest import ADA, EMPTY, token
from tests.failing import faults, rename
from tests.gateway.http.test_log import written
from tests.samples import noise, pdf
from tests.waiting import until

CHANGE = "{ customer { name } userErrors { code } }"
AWAY = {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": 2}


@pytest.fixture(scope="module")
async def client(start_server: Callable[..., str], urls: Urls) -> AsyncIterator[httpx.AsyncClient]:
    owner = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    async with faults(owner), httpx.AsyncClient(base_url=start_server(urls.app, operation_seconds=1.5), timeout=20) as client:
        yield client
    await owner.close()


@pytest.fixture(autouse=True)
async def _as_before(admin: asyncpg.Connection) -> AsyncIterator[None]:
    row = await admin.fetchrow("select name, version from customer where id = $1", EMPTY.customer_id)
    yield
    await rename(admin, EMPTY.customer_id, row["name"])
    await admin.execute("update customer set version = $2 where id = $1", EMPTY.customer_id, row["version"])


async def changing(client: httpx.AsyncClient, *names: str, more: str = "", **about: str) -> httpx.Response:
    """Set these names, one after the other, in fields a, b, c."""
    fields = " ".join(f'{alias}: updateProfile(input: {{ name: "{name}" }}) {CHANGE}' for alias, name in zip("abc", names, strict=False))
    return await client.post("/graphql", json={"query": f"mutation {{ {fields} {more} }}"}, headers={"Authorization": f"Bearer {token(EMPTY)}", **about})


async def name_of(admin: asyncpg.Connection) -> str:
    return str(await admin.fetchval("select name from customer where id = $1", EMPTY.customer_id))


def payload(name: str) -> dict[str, Any]:
    return {"customer": {"name": name}, "userErrors": []}


async def test_all_fields_of_a_mutation_run_in_their_order(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answer = await changing(client, "One", "Two", "Three")
    assert answer.json() == {"data": {"a": payload("One"), "b": payload("Two"), "c": payload("Three")}}
    assert await name_of(admin) == "Three"


@pytest.mark.parametrize("fault", ["55P03", "57P01", "40001", "25006", "sleep"])
async def test_what_was_done_before_an_outage_is_told_and_what_comes_after_it_is_not_run(
    client: httpx.AsyncClient, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """`sleep`: the operation's deadline comes."""
    caplog.set_level(logging.INFO, "portico.operation")
    answer = await changing(client, "One", f"fault {fault}", "Three")
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"a": payload("One"), "b": None, "c": None}
    assert [(error["path"], error["extensions"]) for error in body["errors"]] == [(["b"], AWAY), (["c"], AWAY)]
    assert "Try again" in body["errors"][0]["message"]
    assert body["errors"][1]["message"].startswith("Not run")
    assert await name_of(admin) == "One"
    (line,) = [vars(record) for record in await written(caplog) if record.name == "portico.operation"]
    assert (line["code"], line["cause"].split()[0]) == ("PARTIAL", "deadline" if fault == "sleep" else fault)


async def test_in_the_newer_profile_its_status_says_so_too(start_server: Callable[..., str], urls: Urls, client: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, http_profile="draft-2026"), timeout=20) as newer:
        answer = await changing(newer, "One", "fault 55P03", Accept="application/graphql-response+json")
    assert (answer.status_code, answer.json()["data"]) == (294, {"a": payload("One"), "b": None})


@pytest.mark.parametrize("fault", ["55P03", "40P01", "sleep"])
@pytest.mark.parametrize("names", [["{}"], ["{}", "Two", "Three"]], ids=["alone", "first"])
async def test_an_outage_before_anything_was_done_is_503_and_nothing_is_run(
    client: httpx.AsyncClient, admin: asyncpg.Connection, fault: str, names: list[str]
) -> None:
    before = await name_of(admin)
    answer = await changing(client, *(name.format(f"fault {fault}") for name in names), more="__typename")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json() == {"errors": [{"message": answer.json()["errors"][0]["message"], "extensions": AWAY}]}
    assert await name_of(admin) == before


async def test_an_outage_of_the_last_field_leaves_all_others_told(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answer = await changing(client, "One", "Two", "fault 53100")
    assert answer.json()["data"] == {"a": payload("One"), "b": payload("Two"), "c": None}
    assert await name_of(admin) == "Two"


async def test_a_refusal_is_told_too_and_stops_nothing(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answer = await changing(client, "", "Two", "fault 55P03")
    data = answer.json()["data"]
    assert (data["a"]["userErrors"], data["b"], data["c"]) == ([{"code": "INVALID_VALUE"}], payload("Two"), None)


async def test_after_a_refusal_alone_there_is_nothing_to_tell(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    before = await name_of(admin)
    assert (await changing(client, "", "fault 55P03")).status_code == 503
    assert await name_of(admin) == before


async def test_a_session_that_ends_in_between_hides_nothing_that_was_done(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answer = await changing(client, "One", "fault PO401")
    assert (answer.status_code, answer.json()["data"]) == (200, {"a": payload("One"), "b": None})
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert (await changing(client, "fault PO401")).status_code == 401
    assert await name_of(admin) == "One"


async def test_a_bug_stops_nothing_and_hides_nothing(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answer = await changing(client, "One", "fault 42P01", "Three")
    assert answer.json()["data"] == {"a": payload("One"), "b": None, "c": payload("Three")}
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["INTERNAL_SERVER_ERROR"]
    assert await name_of(admin) == "Three"


@pytest.mark.usefixtures("profiles")
async def test_a_payload_that_cannot_be_read_after_the_commit_is_told_to_be_committed(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """What is read after the first failure in the same transaction fails with it, and is not taken for a bug."""
    await admin.execute("create function broken() returns boolean language plpgsql as $$ begin raise exception using errcode = '55P03'; end $$")
    await admin.execute("create policy broken on payment_method as restrictive for select to portico_app using (broken())")
    text = """mutation { updateProfile(input: { locale: "en" }) { userErrors { code }
                customer { name defaultPaymentMethod { id } subscriptions(first: 1) { totalCount nodes { id } } } } }"""
    try:
        answer = await client.post("/graphql", json={"query": text}, headers={"Authorization": f"Bearer {token(ADA)}"})
    finally:
        await admin.execute("drop policy broken on payment_method; drop function broken")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {
        "updateProfile": {"userErrors": [], "customer": {"name": "Ada Lovelace", "defaultPaymentMethod": None, "subscriptions": None}}
    }
    assert len(answer.json()["errors"]) == 2
    assert [error["extensions"] for error in answer.json()["errors"]] == [AWAY, AWAY]


async def test_a_disk_that_takes_no_more_is_503_with_its_errno_in_the_log(
    server: str, http: httpx.AsyncClient, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is larger than files may be stands for a disk that is full: both are an errno of the write."""
    caplog.set_level(logging.INFO, "portico.operation")
    parent = await admin.fetchval("select id from invoice where customer_id = $1 limit 1", ADA.customer_id)
    upload = "b: uploadAttachments(input: $input) { attachments { id } userErrors { code } }"
    query = "mutation ($input: UploadAttachmentsInput!) { %s " + upload + " }"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    answers = []
    for before in ("", 'a: updateProfile(input: { locale: "en-GB" }) { userErrors { code } }'):
        operations = {"query": query % before, "variables": {"input": {"parentId": parent, "files": [None], "idempotencyKey": f"full {before}"}}}
        body = form(field("operations", operations), field("map", paths(1)), Piece("0", pdf(2_000_000), "a.pdf", ""))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            answers.append(await http.post("/graphql", content=body, headers=headers()))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    alone, after = answers
    assert (alone.status_code, alone.headers["retry-after"]) == (503, "2")
    assert (after.status_code, after.json()["data"]) == (200, {"a": {"userErrors": []}, "b": None})
    assert after.json()["errors"][0]["extensions"] == AWAY

    def causes() -> list[tuple[str, str]]:
        return [(vars(record)["code"], vars(record)["cause"]) for record in caplog.records if record.name == "portico.operation"]

    await until(lambda: asyncio.sleep(0, len(causes()) == 2))
    assert causes() == [("SERVICE_UNAVAILABLE", "EFBIG"), ("PARTIAL", "EFBIG")]


async def test_a_file_that_breaks_off_hides_nothing_that_was_done_before_it(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    parent = await admin.fetchval("select id from invoice where customer_id = $1 limit 1", ADA.customer_id)
    query = """mutation ($input: UploadAttachmentsInput!) { a: updateProfile(input: { locale: "en-GB" }) { userErrors { code } }
                 b: uploadAttachments(input: $input) { attachments { id } userErrors { code } } }"""
    operations = {"query": query, "variables": {"input": {"parentId": parent, "files": [None], "idempotencyKey": "breaks off"}}}
    body = form(field("operations", operations), field("map", paths(1)), Piece("another", noise(10), "a.pdf", ""))
    answer = await http.post("/graphql", content=body, headers=headers())
    assert (answer.status_code, answer.json()["data"]) == (200, {"a": {"userErrors": []}, "b": None})
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
