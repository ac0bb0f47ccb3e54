"""After any answer the connection pool is whole: as many units of work as it has connections can run, nothing is left in a transaction, and no task runs on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import asyncpg
import httpx
import pytest
from graphql import OperationDefinitionNode, parse, type_from_ast

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from db.pool import Database, Pool
from db.unit_of_work import Caller, DatabaseUnavailable, UnitOfWork
from gateway.documents.document_cache import first_party, first_party_actions
from gateway.http.capacity import admission
from gateway.http.capacity.after_response import DeferredTasks
from gateway.http.graphql.endpoint import GraphQLEndpoint
from gateway.http.graphql.state import AppState
from gateway.wiring.app import Setup, _app_state
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.metrics.server import server_metrics
from tests.conftest import ADA, ISSUER, NOW, ONE_CALLER, customer, token
from tests.depth import by_depth, in_turns
from tests.journeys.arguments import SCHEMA, TAIL, plausible
from tests.journeys.outages.loaded_documents import random_query

# graphql-core leaves coroutines behind that it has not begun when it is cancelled, or when a sibling field fails.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:coroutine .* was never awaited:RuntimeWarning")

POOL_SIZE = 4
NAME = "pool-whole"
DOCUMENTS = by_depth(50, 500)
# Random documents are asked for in groups, each a test.
GROUPS = 10

ROOMY = {"max_cost": 10**6, "max_aliases": 500, "max_depth": 50, "max_fields": 50_000, **ONE_CALLER}
BACKENDS = f"from pg_stat_activity where application_name = '{NAME}'"


@dataclass
class Client:
    """One request by ASGI, whose client may leave. `status` is that of the answer, once it has begun."""

    body: bytes
    viewer: Any = ADA
    status: int = 0
    answer: bytes = b""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    is_sent: bool = False

    async def ask(self, endpoint: GraphQLEndpoint) -> None:
        sent = {"content-type": "application/json", "authorization": f"Bearer {token(self.viewer)}"}
        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "client": ("127.0.0.1", 1),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }  # fmt: skip
        await endpoint(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self.is_sent:
            self.is_sent = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.answer += message.get("body", b"")


def request(query: str, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


@dataclass(frozen=True)
class Gateway:
    """The endpoint on a pool of its own, and what looks at that pool from outside."""

    portal: AppState
    admin: asyncpg.Connection

    @property
    def endpoint(self) -> GraphQLEndpoint:
        return GraphQLEndpoint(self.portal)

    async def timed(self, client: Client) -> float:
        """How long it takes undisturbed. It must run, or no fault would meet anything."""
        began, taken = perf_counter(), self.portal.database.taken
        await client.ask(self.endpoint)
        assert client.status == 200, client.answer
        assert self.portal.database.taken > taken, "it reads or writes"
        return perf_counter() - began


@pytest.fixture(scope="module")
async def admin(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    yield connection
    await connection.close()


@asynccontextmanager
async def gateway_with(urls: Urls, data_dir: Path, admin: asyncpg.Connection, **settings: Any) -> AsyncIterator[Gateway]:
    chosen = Settings(data_dir=data_dir, **ROOMY, **settings)
    database = Database(urls.app, Pool(POOL_SIZE), server_settings={"application_name": NAME})
    async with database:
        portal = _app_state(Setup(chosen, urls.app, ISSUER, {}), database, DeferredTasks(), server_metrics(chosen))
        yield Gateway(portal, admin)
        for close in (portal.identity.throttle.close, portal.payments.close, portal.files.bucket.close):
            await close()
        portal.identity.passwords.close()


@pytest.fixture(scope="module")
async def planning(urls: Urls, data_dir: Path, admin: asyncpg.Connection) -> AsyncIterator[Gateway]:
    async with gateway_with(urls, data_dir, admin) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def executing(urls: Urls, data_dir: Path, admin: asyncpg.Connection) -> AsyncIterator[Gateway]:
    async with gateway_with(urls, data_dir, admin, planner=False) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _departures_are_noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "WATCH_AFTER_SECONDS", 0.0)


# What befalls a request, after a random part of the time that it usually takes. Each gives back once the request has ended.


async def refused(gateway: Gateway, client: Client, _: float) -> None:
    await client.ask(gateway.endpoint)


async def client_gone(gateway: Gateway, client: Client, seconds: float) -> None:
    asyncio.get_running_loop().call_later(seconds, client.left.set)
    await client.ask(gateway.endpoint)


async def deadline(gateway: Gateway, client: Client, seconds: float) -> None:
    policy = replace(gateway.portal.policy, operation_seconds=seconds)
    await client.ask(GraphQLEndpoint(replace(gateway.portal, policy=policy)))


async def backend_killed(gateway: Gateway, client: Client, seconds: float) -> None:
    running = asyncio.create_task(client.ask(gateway.endpoint))
    await asyncio.sleep(seconds)
    await gateway.admin.execute(f"select pg_terminate_backend(pid) {BACKENDS}")
    await running


async def cancelled_twice(gateway: Gateway, client: Client, seconds: float) -> None:
    """As by a deadline, and then by the end of the process; the second may come while a transaction is being ended."""
    running = asyncio.create_task(client.ask(gateway.endpoint))
    await asyncio.sleep(seconds)
    for pause in (0, seconds / 50, seconds / 10, seconds):
        running.cancel()
        await asyncio.sleep(pause)
    with suppress(asyncio.CancelledError):
        await running


FAULTS: list[Callable[[Gateway, Client, float], Awaitable[None]]] = [refused, client_gone, deadline, backend_killed, cancelled_twice]


async def within_a_second(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(200):
        if await holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(what)


async def assert_whole(gateway: Gateway, tasks: set[asyncio.Task[Any]], about: str) -> None:
    """As many units of work as the pool has connections read at once; before that nothing is in a transaction, and no task is left."""

    async def nothing_is_open() -> bool:
        return not await gateway.admin.fetchval(f"select count(*) {BACKENDS} and xact_start is not null")

    async def no_task_runs_on() -> bool:
        return not {task for task in asyncio.all_tasks() - tasks if not task.done()}

    await within_a_second(no_task_runs_on, f"a task is left after {about}")
    await within_a_second(nothing_is_open, f"a transaction is open after {about}")
    await within_a_second(partial(as_many_read_at_once, gateway), f"the pool is not whole after {about}")


async def as_many_read_at_once(gateway: Gateway) -> bool:
    """False also while a connection whose backend has just died has not been noticed."""
    units = [UnitOfWork(gateway.portal.database, Caller(ADA.customer_id, Actor.CUSTOMER, NOW)) for _ in range(POOL_SIZE)]
    try:
        rows = [await unit.fetch("select id from customer", ()) for unit in units]
    except (DatabaseUnavailable, asyncpg.InternalClientError):
        return False
    finally:
        for unit in units:
            await unit.close()
    return [[tuple(row) for row in of_unit] for of_unit in rows] == [[(ADA.customer_id,)]] * POOL_SIZE


async def go_through(gateway: Gateway, good: bytes, bad: bytes, chance: Random, about: str, viewer: Viewer = ADA) -> None:
    """Every fault for one document; `bad` is the same with an argument that is refused."""
    tasks = asyncio.all_tasks()
    usual = await gateway.timed(Client(good, viewer))
    for fault in FAULTS:
        body = bad if fault is refused or chance.random() < 0.3 else good
        await fault(gateway, Client(body, viewer), usual * chance.uniform(0.02, 1.05))
        await assert_whole(gateway, tasks, f"{fault.__name__}: {about}")


@pytest.mark.parametrize("group", range(GROUPS))
async def test_after_any_fault_of_a_query_with_several_loaders_the_pool_is_whole(group: int, planning: Gateway, executing: Gateway) -> None:
    for number in range(group, DOCUMENTS, GROUPS):
        chance = Random(number)
        good, bad = (random_query(planning.portal.schema, Random(number), is_refused=is_refused) for is_refused in (False, True))
        await go_through(executing if chance.random() < 0.8 else planning, request(good), request(bad), chance, good)


async def test_the_random_documents_load_and_their_refused_arguments_are_refused(planning: Gateway, executing: Gateway) -> None:
    """Positive control: what is disturbed above runs when it is left alone, and takes several statements."""
    for number in range(20):
        good, bad = (Client(request(random_query(planning.portal.schema, Random(number), is_refused=is_refused))) for is_refused in (False, True))
        for gateway in (planning, executing):
            for client in (good, bad):
                client.is_sent, client.answer = False, b""
                await client.ask(gateway.endpoint)
            assert "errors" not in json.loads(good.answer), good.answer
            assert {error["extensions"]["code"] for error in json.loads(bad.answer)["errors"]} == {"BAD_USER_INPUT"}, bad.answer


PAGES = first_party()
ACTIONS = first_party_actions()
# A page that takes no cursor has a connection added that is refused.
REFUSED_BESIDE = ' refused: customer { payments(after: "x") { totalCount } } }'


def variables_of(text: str, known: dict[str, str]) -> dict[str, Any]:
    """What the operation takes, about things that the caller has."""
    (operation,) = [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]
    required = [node for node in operation.variable_definitions or () if node.type.kind == "non_null_type"]
    return {node.variable.name.value: plausible(type_from_ast(SCHEMA, node.type), node.variable.name.value, known) for node in required}


def refused_of(text: str) -> str:
    """The same document with a connection whose cursor is refused beside its other root fields."""
    return text.rstrip().removesuffix("}") + REFUSED_BESIDE


@pytest.fixture(scope="module")
async def known(admin: asyncpg.Connection) -> dict[str, str]:
    """Things of a customer whom no other test knows, because some of the documents pay and rename, under the names of arguments."""
    owner = await admin.fetchval(
        "select s.customer_id from subscription s join invoice using (customer_id) join payment_method m using (customer_id) join installment using (customer_id)"
        " join customer c on c.id = s.customer_id where c.email not like '%@example.com' and m.deleted_at is null order by s.customer_id desc limit 1"
    )
    tables = {
        "subscriptionId": "subscription",
        "invoiceId": "invoice",
        "paymentMethodId": "payment_method",
        "installmentId": "installment",
        "paymentId": "payment",
    }
    ids = {name: await admin.fetchval(f"select id from {table} where customer_id = $1 order by id limit 1", owner) for name, table in tables.items()}
    return {**ids, "owner": owner, "id": ids["subscriptionId"], "parentId": ids["invoiceId"], "attachmentIds": [f"att_{TAIL}"]}


# One needs files; the others are throttled after a few attempts, or read after their answer.
WITHOUT_ROWS = {"UploadAttachments", "RequestEmailChange", "RequestPasswordReset"}


@pytest.mark.in_turns(2)
@pytest.mark.parametrize("name", [name for name in (*PAGES, *ACTIONS) if name not in WITHOUT_ROWS])
async def test_after_any_fault_of_a_document_of_the_portal_the_pool_is_whole(
    name: str, planning: Gateway, executing: Gateway, known: dict[str, str], urls: Urls
) -> None:
    text = (PAGES | ACTIONS)[name]
    is_query = name in PAGES or name.startswith("Preview") or name in ("Operation", "PaymentMethods")
    for gateway in (planning, executing) if is_query else (executing,):
        variables = variables_of(text, known)
        bad = request(refused_of(text), **variables) if is_query else request(text, **variables)
        await go_through(gateway, request(text, **variables), bad, Random(name), name, customer(known["owner"]))


RENAMED = """mutation ($first: UpdateProfileInput!, $second: UpdateProfileInput!) {
  a: updateProfile(input: $first) { customer { payments(first: 1) { nodes { id } } invoices(first: %s) { nodes { id } } } }
  b: updateProfile(input: $second) { customer { name subscriptions(first: 1) { nodes { plan { name } } } } }
}"""


@pytest.mark.parametrize("seed", in_turns(30, 10))
async def test_after_any_fault_of_a_mutation_no_connection_is_passed_on_with_a_write_open(seed: int, executing: Gateway) -> None:
    """The first field's payload may be refused while its siblings load; the second writes meanwhile."""
    name = await executing.admin.fetchval("select name from customer where id = $1", ADA.customer_id)
    inputs = {"first": {"name": name}, "second": {"name": name}}
    await go_through(executing, request(RENAMED % 1, **inputs), request(RENAMED % 0, **inputs), Random(seed), "two mutations")


@pytest.mark.parametrize("variables", [{"after": "x"}, {"first": 0}, {"after": "bm90IGpzb24="}])
async def test_ten_refused_pages_leave_ten_connections(
    variables: dict[str, Any], start_server: Callable[..., str], urls: Urls, documents: dict[str, str]
) -> None:
    url = start_server(urls.app, pool_size=10)
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(ADA)}"}, timeout=20) as client:
        for _ in range(11):
            answer = await client.post("/graphql", json={"query": documents["Payments"], "variables": variables})
            assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        answers = await asyncio.gather(*(client.post("/graphql", json={"query": documents["Summary"]}) for _ in range(10)))
        assert [answer.status_code for answer in answers] == [200] * 10
        assert all("errors" not in answer.json() for answer in answers)
