"""Fixtures for all tests: one Postgres for the whole run, migrated once and filled once, and a server that uses it."""

import asyncio
import fcntl
import gc
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from graphql import OperationDefinitionNode

import demo
import schema as portal_schema
from auth.jwt.keys import shared
from auth.jwt.tokens import OwnIssuer, sign
from auth.permissions import staff_scopes
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin import embedded
from db.pool import Database, Pool
from db.unit_of_work import Caller, UnitOfWork
from gateway.documents.document_cache import DocumentCache, PreparedDocument, first_party
from gateway.documents.limits import DocumentLimits
from gateway.http.graphql.execution import run, run_planned
from gateway.http.requests import GraphQLRequest
from gateway.http.serving.server import configured, listen
from gateway.routes.examples import Login
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import files
from payments.sandbox import Sandbox
from planner import Planner
from resolvers.context import Context, Files, Payments
from tests import template
from tests.reporting.reports import pytest_runtest_makereport
from tests.selection import (
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_report_header,
    pytest_terminal_summary,
    pytest_xdist_auto_num_workers,
    seed_hypothesis,
)
from tests.sharing import SharedConnections, freeze, share
from tests.template import NOW, filled_cluster

__all__ = [
    "NOW",
    "pytest_collection_modifyitems",
    "pytest_ignore_collect",
    "pytest_report_header",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
    "pytest_xdist_auto_num_workers",
]

share()

# Limits of documents in tests of the planner and the executor, larger than those of clients.
ROOM = DocumentLimits(depth=50, aliases=500, root_fields=500, directives=500, fields=50_000, cost=1_000_000)
# The tests send as one customer what many would send: there are no budgets, and one caller may use the whole capacity.
ONE_CALLER = dict.fromkeys(("customer_budget", "staff_budget", "service_budget", "anonymous_budget"), 0) | {
    "max_caller_running": 50,
    "max_caller_cost": 100_000,
}
SECRET = "a secret of tests that is long enough for every HMAC, and then a little more"
ISSUER = OwnIssuer("portico", "portico", (shared(SECRET),))

STAFF = Viewer(Actor.STAFF, None, ("staff",), "tests")


def customer(identifier: str) -> Viewer:
    return Viewer(Actor.CUSTOMER, identifier, ("portal",), "tests")


def demo_customer(email: str) -> Viewer:
    return customer(next(person.id for person in demo.PERSONAS if person.email == email))


ADA = demo_customer("ada@example.com")
EMPTY = demo_customer("empty@example.com")
BIG = demo_customer("big@example.com")


LOGINS = (Login(str(ADA.customer_id), "Ada Lovelace", "Shows most of it.", "demo-token"),)


def token(viewer: Viewer, *, lifetime: timedelta = timedelta(hours=1)) -> str:
    return sign(viewer, ISSUER, now=datetime.now(UTC), lifetime=lifetime)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Create the folder of templates in the first process of the run; all processes share it. `freeze` enables the collection of garbage again."""
    gc.disable()
    seed_hypothesis(config)
    if (folder := template.make_folder()) is not None:
        config.add_cleanup(lambda: template.remove(folder))


def pytest_collection_finish() -> None:
    freeze()


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Collect garbage after the last test, while output is still captured: killed tasks say that nobody has retrieved their exceptions."""
    if nextitem is None:
        gc.collect()


