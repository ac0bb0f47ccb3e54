"""ASGI applications that are called in the process that measures, without a network."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graphql import REMOVE, FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, parse, print_ast, visit


@dataclass(frozen=True, slots=True)
class Called:
    """An application, the body that is sent to its path `/graphql`, and the tokens of the callers."""

    name: str
    app: Any
    body: bytes
    tokens: Sequence[str]

    async def ask(self, number: int) -> bytes:
        """Return the answer to the caller of a number. Raises RuntimeError for an error."""
        sent: list[Any] = []
        requests = [{"type": "http.request", "body": self.body, "more_body": False}]

        async def receive() -> Any:
            return requests.pop() if requests else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(_scope(self.body, self.tokens[number % len(self.tokens)]), receive, send)
        body = b"".join(message.get("body", b"") for message in sent)
        if sent[0]["status"] != 200 or b'"errors"' in body:
            raise RuntimeError(f"{self.name} answers {sent[0]['status']}: {body[:500]!r}")
        return body


def _scope(body: bytes, token: str) -> dict[str, Any]:
    headers = {"host": "127.0.0.1", "authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
    fields = [(name.encode(), value.encode()) for name, value in {**headers, "content-length": str(len(body))}.items()]
    shared = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "", "query_string": b""}
    place = {"method": "POST", "path": "/graphql", "raw_path": b"/graphql", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    return {**shared, **place, "headers": fields, "state": {}}


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Run the lifespan of an application."""
    messages: asyncio.Queue[Any] = asyncio.Queue()
    states: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: Any) -> None:
        states.put_nowait(message["type"])

    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, messages.get, send))
    try:
        messages.put_nowait({"type": "lifespan.startup"})
        if (state := await states.get()) != "lifespan.startup.complete":
            raise RuntimeError(state)
        yield
        messages.put_nowait({"type": "lifespan.shutdown"})
        await states.get()
    finally:
        task.cancel()


def common(text: str, schema: GraphQLSchema) -> str:
    """Return a document without the fields that a schema does not have."""
    info = TypeInfo(schema)

    class Pruner(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> Any:
            return None if info.get_field_def() else REMOVE

    return print_ast(visit(parse(text), TypeInfoVisitor(info, Pruner())))
