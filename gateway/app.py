"""The application: everything that lives as long as the process, put together in one function that server, CLI and tests all call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

import schema as portal_schema
from auth.tokens import Issuer, sign
from db import session
from gateway import explorer
from gateway.clock import run_worker
from gateway.documents import Documents
from gateway.http import GraphQLEndpoint, Limits, Portal
from gateway.identity import Later, Sign, identity
from gateway.issuer import jwks, tokens_of
from gateway.payments import payments
from gateway.postgres import Place
from gateway.settings import Settings
from gateway.webhooks import webhooks
from planner import Planner


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process is told at its start: settings, where the database is, whose tokens it takes, GraphiQL's token, and for a
    demo where the billing clock works, which then runs inside the server."""

    settings: Settings
    database_url: str
    issuer: Issuer
    server_settings: dict[str, str]
    graphiql_token: str | None = None
    clock: Place | None = None


def create_app(setup: Setup) -> ASGIApp:
    settings = setup.settings
    graphql_schema = portal_schema.build()
    pool = session.Pool(settings.pool_size, settings.acquire_seconds, command_seconds=settings.command_seconds)
    database = session.database(setup.database_url, pool, server_settings=setup.server_settings)
    later = Later()
    limits = Limits(settings.max_body_bytes, settings.operation_seconds, settings.acquire_seconds)
    documents = Documents(graphql_schema, Planner(graphql_schema) if settings.planner else None)
    portal = Portal(
        graphql_schema,
        documents,
        database,
        tokens_of(settings, setup.issuer),
        identity(settings, _signer(setup.issuer), later),
        payments(settings),
        lambda: datetime.now(UTC),
        limits,
        not settings.is_production,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.connect()
        stop = asyncio.Event()
        clock = asyncio.create_task(run_worker(settings, setup.clock, on_ready=lambda: None, stop=stop)) if setup.clock else None
        try:
            yield
        finally:
            stop.set()
            if clock:
                await clock
            await later.finish()
            await portal.identity.throttle.close()
            await portal.payments.close()
            portal.identity.passwords.close()
            await database.disconnect()

    routes: list[BaseRoute] = [Route("/livez", livez), jwks(setup.issuer), webhooks(portal.payments, database, portal.clock, later)]
    if not settings.is_production:
        routes += [Route("/", home), *explorer.routes(setup.graphiql_token)]
    return front(Starlette(routes=routes, lifespan=lifespan), GraphQLEndpoint(portal))


def front(site: ASGIApp, endpoint: ASGIApp) -> ASGIApp:
    """GraphQL without a detour: the endpoint answers every error itself, so it needs nothing of what the site's router and middleware do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked = endpoint if scope["type"] == "http" and scope["path"] == "/graphql" else site
        await asked(scope, receive, send)

    return app


def _signer(issuer: Issuer) -> Sign:
    return lambda viewer, now, lifetime: sign(viewer, issuer, now=now, lifetime=lifetime)


async def livez(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def home(_: Request) -> Response:
    return RedirectResponse("/graphiql")