@pytest.fixture(scope="session")
def urls() -> Iterator[embedded.Urls]:
    """The addresses of the Postgres of this process. Its folder is not below pytest's temporary folder, of which pytest deletes the oldest runs, with a running Postgres."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, filled_cluster(Path(folder) / "data") as opened:
        yield opened


@pytest.fixture(scope="session")
async def database(urls: embedded.Urls) -> AsyncIterator[Database]:
    async with closing_pool(Database(urls.app, Pool(max_size=8), server_settings={})) as opened:
        yield opened
        assert_all_connections_are_back(opened, 8)


@asynccontextmanager
async def closing_pool(database: Database) -> AsyncIterator[Database]:
    """The open pool. It is closed at the end; connections that a failed test still has are terminated after 10 s."""
    await database.connect()
    try:
        yield database
    finally:
        await asyncio.wait_for(database.disconnect(), 10)


def assert_all_connections_are_back(opened: Database, size: int) -> None:
    """Assert that every unit of work on this pool was closed."""
    assert opened._queue._slots == size


@pytest.fixture(scope="session")
async def connections() -> AsyncIterator[SharedConnections]:
    opened = SharedConnections()
    yield opened
    opened.close()


@pytest.fixture
async def admin(urls: embedded.Urls, connections: SharedConnections) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees every row, to compare answers with."""
    async with connections.use(urls.admin) as connection:
        yield connection


@pytest.fixture
async def app(urls: embedded.Urls, connections: SharedConnections) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the role of the application, without a caller."""
    async with connections.use(urls.app) as connection:
        yield connection


@pytest.fixture(scope="session")
def graphql_schema() -> Any:
    return portal_schema.build()


@pytest.fixture
async def orphaned(admin: asyncpg.Connection) -> AsyncIterator[str]:
    """The id of a customer whose subscriptions refer to a plan that does not exist (foreign keys are switched off)."""
    chosen = await admin.fetchval(
        "select customer_id from subscription where customer_id not in (select id from customer where email like '%@example.com') limit 1"
    )
    plans = await admin.fetch("select id, plan_id from subscription where customer_id = $1", chosen)
    await admin.execute("set session_replication_role = replica")
    await admin.execute("update subscription set plan_id = 'plan_lost' where customer_id = $1", chosen)
    yield chosen
    await admin.executemany("update subscription set plan_id = $2 where id = $1", [tuple(plan) for plan in plans])
    await admin.execute("set session_replication_role = origin")


@dataclass(frozen=True)
class Answer:
    """The result of a document, and the number of its SQL statements."""

    data: Any
    errors: list[dict[str, Any]]
    statements: int


@dataclass(frozen=True)
class Portal:
    """The planner and the executor without HTTP."""

    schema: Any
    documents: DocumentCache
    planner: Planner
    database: Database
    files: Files
    payments: Payments

    def prepare(self, text: str, name: str | None = None) -> tuple[PreparedDocument, OperationDefinitionNode]:
        document = self.documents.prepare(text)
        assert not document.errors, document.errors
        operation = document.operation(name)
        assert operation is not None
        return document, operation

    def session(self, viewer: Viewer) -> UnitOfWork:
        return UnitOfWork(self.database, Caller(viewer.customer_id, viewer.kind, NOW, scopes=staff_scopes(viewer), client=viewer.key_owner))

    def plans_for(self, viewer: Viewer) -> bool:
        """Whether the planner reads for the caller: on Citus not for staff."""
        return viewer.customer_id is not None or not self.database.is_distributed

    def context(self, viewer: Viewer, session: UnitOfWork) -> Context:
        return Context(viewer, session, payments=self.payments, files=self.files)

    async def execute(self, text: str, viewer: Viewer = ADA, *, by_levels: bool = True, **variables: Any) -> Answer:
        """Run a document by the executor alone, without `by_levels` field by field."""
        document, _ = self.prepare(text)
        session = self.session(viewer)
        result = await run(self.schema, document, GraphQLRequest(text, variables, None, False), self.context(viewer, session), by_levels=by_levels)
        await session.close()
        return Answer(result.data, [error.formatted | {"original": error.original_error} for error in result.errors or ()], session.statements)

    async def execute_with_plans(self, text: str, viewer: Viewer = ADA, **variables: Any) -> Answer:
        """Run a document by the executor, and what has a plan of it by the planner's statements."""
        document, _ = self.prepare(text)
        plans = document.plans if self.plans_for(viewer) else None
        session = self.session(viewer)
        result = await run(self.schema, document, GraphQLRequest(text, variables, None, False), self.context(viewer, session), plans=plans)
        await session.close()
        return Answer(result.data, [error.formatted | {"original": error.original_error} for error in result.errors or ()], session.statements)

    async def plan(self, text: str, viewer: Viewer = ADA, **variables: Any) -> Answer | None:
        """Run a document by the planner. Returns None if the planner leaves it to the executor."""
        document, operation = self.prepare(text)
        session = self.session(viewer)
        body = await run_planned(document, operation, GraphQLRequest(text, variables, None, False), self.context(viewer, session))
        await session.close()
        return None if body is None else Answer(json.loads(body)["data"], [], session.statements)


