"""What Portico uses of libraries beyond their documented names. Each has a test here, which fails when a new version of the library has changed it.

A test that fails names the place to look at. Nothing else of a library's private names is used; the first test finds a new one.
"""

import ast
import asyncio
import functools
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import botocore.handlers
import databases
import pytest
import strawberry
import uvicorn
from graphql import GraphQLSchema, Visitor, specified_rules
from starlette.responses import Response
from strawberry.dataloader import DataLoader

from auth.throttle import Memory
from db.builtin import embedded
from db.pool import Database, Pool
from gateway.documents import rules
from gateway.http.responses import Answer, ResponseFormat
from gateway.http.serving.protocol import Protocol
from gateway.http.serving.server import GatewayServer
from gateway.http.statuses import JSON
from schema.declarations.fields import DEFINITION

ROOT = Path(__file__).parents[1]
PRIVATE = {
    "_schema": "strawberry.Schema has no other way to the executable schema: schema/__init__.py",
    "_backend": "databases.Database has no other way to a connection that is not bound to a task: db/pool.py",
    "_loop": "an asyncpg.Connection finds by it the task that cancels a statement: db/pipelining/transport.py",
    "_create_fn": "dataclasses compiles the methods of a class by it, before Python 3.13: gateway/cli/lazy_dataclasses.py",
    "anyio._backends._asyncio": "imported once at the start, because anyio does it in the first request: auth/jwt/jwks.py",
}
# Named so that fields cannot clash with them; the documentation of namedtuple and enum lists them, and that of os `_exit`.
PUBLIC = {"_replace", "_asdict", "_fields", "_value_", "_exit"}


def product() -> Iterator[tuple[Path, ast.Module]]:
    for package in (path.parent for path in ROOT.glob("*/__init__.py")):
        if package.name not in ("tests", "bench"):
            yield from ((path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(package.rglob("*.py")))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def own_names(definition: ast.ClassDef) -> set[str]:
    """What a class defines itself: methods, fields, and what it assigns to `self`."""
    names = {getattr(node, "name", "") for node in definition.body} | {node.target.id for node in definition.body if isinstance(node, ast.AnnAssign)}
    return names | {node.attr for node in ast.walk(definition) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


def private_names(tree: ast.Module) -> Iterator[str]:
    """Attributes of other objects, inherited attributes, and modules, as far as their names are private."""
    own = {}
    for definition in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        own |= dict.fromkeys(ast.walk(definition), own_names(definition))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not is_own or node.attr not in own[node]:
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            named = [node.module] if any(is_private(part) for part in node.module.split(".")) else [f"{node.module}.{item.name}" for item in node.names]
            yield from (name for name in named if any(is_private(part) for part in name.split(".")))
        elif isinstance(node, ast.Import):
            yield from (item.name for item in node.names if any(is_private(part) for part in item.name.split(".")))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "._" in node.value and node.value.replace(".", "").isidentifier():
            yield node.value


def test_no_other_private_name_is_used() -> None:
    places: dict[str, set[str]] = {}
    for path, tree in product():
        for name in private_names(tree):
            places.setdefault(name, set()).add(path.as_posix())
    assert places.keys() == PRIVATE.keys(), places
    assert {name: len(files) for name, files in places.items()} == dict.fromkeys(PRIVATE, 1), f"each in one file: {places}"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("other._hidden", ["_hidden"]),
        ("class Own(Theirs):\n    def run(self):\n        return self._theirs", ["_theirs"]),
        ("class Own(Theirs):\n    def run(self):\n        self._own = 1\n        return self._own, self._run()\n    def _run(self): ...", []),
        ("from library._inner import thing", ["library._inner"]),
        ("from library import _thing", ["library._thing"]),
        ("import library._inner", ["library._inner"]),
        ("import_module('library._inner')", ["library._inner"]),
        ("pair._replace(one=1)", []),
    ],
)
def test_a_private_name_is_seen(source: str, names: list[str]) -> None:
    assert sorted(set(private_names(ast.parse(source)))) == names


def test_strawberry_gives_the_executable_schema() -> None:
    query = strawberry.type(type("Query", (), {"__annotations__": {"one": int}}))
    assert isinstance(getattr(strawberry.Schema(query=query), "_schema", None), GraphQLSchema), PRIVATE["_schema"]


def test_strawberry_leaves_its_definitions_in_the_schema(graphql_schema: GraphQLSchema) -> None:
    """Read in schema/fast_resolvers.py, schema/declarations/fields.py, planner/ and gateway/documents/cost.py."""
    column = graphql_schema.type_map["Customer"].fields["name"].extensions[DEFINITION]
    assert (column.python_name, column.base_resolver, list(column.extensions), dict(column.metadata)) == ("name", None, [], {})
    page = graphql_schema.type_map["Customer"].fields["invoices"]
    definition = page.extensions[DEFINITION]
    assert callable(definition.base_resolver.wrapped_func)
    assert {argument.python_name for argument in definition.arguments} == {item.extensions[DEFINITION].python_name for item in page.args.values()}
    wanted = graphql_schema.type_map["SignInInput"].fields["email"]
    assert wanted.extensions[DEFINITION].python_name == "email"


def test_a_loader_keeps_what_is_waited_for_by_its_key() -> None:
    """Read in loaders/__init__.py, which cancels what its batch cannot answer."""

    async def load() -> None:
        loader: DataLoader[int, int] = DataLoader(load_fn=lambda keys: asyncio.sleep(0, keys))
        waiting = loader.load(1)
        assert loader.cache_map.get(1) is waiting
        assert await waiting == 1

    asyncio.run(load())


