"""Conditional GETs of trusted documents: 304 without the page while nothing has changed, and only to the caller who had the answer."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from db.builtin.embedded import Urls
from gateway.documents.document_cache import first_party
from tests.callers.partners import NAME, Partner, id_of
from tests.conftest import ADA, BIG, token
from tests.gateway.live.streaming import add_customer, add_session, rename
from tests.waiting import until

SUMMARY = id_of(first_party()["Summary"])
PROFILE = id_of(first_party()["Profile"])
INVOICE = id_of(first_party()["Invoice"])
MY_DATA = id_of(first_party()["MyData"])


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico")


async def get(http: httpx.AsyncClient, viewer: Viewer, document: str = SUMMARY, *, tag: str | None = None, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {token(viewer)}", "Accept-Encoding": "identity", **headers} | ({"If-None-Match": tag} if tag else {})
    return await http.get("/graphql", params={"documentId": document}, headers=sent)


def ways(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    return [(vars(record)["way"], vars(record)["statements"]) for record in caplog.records if "way" in vars(record)]


async def last_is(caplog: pytest.LogCaptureFixture, way: str) -> bool:
    """Return whether the last operation was answered in this way. It is logged after the response."""
    return bool(ways(caplog)) and ways(caplog)[-1][0] == way


async def test_a_page_that_has_not_changed_is_answered_by_one_statement(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    first = await get(http, ADA)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    second = await get(http, ADA, tag=tag)
    assert (second.status_code, second.content, second.headers["etag"]) == (304, b"", tag)
    same = ("cache-control", "vary", "x-content-type-options", "content-security-policy")
    assert [second.headers[name] for name in same] == [first.headers[name] for name in same]
    assert (first.headers["cache-control"], "content-type" in second.headers, "content-length" in second.headers) == ("private, no-cache", False, False)
    await until(partial(last_is, caplog, "revision"))
    assert [way for way, _ in ways(caplog)] == ["planner", "revision"]
    assert ways(caplog)[1][1] == 1


@pytest.mark.parametrize("form", ['"a", {}', '{} , "b"', "{strong}", '"x",W/"y",{strong},""'])
async def test_the_tag_is_found_in_a_list_weak_or_strong(http: httpx.AsyncClient, form: str) -> None:
    tag = (await get(http, ADA)).headers["etag"]
    assert (await get(http, ADA, tag=form.format(tag, strong=tag.removeprefix("W/")))).status_code == 304


async def test_tags_on_several_lines_are_one_list(http: httpx.AsyncClient) -> None:
    tag = (await get(http, ADA)).headers["etag"]
    headers = [("Authorization", f"Bearer {token(ADA)}"), ("If-None-Match", '"a"'), ("If-None-Match", tag)]
    assert (await http.get("/graphql", params={"documentId": SUMMARY}, headers=headers)).status_code == 304


@pytest.mark.parametrize(
    "tag", ["", "*x", '"', 'W/""', '"...."', '"{seed}.0.0.ffffffffffffffff"', '"{seed}.{revision}.zz.1"', '"{seed}.{revision}.-1.1"', "x" * 4000]
)
async def test_another_tag_gets_the_page(http: httpx.AsyncClient, tag: str) -> None:
    first = await get(http, ADA)
    seed, revision, _, _ = first.headers["etag"].removeprefix('W/"').split(".")
    second = await get(http, ADA, tag=tag.format(seed=seed, revision=revision))
    assert (second.status_code, second.content) == (200, first.content)


async def test_any_tag_is_compared_with_the_page(http: httpx.AsyncClient) -> None:
    assert (await get(http, ADA, tag="*")).status_code == 304


async def test_compressed_answers_have_the_same_tag(http: httpx.AsyncClient) -> None:
    plain, packed = [await get(http, ADA, **{"Accept-Encoding": coding}) for coding in ("identity", "gzip")]
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == plain.headers["etag"]
    assert (await get(http, ADA, tag=plain.headers["etag"], **{"Accept-Encoding": "gzip"})).status_code == 304


async def test_a_tag_of_another_caller_gets_the_page(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """Also with another scope, another app or another session of the same customer."""
    grace = await add_customer(admin)
    tag = (await get(http, grace, PROFILE)).headers["etag"]
    assert (await get(http, grace, PROFILE, tag=tag)).status_code == 304
    others = (
        BIG,
        replace(grace, scopes=("portal", "read")),
        replace(grace, client="another"),
        replace(grace, acting_party="them"),
        await add_session(admin, grace),
    )
    for viewer in others:
        answer = await get(http, viewer, PROFILE, tag=tag)
        assert answer.status_code == 200, viewer
        assert answer.headers["etag"] != tag
        assert answer.json()["data"]["customer"]["id"] == viewer.customer_id
        assert (await get(http, viewer, PROFILE, tag=answer.headers["etag"])).status_code == 304


async def test_each_customer_has_a_revision_of_their_own(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    grace, linus = await add_customer(admin), await add_customer(admin)
    tags = {viewer.customer_id: (await get(http, viewer)).headers["etag"] for viewer in (grace, linus)}
    await rename(admin, grace, "Grace Brewster")
    changed, unchanged = await get(http, grace, tag=tags[grace.customer_id]), await get(http, linus, tag=tags[linus.customer_id])
    assert (changed.status_code, changed.json()["data"]["customer"]["name"], unchanged.status_code) == (200, "Grace Brewster", 304)
    for viewer, other in ((grace, linus), (linus, grace)):
        assert (await get(http, viewer, tag=tags[other.customer_id])).json()["data"]["customer"]["name"] != ""


async def test_variables_and_media_types_have_tags_of_their_own(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    ids = [row["id"] for row in await admin.fetch("select id from invoice where customer_id = $1 order by id limit 2", ADA.customer_id)]
    bodies = {}
    for identifier in ids:
        for accept in ("application/json", "application/graphql-response+json"):
            headers = {"Authorization": f"Bearer {token(ADA)}", "Accept": accept}
            parameters = {"documentId": INVOICE, "variables": f'{{"id": "{identifier}"}}'}
            answer = await http.get("/graphql", params=parameters, headers=headers)
            again = await http.get("/graphql", params=parameters, headers=headers | {"If-None-Match": ", ".join([*bodies, answer.headers["etag"]])})
            assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
            bodies[answer.headers["etag"]] = answer.content
    assert len(bodies) == 4


async def test_who_may_not_read_any_more_gets_no_304(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    viewer = await add_session(admin, await add_customer(admin))
    tag = (await get(http, viewer)).headers["etag"]
    assert (await get(http, viewer, tag=tag)).status_code == 304
    await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", viewer.session_id)
    assert (await get(http, viewer, tag=tag)).status_code == 401
    unknown = replace(viewer, session_id=None, customer_id=f"cus_{uuid4().hex[:26]}")
    assert (await get(http, unknown, tag=tag)).status_code == 401
    assert (await get(http, replace(viewer, session_id=None, scopes=()), tag=tag)).status_code in (200, 403)


async def test_a_304_costs_what_the_page_costs(start_server: Callable[..., str], urls: Urls) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, customer_budget=10), timeout=20) as http:
        tag, answers = None, []
        for _ in range(20):
            answer = await get(http, ADA, PROFILE, tag=tag)
            tag = answer.headers.get("etag", tag)
            answers.append(answer.status_code)
    assert set(answers) == {200, 304, 429}


async def test_answers_with_more_than_the_data_have_the_tag_of_their_content(http: httpx.AsyncClient) -> None:
    """The cost that was asked for, and addresses that expire."""
    cost = await get(http, ADA, PROFILE, **{"GraphQL-Cost": "1"})
    assert not cost.headers["etag"].startswith("W/")
    assert not (await get(http, ADA, MY_DATA)).headers["etag"].startswith("W/")
    posted = await http.post("/graphql", json={"documentId": PROFILE}, headers={"Authorization": f"Bearer {token(ADA)}", "If-None-Match": "*"})
    assert (posted.status_code, "etag" in posted.headers) == (200, False)


async def test_an_app_of_a_partner_revalidates_until_its_grant_ends(partner: Partner, caplog: pytest.LogCaptureFixture) -> None:
    access = await partner.access_token()
    await partner.ask_until_published(id_of(NAME), access)
    headers = {"Authorization": f"Bearer {access}"}
    first = await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers)
    headers |= {"If-None-Match": first.headers["etag"]}
    assert (await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers)).status_code == 304
    await until(partial(last_is, caplog, "revision"))
    await partner.admin.execute("update partner_grant set revoked_at = now() where client_id = $1", partner.id)
    assert (await partner.http.get("/graphql", params={"documentId": id_of(NAME)}, headers=headers)).status_code == 401


@pytest.fixture
async def plan_name(admin: asyncpg.Connection) -> AsyncIterator[str]:
    plan_id = await admin.fetchval("select plan_id from subscription where customer_id = $1 limit 1", ADA.customer_id)
    before = await admin.fetchval("select name from plan where id = $1", plan_id)
    yield plan_id
    await admin.execute("update plan set name = $2 where id = $1", plan_id, before)


async def test_a_change_of_the_catalog_is_shown(http: httpx.AsyncClient, admin: asyncpg.Connection, plan_name: str) -> None:
    tags = [(await get(http, ADA, document)).headers["etag"] for document in (SUMMARY, PROFILE)]
    await admin.execute("update plan set name = 'Another name' where id = $1", plan_name)
    assert [(await get(http, ADA, document, tag=tag)).status_code for document, tag in zip((SUMMARY, PROFILE), tags, strict=True)] == [200, 304]