@pytest.fixture(scope="session")
async def portal(database: Database, graphql_schema: Any, data_dir: Path) -> Portal:
    planner = Planner(graphql_schema, max_sql=1_000_000)
    bucket = files(Settings(data_dir=data_dir), ISSUER, "http://portal", lambda work: asyncio.ensure_future(work))
    payments = Payments({"sandbox": Sandbox(SECRET)}, SECRET.encode())
    return Portal(graphql_schema, DocumentCache(graphql_schema, planner, ROOM), planner, database, bucket, payments)


@pytest.fixture(scope="session")
def documents() -> dict[str, str]:
    return first_party()


class Threaded(uvicorn.Server):
    """A server that runs in a thread and handles no signals."""

    def install_signal_handlers(self) -> None: ...


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of servers without one of their own."""
    return tmp_path_factory.mktemp("data")


@contextmanager
def servers(data_dir: Path) -> Iterator[Callable[..., str]]:
    """Start servers on free ports, each in a thread; all of them end with the context."""
    running: list[tuple[Threaded, threading.Thread]] = []

    def start(url: str, **settings: Any) -> str:
        listener = listen("127.0.0.1", 0)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(Setup(Settings(**{"data_dir": data_dir, **ONE_CALLER, **settings}), url, ISSUER, {}, logins=LOGINS, url=address))
        server = Threaded(configured(app))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            thread.join(0.01)
        running.append((server, thread))
        return address

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join(10)


@pytest.fixture(scope="module")
def start_server(data_dir: Path) -> Iterator[Callable[..., str]]:
    """Start servers for the tests of a module."""
    with servers(data_dir) as start:
        yield start


@pytest.fixture(scope="session")
def server(urls: embedded.Urls, data_dir: Path) -> Iterator[str]:
    """The address of the server for all tests without other settings."""
    with servers(data_dir) as start:
        yield start(urls.app)


@pytest.fixture
async def http(server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server, timeout=20) as client:
        yield client


Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def post(http: httpx.AsyncClient) -> Post:
    """A function that sends a document with the token of a viewer."""

    async def send(query: str, viewer: Viewer | None = ADA, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(viewer)}"} if viewer else {}
        return await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    return send


def needs(program: str) -> str:
    """Return the path of a program. Without it the test is skipped, or fails where PORTICO_TEST_REQUIRE=all."""
    path = shutil.which(program)
    if path is None:
        reason = f"needs {program}"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the installed npm packages."""
    return npm_packages(Path(__file__).with_name("node")).parent


def npm_packages(project: Path) -> Path:
    """Return the folder node_modules of a project of ours. Installing takes half a minute, so it is done again only when package-lock.json has changed."""
    needs("node")
    folder = project / "node_modules"
    installed = folder / ".installed-lock.json"
    with (project / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes run tests
        content = lock.read()
        if not installed.exists() or installed.read_text() != content:
            subprocess.run([needs("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=project, check=True, timeout=300)
            installed.write_text(content)
    return folder


def copied_project(project: Path, folder: Path) -> Path:
    """Copy a project to the new folder `folder`, with a link to its installed packages."""
    packages = npm_packages(project)
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(packages)
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent
