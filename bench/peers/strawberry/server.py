"""Plain Strawberry: `strawberry.asgi` under uvicorn with uvloop and httptools, parsed and validated documents cached, orjson as in its documentation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.peers.serving import customer_of, open_pool, serve
from bench.peers.strawberry import types
from bench.peers.strawberry.payment_methods import PaymentMethod, PaymentMethodConnection
from bench.peers.strawberry.reads import Context, Session
from billing.states import NextPaymentKind


async def totals(info: types.Info, column: str) -> list[types.Money]:
    return [types.money(row, column) for row in await info.context.totals()]


SOURCES: dict[NextPaymentKind, type[types.Node]] = {NextPaymentKind.INSTALLMENT: types.Installment, NextPaymentKind.RETRY: types.Invoice}


@strawberry.type
class NextPayment:
    date: types.Date
    kind: NextPaymentKind
    amount: types.Money
    source_id: strawberry.Private[str]

    @strawberry.field
    def source(self) -> types.Node | None:
        return SOURCES.get(self.kind, types.Subscription).known_by(self.source_id)


@strawberry.type
class Summary(types.Node):
    active_subscriptions: int
    active_schedules: int

    @strawberry.field
    async def balance(self, info: types.Info) -> list[types.Money]:
        return await totals(info, "balance_minor")

    @strawberry.field
    async def total_due(self, info: types.Info) -> list[types.Money]:
        return await totals(info, "due_minor")

    @strawberry.field
    async def total_overdue(self, info: types.Info) -> list[types.Money]:
        return await totals(info, "overdue_minor")

    @strawberry.field
    async def processing(self, info: types.Info) -> list[types.Money]:
        return await totals(info, "processing_minor")

    @strawberry.field
    async def payable(self, info: types.Info) -> list[types.Money]:
        return [types.money(row, "charged_minor") for row in await info.context.session.read("payables", info.context.session.customer_id)]

    @strawberry.field
    async def last_payment(self, info: types.Info) -> types.Payment | None:
        rows = await info.context.session.read("last_payment", info.context.session.customer_id)
        return types.Payment.of(rows[0]) if rows else None

    @strawberry.field
    async def next_payment(self, info: types.Info) -> NextPayment | None:
        rows = await info.context.session.read("next_payment", info.context.session.customer_id)
        return next((NextPayment(date=r["due_on"], kind=NextPaymentKind(r["kind"]), amount=types.money(r), source_id=r["source_id"]) for r in rows), None)


@strawberry.type
class Customer(types.Node):
    name: str

    @strawberry.field
    async def summary(self, info: types.Info) -> Summary:
        rows = await info.context.session.read("counts", self.id)
        return Summary(id=rows[0]["id"], active_subscriptions=rows[0]["active_subscriptions"], active_schedules=rows[0]["active_schedules"])

    @strawberry.field
    async def subscriptions(self, info: types.Info, first: int, filter: types.SubscriptionFilter | None = None) -> types.SubscriptionConnection:
        rows = await info.context.session.read("subscriptions", self.id, first + 1, filter.status if filter else None)
        return types.SubscriptionConnection(nodes=[types.Subscription.of(row) for row in rows[:first]], page_info=types.page_info(rows, first))

    @strawberry.field
    async def payment_schedules(self, info: types.Info, first: int, filter: types.ScheduleFilter | None = None) -> types.PaymentScheduleConnection:
        rows = await info.context.session.read("schedules", self.id, first + 1, filter.status if filter else None)
        return types.PaymentScheduleConnection(nodes=[types.PaymentSchedule.of(row) for row in rows[:first]], page_info=types.page_info(rows, first))

    @strawberry.field
    async def payments(self, info: types.Info, first: int) -> types.PaymentConnection:
        rows = await info.context.session.read("payments", self.id, first + 1)
        return types.PaymentConnection(nodes=[types.Payment.of(row) for row in rows[:first]], page_info=types.page_info(rows, first))

    @strawberry.field
    async def payment_methods(self, info: types.Info, first: int) -> PaymentMethodConnection:
        rows = await info.context.session.read("methods", self.id, first)
        return PaymentMethodConnection(nodes=[PaymentMethod.of(row) for row in rows])


@strawberry.type
class Query:
    @strawberry.field
    async def customer(self, info: types.Info) -> Customer | None:
        rows = await info.context.session.read("customer", info.context.session.customer_id)
        return Customer(id=rows[0]["id"], name=rows[0]["name"]) if rows else None


class Endpoint(GraphQL[Any, Any]):
    pool: Any = None

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    async def get_context(self, request: Any, response: Any) -> Context:
        session = Session(self.pool, customer_of(request.headers.get("authorization", "")))
        response.background = BackgroundTask(session.end)
        return Context(session)


def make_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, config=StrawberryConfig(scalar_map=types.SCALARS), extensions=[ParserCache, ValidationCache])


def application() -> Starlette:
    endpoint = Endpoint(make_schema(), graphql_ide=None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_pool() as endpoint.pool:
            yield

    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)


if __name__ == "__main__":
    serve(application(), "/graphql")
