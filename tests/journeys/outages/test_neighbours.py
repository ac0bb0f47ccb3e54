"""What one caller sends does not cost another caller the service: places, queue and budgets are shared by caller."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.documents.document_cache import first_party
from tests.conftest import ADA, BIG, STAFF, token
from tests.servers.processes import process

CONNECTIONS = 48
SECONDS = 3.0
PAYMENTS = "customer { payments(first: 49) { nodes { amount { formatted } } } }"
# Each costs 990 or a little more; the second has a field that the planner leaves to the executor.
QUERIES = {
    "by the planner": "{ " + " ".join(f"a{number}: {PAYMENTS}" for number in range(10)) + " }",
    "by the executor": "{ " + " ".join(f"a{number}: {PAYMENTS}" for number in range(10)) + ' operation(idempotencyKey: "none") { state } }',
}
STATEMENT = 'query {{ customer {{ statement(currency: "USD", startsOn: "{}", endsOn: "{}") {{ pdfUrl }} }} }}'


def post(query: str, viewer: Viewer) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token(viewer)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Load:
    """Connections that ask again as soon as they are answered: the statuses of the answers, in the order in which they came."""

    statuses: list[int] = field(default_factory=list)

    @property
    def served(self) -> int:
        return self.statuses.count(200)

    async def run(self, port: int, request: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                self.statuses.append(await exchange(reader, writer, request))
        finally:
            writer.close()


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    return int(head[9:12])


@asynccontextmanager
async def loading(port: int, request: bytes, connections: int) -> AsyncIterator[Load]:
    load = Load()
    tasks = [asyncio.create_task(load.run(port, request)) for _ in range(connections)]
    await asyncio.sleep(0.3)
    yield load
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}


async def ask_beside(port: int, load: Load) -> tuple[list[int], list[int]]:
    """Ada's Summary, again and again: its statuses, and how many of the load's operations were answered while each was under way."""
    request = post(first_party()["Summary"], ADA)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    statuses, overtaken = [], []
    ends_at = perf_counter() + SECONDS
    while perf_counter() < ends_at or len(statuses) < 5:
        before = load.served
        statuses.append(await exchange(reader, writer, request))
        overtaken.append(load.served - before)
        await asyncio.sleep(0.02)
    writer.close()
    return statuses, overtaken


@pytest.fixture(scope="module")
def port(root: Path, urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server as an operator starts it, but without budgets: sharing the places has to be enough."""
    shares = {"max_caller_running": None, "max_caller_cost": None}
    with process(root, urls, tmp_path_factory.mktemp("neighbours"), environment="development", log_level="WARNING", **shares) as (_, url):
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize("way", QUERIES)
async def test_beside_48_connections_of_one_customer_another_is_answered_and_soon(port: int, way: str) -> None:
    async with loading(port, post(QUERIES[way], BIG), CONNECTIONS) as load:
        statuses, overtaken = await ask_beside(port, load)
    assert set(statuses) == {200}
    assert set(load.statuses) <= {200, 503}
    assert load.served, "the load is answered too"
    assert median(overtaken) <= 3, "Ada's operations do not wait behind those that came before"


async def test_beside_12_downloads_of_a_long_statement_another_customer_is_answered(port: int) -> None:
    """One link, good for five minutes, asked for by whoever has it."""
    today = datetime.now(UTC).date()
    query = STATEMENT.format(today - timedelta(days=3 * 365), today)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token(BIG)}"}, timeout=20) as client:
        url = (await client.post("/graphql", json={"query": query})).json()["data"]["customer"]["statement"]["pdfUrl"]
    path = "/papers/" + url.partition("/papers/")[2]
    async with loading(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(), 12) as load:
        statuses, overtaken = await ask_beside(port, load)
    assert set(statuses) == {200}
    assert set(load.statuses) <= {200, 429, 503}
    assert median(overtaken) <= 3


BUDGET = "{ limits { budget { maximumAvailable currentlyAvailable restoreRate } } }"
DEVELOPER = Viewer(Actor.STAFF, None, ("staff",), "desk", staff_id="sam")


