"""The database goes away and comes back; the process lives on."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from auth.urls.links import Links, secret_of
from db.builtin.embedded import Urls
from gateway.routes import health
from tests.conftest import ADA, BIG, ISSUER, token
from tests.waiting import locked, until

HEADERS = {"Authorization": f"Bearer {token(ADA)}"}
LOGS = ("portico.operation", "portico.http")
BODY = {"query": "{ customer { name } }"}


@pytest.mark.parametrize("planner", [True, False], ids=["planner", "executor"])
async def test_an_unreachable_database_is_503_with_a_time_to_come_back(start_server: Callable[..., str], planner: bool) -> None:
    url = start_server("postgresql://portico_app@127.0.0.1:1/postgres", planner=planner)
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(2):
            answer = await client.post("/graphql", json=BODY, headers=HEADERS)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert (await client.get("/livez")).status_code == 200


async def test_every_door_says_in_the_log_why_it_was_503(start_server: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    url = start_server("postgresql://portico_app@127.0.0.1:1/postgres")
    links = Links(url, secret_of(ISSUER.keys[0]), datetime.now(UTC))
    grant = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "secret", "customer_id": ADA.customer_id}
    doors = (
        ("POST", "/graphql", {"json": BODY, "headers": HEADERS}),
        ("POST", "/oauth/token", {"data": grant}),
        ("GET", links.paper("inv_01", ADA.customer_id or "").url, {}),
        ("GET", links.download("att_01", ADA.customer_id or ""), {}),
    )
    caplog.set_level(logging.INFO)
    async with httpx.AsyncClient(base_url=url) as client:
        for method, address, sent in doors:
            caplog.clear()
            answer = await client.request(method, address, **sent)
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            await until(lambda: asyncio.sleep(0, "ECONNREFUSED" in [vars(record).get("cause") for record in caplog.records if record.name in LOGS]))
        await client.get("/readyz")
        assert any("the database does not answer" in record.getMessage() for record in caplog.records)


async def test_killed_connections_are_replaced(start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection) -> None:
    url = start_server(urls.app, pool_size=2)
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.post("/graphql", json=BODY, headers=HEADERS)).status_code == 200
        terminated = await admin.fetch(
            "select pid, pg_terminate_backend(pid) from pg_stat_activity where usename = 'portico_app' and application_name = 'portico'"
        )

        async def are_gone() -> bool:
            return not await admin.fetchval("select count(*) from pg_stat_activity where pid = any($1)", [row["pid"] for row in terminated])

        await until(are_gone)
        statuses = [(await client.post("/graphql", json=BODY, headers=HEADERS)).status_code for _ in range(6)]
        assert set(statuses) <= {200, 503}
        assert statuses[-3:] == [200, 200, 200]


@pytest.mark.parametrize("planner", [True, False], ids=["planner", "executor"])
async def test_a_pool_that_is_used_up_is_503_and_whole_afterwards(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, planner: bool
) -> None:
    """A lock on a table makes every request wait; those that find no connection are turned away."""
    url = start_server(urls.app, pool_size=2, acquire_seconds=0.3, command_seconds=1.5, planner=planner)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        async with locked(urls):
            answers = await asyncio.gather(*(client.post("/graphql", json=BODY, headers=HEADERS) for _ in range(8)))
            assert {answer.status_code for answer in answers} == {503}
        after = await asyncio.gather(*(client.post("/graphql", json=BODY, headers=HEADERS) for _ in range(8)))
        assert {answer.status_code for answer in after} == {200}


async def test_a_server_without_a_free_connection_says_so_and_is_ready_again_afterwards(
    start_server: Callable[..., str], urls: Urls, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "NO_CONNECTION_SECONDS", 1.0)
    url = start_server(urls.app, pool_size=2, command_seconds=8)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        async with locked(urls):
            sent = [asyncio.create_task(client.post("/graphql", json=BODY, headers=HEADERS)) for _ in range(2)]
            assert (await client.get("/readyz")).json() == {"status": "ready"}

            async def is_full() -> bool:
                return (await client.get("/readyz")).json() == {"status": "no connection is free"}

            await until(is_full, seconds=5)
        await asyncio.gather(*sent)

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await until(is_ready)


async def test_two_hundred_requests_of_many_callers_at_once_with_cancellations_show_nobody_a_foreign_row(server: str) -> None:
    async with httpx.AsyncClient(base_url=server, timeout=30, limits=httpx.Limits(max_connections=24)) as client:

        async def ask(number: int) -> None:
            viewer = (ADA, BIG)[number % 2]
            query = "{ customer { id subscriptions(first: 20) { nodes { customer { id } } } payments(first: 20) { nodes { customer { id } } } } }"
            sent = client.post("/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token(viewer)}"})
            try:
                answer = await asyncio.wait_for(sent, 0.02 if number % 5 == 0 else 30)
            except TimeoutError:
                return
            if answer.status_code == 503:
                return
            customer = answer.json()["data"]["customer"]
            owners = {node["customer"]["id"] for name in ("subscriptions", "payments") for node in customer[name]["nodes"]}
            assert owners == {viewer.customer_id} == {customer["id"]}

        await asyncio.gather(*(ask(number) for number in range(200)))
        assert (await client.post("/graphql", json=BODY, headers=HEADERS)).status_code == 200
