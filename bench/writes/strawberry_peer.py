"""Plain Strawberry with the plain writes of `plain.sql`: `strawberry.asgi` under uvicorn, parsed and validated documents cached, orjson as in its documentation."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

from bench.peers.serving import begin, customer_of, open_pool, serve

WRITES = {
    part.partition("\n")[0].strip(): part.partition("\n")[2].strip()
    for part in re.split(r"^-- name: ", Path(__file__).with_name("plain.sql").read_text(encoding="utf-8"), flags=re.M)[1:]
}


@dataclass(frozen=True, slots=True)
class Caller:
    pool: Any
    customer_id: str


@strawberry.type
class UserError:
    code: str
    message: str


@strawberry.type
class Subscription:
    id: strawberry.ID
    status: str
    version: int
    renews_at: str | None


@strawberry.type
class Customer:
    id: strawberry.ID
    version: int
    name: str


@strawberry.type
class SubscriptionPayload:
    subscription: Subscription | None
    user_errors: list[UserError]


@strawberry.type
class ProfilePayload:
    customer: Customer | None
    user_errors: list[UserError]


@strawberry.input
class PauseSubscriptionInput:
    subscription_id: strawberry.ID
    when: str | None = None
    idempotency_key: str | None = None


@strawberry.input
class ResumeSubscriptionInput:
    subscription_id: strawberry.ID
    idempotency_key: str | None = None


@strawberry.input
class UpdateProfileInput:
    name: str


async def written(info: Info[Caller, None], name: str, *values: str) -> Any:
    """Run one statement in a transaction of its own under row security."""
    caller = info.context
    opening = begin(caller.customer_id, datetime.now(UTC)).replace("REPEATABLE READ READ ONLY", "READ COMMITTED READ WRITE")
    async with caller.pool.acquire() as connection:
        await connection.execute(opening)
        row = await connection.fetchrow(WRITES[name], caller.customer_id, *values)
        await connection.execute("COMMIT")
    return row


async def _changed(info: Info[Caller, None], name: str, identifier: str) -> SubscriptionPayload:
    row = await written(info, name, identifier)
    if row is None:
        return SubscriptionPayload(subscription=None, user_errors=[UserError(code="WRONG_STATE", message="It cannot be changed.")])
    renews_at = row["renews_at"].isoformat() if row["renews_at"] else None
    return SubscriptionPayload(subscription=Subscription(id=row["id"], status=row["status"], version=row["version"], renews_at=renews_at), user_errors=[])


@strawberry.type
class Query:
    @strawberry.field
    def version(self) -> int:
        return 1


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def pause_subscription(self, info: Info[Caller, None], input: PauseSubscriptionInput) -> SubscriptionPayload | None:
        return await _changed(info, "pauseSubscription", input.subscription_id)

    @strawberry.mutation
    async def resume_subscription(self, info: Info[Caller, None], input: ResumeSubscriptionInput) -> SubscriptionPayload | None:
        return await _changed(info, "resumeSubscription", input.subscription_id)

    @strawberry.mutation
    async def update_profile(self, info: Info[Caller, None], input: UpdateProfileInput) -> ProfilePayload | None:
        row = await written(info, "updateProfile", input.name)
        return ProfilePayload(customer=Customer(id=row["id"], version=row["version"], name=row["name"]), user_errors=[])


class Endpoint(GraphQL[Any, Any]):
    pool: Any = None

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    async def get_context(self, request: Any, response: Any) -> Caller:
        return Caller(self.pool, customer_of(request.headers.get("authorization", "")))


def application() -> Starlette:
    endpoint = Endpoint(strawberry.Schema(Query, mutation=Mutation, extensions=[ParserCache, ValidationCache]), graphql_ide=None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_pool() as endpoint.pool:
            yield

    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)


if __name__ == "__main__":
    serve(application(), "/graphql")