@pytest.fixture
async def throttling(start_server: Callable[..., str], urls: Urls) -> AsyncIterator[httpx.AsyncClient]:
    url = start_server(urls.app, customer_budget=120, staff_budget=240, service_budget=360, anonymous_budget=60)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        yield client


async def ask(client: httpx.AsyncClient, query: str, viewer: Viewer | None, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=({"Authorization": f"Bearer {token(viewer)}"} if viewer else {}) | headers)


async def test_a_budget_that_is_spent_is_429_for_this_customer_and_for_no_other(throttling: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    page = "{ customer { payments(first: 69) { nodes { id } } } }"
    first = await ask(throttling, page, ADA, **{"GraphQL-Cost": "1"})
    cost = first.json()["extensions"]["cost"]
    assert cost["requested"] == 70
    assert cost["throttleStatus"]["maximumAvailable"] == 120
    assert cost["throttleStatus"]["restoreRate"] == 2
    # The text was new to the process.
    assert 44 <= cost["throttleStatus"]["currentlyAvailable"] <= 50
    spent = await ask(throttling, page, ADA)
    error = spent.json()["errors"][0]["extensions"]
    assert (spent.status_code, error["code"]) == (429, "THROTTLED")
    assert error["retryAfterSeconds"] == int(spent.headers["Retry-After"])
    assert 1 <= error["retryAfterSeconds"] <= 15
    assert "data" not in spent.json()
    assert (await ask(throttling, page, BIG)).json()["data"]["customer"]


async def test_a_mutation_beyond_the_budget_is_429_and_writes_nothing(throttling: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    attempt = 'mutation { revokeGrant(input: { grantId: "x" }) { userErrors { code } } }'
    statuses, noted = [200], 0
    while statuses[-1] == 200 and len(statuses) < 20:
        noted = await admin.fetchval("select count(*) from audit_event")
        statuses.append((await ask(throttling, attempt, ADA)).status_code)
    assert statuses[-1] == 429
    assert len(statuses) > 5, "the first of them ran"
    assert await admin.fetchval("select count(*) from audit_event") == noted


async def test_every_caller_is_told_its_budget(throttling: httpx.AsyncClient) -> None:
    """A customer, a member of the staff, and a program of the merchant: a token whose subject is its client."""
    for viewer, maximum in ((ADA, 120), (DEVELOPER, 240), (STAFF, 360)):
        budget = (await ask(throttling, BUDGET, viewer)).json()["data"]["limits"]["budget"]
        assert (budget["maximumAvailable"], budget["restoreRate"]) == (maximum, maximum / 60)
        assert 0 < budget["currentlyAvailable"] < maximum


async def test_requests_without_a_token_share_the_budget_of_their_network(throttling: httpx.AsyncClient) -> None:
    attempt = 'mutation { signIn(input: { email: "nobody@example.com", password: "x" }) { userErrors { code } } }'
    statuses = [(await ask(throttling, attempt, None)).status_code for _ in range(7)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert (await ask(throttling, BUDGET, ADA)).status_code == 200


async def test_texts_that_are_new_each_time_are_paid_for_right_or_wrong(throttling: httpx.AsyncClient) -> None:
    """Parsing and validating is work too, and it comes before anything has a cost."""
    statuses = [(await ask(throttling, f"{{ nothing{number} {'x ' * 200} }}", DEVELOPER)).status_code for number in range(10)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


async def test_without_a_setting_a_customer_has_a_budget_that_no_page_comes_near(start_server: Callable[..., str], urls: Urls) -> None:
    url = start_server(urls.app, customer_budget=60_000)
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        answers = [await ask(client, text, ADA) for text in first_party().values() if "$" not in text for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        budget = (await ask(client, BUDGET, ADA)).json()["data"]["limits"]["budget"]
    assert budget["maximumAvailable"] == 60_000
    assert budget["currentlyAvailable"] > 50_000