async def test_asyncpg_finds_the_task_that_cancels_a_statement_by_the_loop_of_its_connection(urls: embedded.Urls) -> None:
    """Of another loop it finds none, and holds every task that has cancelled a statement until the connection ends."""
    async with Database(urls.app, Pool(1), server_settings={}) as database:
        lease = await database.take(seconds=10)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await lease.raw.execute("select pg_sleep(5)", timeout=0.2)
        assert await lease.raw.fetchval("select 1") == 1
        assert lease.raw._loop is asyncio.get_running_loop()
        assert lease.raw._cancellations == set()
        await lease.end(is_sound=True)


def test_databases_makes_connections_of_its_backend() -> None:
    opened = Database("postgresql://nobody@127.0.0.1:1/none", Pool(1), server_settings={})
    assert hasattr(opened, "_backend"), PRIVATE["_backend"]
    assert list(inspect.signature(databases.core.Connection).parameters) == ["database", "backend"], PRIVATE["_backend"]
    connection = databases.core.Connection(opened, opened._backend)
    assert isinstance(type(connection).raw_connection, property), "Lease.raw in db/pool.py"


def test_limits_asks_a_storage_for_moving_windows_only() -> None:
    """Memory in auth/throttle.py has nothing else: a strategy that asked for more would meet NotImplementedError."""
    assert not inspect.isabstract(Memory)
    for name in ("incr", "get", "get_expiry"):
        with pytest.raises(NotImplementedError):
            asyncio.run(getattr(Memory(), name)(*["key", 1][: 2 if name == "incr" else 1]))


@pytest.mark.parametrize("name", ["startup", "shutdown", "handle_exit", "on_tick", "capture_signals"])
def test_uvicorn_has_what_the_server_overrides(name: str) -> None:
    own, theirs = getattr(GatewayServer, name), getattr(uvicorn.Server, name)
    assert list(inspect.signature(own).parameters) == list(inspect.signature(theirs).parameters), (
        "gateway/http/serving/server.py, gateway/wiring/worker_health.py"
    )
    assert inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(theirs)


def test_uvicorn_ends_by_a_signal_that_is_handled_and_ticks_until_then() -> None:
    """Server in gateway/http/serving/server.py ends its drain by calling handle_exit."""
    server = uvicorn.Server(uvicorn.Config(lambda *_: None, log_config=None))
    assert asyncio.run(server.on_tick(1)) is False
    server.handle_exit(15, None)
    assert server.should_exit
    assert asyncio.run(server.on_tick(2)) is True


METHODS = ["connection_made", "connection_lost", "data_received", "on_message_begin", "on_headers_complete", "on_message_complete", "on_response_complete"]


@pytest.mark.parametrize("name", [*METHODS, "send_400_response"])
def test_uvicorn_calls_what_the_protocol_overrides(name: str) -> None:
    theirs = Protocol.__mro__[1]
    assert name in vars(theirs), f"{name} of {theirs.__name__}: gateway/http/serving/protocol.py"
    assert list(inspect.signature(getattr(Protocol, name)).parameters) == list(inspect.signature(getattr(theirs, name)).parameters)


def test_uvicorn_keeps_the_cycle_and_the_transport_of_a_connection() -> None:
    source = inspect.getsource(Protocol.__mro__[1])
    for attribute in ("self.cycle", "self.transport", "self.loop"):
        assert f"{attribute}:" in source or f"{attribute} =" in source, f"{attribute}: gateway/http/serving/protocol.py"


def test_starlette_gives_a_response_nothing_that_an_answer_lacks() -> None:
    """Answer in gateway/http/responses.py does not call the __init__ of Response."""
    answer = Answer(b"{}", "OK", ResponseFormat(JSON, "compat"), {})
    assert vars(Response(b"{}")).keys() <= vars(answer).keys(), "gateway/http/responses.py"
    assert sent(answer) == sent(response_like(answer)), "gateway/http/responses.py"


def test_graphql_core_asks_a_visitor_for_the_methods_of_each_kind() -> None:
    """gateway/documents/rules.py overrides it; that all rules still say the same is in tests/gateway/documents/test_rules.py."""
    assert list(inspect.signature(Visitor.get_enter_leave_for_kind).parameters) == ["self", "kind"], "gateway/documents/rules.py"
    assert [rule.__name__ for rule in rules.RULES] == [rule.__name__ for rule in specified_rules]
    assert all(rule.get_enter_leave_for_kind is not Visitor.get_enter_leave_for_kind for rule in rules.RULES)
    assert rules.NO_METHODS == (None, None)


def test_botocore_registers_the_handler_that_is_taken_away() -> None:
    assert ("before-call.s3", botocore.handlers.add_expect_header) in [handler[:2] for handler in botocore.handlers.BUILTIN_HANDLERS], "storage/s3.py"


def test_anyio_imports_its_backend_by_this_name() -> None:
    asyncio.run(anyio.lowlevel.checkpoint())
    assert "anyio._backends._asyncio" in sys.modules, PRIVATE["anyio._backends._asyncio"]


def sent(response: Response) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(response({"type": "http"}, functools.partial(asyncio.sleep, 0), send))
    return messages


def response_like(answer: Answer) -> Response:
    """What Starlette makes of the same status, headers and body."""
    return Response(answer.body, answer.status_code, {name.decode(): value.decode() for name, value in answer.raw_headers})
