"""What Postgres says passes by itself is 503 with a time to come back, by the planner, the executor and a mutation alike; and the log says what it was."""

import logging
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import asyncpg
import httpx
import pytest

from db.builtin.embedded import Urls
from db.outages import Conflict
from tests.conftest import EMPTY, token
from tests.db.test_outages import PASSING
from tests.failing import faults, rename
from tests.gateway.http.test_log import written

QUERY = {"query": "{ customer { name } }"}
CHANGE = {"query": 'mutation { updateProfile(input: { locale: "fr" }) { customer { locale } userErrors { code } } }'}
NUMBERS = count(7_000)
BUGS = ["42P01", "22012", "XX000", "0A000", "42501", "P0001"]


@pytest.fixture(scope="module")
async def portals(start_server: Callable[..., str], urls: Urls) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """By the planner, and by the executor."""
    headers = {"Authorization": f"Bearer {token(EMPTY)}"}
    starts = {way: start_server(urls.app, planner=way == "planner", pool_size=2) for way in ("planner", "executor")}
    portals = {way: httpx.AsyncClient(base_url=url, headers=headers, timeout=20) for way, url in starts.items()}
    owner = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    async with faults(owner):
        yield portals
    await owner.close()
    for portal in portals.values():
        await portal.aclose()


@pytest.fixture(autouse=True)
async def _as_before(admin: asyncpg.Connection) -> AsyncIterator[None]:
    row = await admin.fetchrow("select name, locale, version from customer where id = $1", EMPTY.customer_id)
    yield
    await rename(admin, EMPTY.customer_id, row["name"])
    await admin.execute("update customer set locale = $2, version = $3 where id = $1", EMPTY.customer_id, row["locale"], row["version"])


async def sent(portal: httpx.AsyncClient, body: dict[str, Any], caplog: pytest.LogCaptureFixture) -> tuple[httpx.Response, dict[str, Any]]:
    """The answer, and the operation's line in the log."""
    caplog.clear()
    caplog.set_level(logging.INFO, "portico.operation")
    answer = await portal.post("/graphql", json=body)
    (line,) = [vars(record) for record in await written(caplog) if record.name == "portico.operation"]
    return answer, line


@pytest.mark.parametrize("code", sorted(PASSING))
async def test_it_is_503_with_a_time_to_come_back_and_its_cause_in_the_log(
    portals: dict[str, httpx.AsyncClient], admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    before = await admin.fetchrow("select locale, version from customer where id = $1", EMPTY.customer_id)
    await rename(admin, EMPTY.customer_id, f"fault {code}")
    for way, body in (("planner", QUERY), ("executor", QUERY), ("planner", CHANGE)):
        answer, line = await sent(portals[way], body, caplog)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryAfterSeconds": 2}
        assert (line["code"], line["status"]) == ("SERVICE_UNAVAILABLE", 503)
        assert line["cause"].startswith(f"{code} ")
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert await admin.fetchrow("select locale, version from customer where id = $1", EMPTY.customer_id) == before


@pytest.mark.parametrize("code", BUGS)
async def test_a_bug_is_masked_with_a_reference_and_its_cause_in_the_log(
    portals: dict[str, httpx.AsyncClient], admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    await rename(admin, EMPTY.customer_id, f"fault {code}")
    for way, body in (("planner", QUERY), ("executor", QUERY), ("planner", CHANGE)):
        answer, line = await sent(portals[way], body, caplog)
        assert answer.status_code == 200
        assert [error["extensions"] for error in answer.json()["errors"]] == [{"code": "INTERNAL_SERVER_ERROR", "reference": answer.headers["x-request-id"]}]
        assert line["cause"].startswith(f"{code} ")
        assert "made by a test" not in answer.text


@pytest.mark.parametrize("code", sorted(code for code, kind in PASSING.items() if kind is Conflict))
async def test_a_conflict_that_happens_once_is_not_seen(
    portals: dict[str, httpx.AsyncClient], admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    for way, body in (("planner", QUERY), ("planner", CHANGE), ("executor", CHANGE)):
        number = next(NUMBERS)
        await rename(admin, EMPTY.customer_id, f"fault {code} once {number}")
        answer, line = await sent(portals[way], body, caplog)
        assert "errors" not in answer.json(), answer.text
        assert "cause" not in line
        assert await admin.fetchval("select count(*) from pg_locks where locktype = 'advisory' and objid = $1", number) == 1, "it has not happened"
    assert await admin.fetchval("select locale from customer where id = $1", EMPTY.customer_id) == "fr"
    assert await admin.fetchval("select count(*) from audit_event where event = 'updateProfile' and request_id = $1", line["request_id"]) == 1
