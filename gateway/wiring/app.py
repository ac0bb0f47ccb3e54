"""The application: the objects that exist as long as the process, composed in one function that server, CLI and tests call."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

import schema as portal_schema
from auth.jwt.tokens import OwnIssuer, sign
from billing.states import Actor
from db import unit_of_work
from db.blocks import blocks
from db.deployment.revisions import revisions
from db.pool import Database, Pool
from gateway.documents.cost import check_costs
from gateway.documents.document_cache import DocumentCache, digest, validate_document
from gateway.documents.registry import ApqCache, Registry
from gateway.documents.revalidation import Revalidation
from gateway.documents.sync import RegistrySync, run_sync, shipped_texts, write_last_uses
from gateway.http.capacity.admission import Admission
from gateway.http.capacity.after_response import DeferredTasks
from gateway.http.capacity.allowance import Allowance
from gateway.http.capacity.drain import Drain
from gateway.http.capacity.flow import Flow
from gateway.http.capacity.upload_timeout import UploadTimeout
from gateway.http.graphql.budgets import Budgets
from gateway.http.graphql.endpoint import GraphQLEndpoint
from gateway.http.graphql.persisted import PersistedDocumentResolver
from gateway.http.graphql.state import AppState, RequestPolicy
from gateway.http.origins import CorsOrigins
from gateway.http.requests import BodyLimits
from gateway.routes import downloads, explorer, health, oauth, pdf_documents, portal
from gateway.routes.examples import Login
from gateway.routes.health import Readiness
from gateway.routes.webhooks import webhooks
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.files import files
from gateway.wiring.hosts import guarded, hosts_of
from gateway.wiring.identity import Sign, identity
from gateway.wiring.issuer import jwks, tokens_of
from gateway.wiring.payments import payments
from gateway.wiring.portal import portal_of
from gateway.wiring.webhooks import webhooks_of_settings
from planner import Planner

# Reading ten thousand documents takes half a second.
LOADING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Setup:
    """The parameters of a process: settings, the database, the token issuer, the customers as whom GraphiQL may send requests, the URL it listens on, the state of its
    shutdown, and for a demo the database of the worker that runs inside the server (`clock`)."""

    settings: Settings
    database_url: str = field(repr=False)
    issuer: OwnIssuer
    server_settings: dict[str, str]
    logins: tuple[Login, ...] = ()
    url: str | None = None
    drain: Drain = field(default_factory=Drain)
    clock: DatabaseUrls | None = None

    @property
    def demo_logins(self) -> tuple[Login, ...]:
        """Return the demo customers; none in production."""
        return () if self.settings.is_production else self.logins

    @property
    def listens_at(self) -> str:
        return self.url or f"http://{self.settings.host}:{self.settings.port}"

    @property
    def portal_url(self) -> str:
        """Return the URL of the customer pages, without a trailing slash."""
        return (self.settings.portal_url or self.listens_at).rstrip("/")


def create_app(setup: Setup) -> ASGIApp:
    settings = setup.settings
    pool = Pool(settings.pool_size, settings.acquire_seconds, command_seconds=settings.command_seconds)
    database = Database(setup.database_url, pool, server_settings=setup.server_settings)
    # A connection of its own, because a process with a busy connection pool should still get requests.
    health_database = Database(setup.database_url, Pool(1), server_settings=setup.server_settings)
    later = DeferredTasks()
    app = _app_state(setup, database, later)
    revalidation = Revalidation(app.validate, digest(app.schema, settings.limits))
    run_clock = _clock(setup)
    sync = RegistrySync(app.persisted_documents.registry, database, setup.database_url, setup.server_settings, app.clock, revalidation)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.connect()
        await health_database.connect()
        stop = asyncio.Event()
        if settings.is_production:
            await app.files.examiner.start()
        clock = asyncio.create_task(run_clock(stop)) if run_clock else None
        sync_task = asyncio.create_task(run_sync(sync))
        # Clients may send the id of any document as soon as the server listens. Without a database the wait is limited.
        with suppress(TimeoutError):
            await asyncio.wait_for(app.persisted_documents.registry.loaded.wait(), LOADING_SECONDS)
        try:
            yield
        finally:
            sync_task.cancel()
            await asyncio.wait({sync_task})
            await write_last_uses(sync)
            stop.set()
            if clock:
                await clock
            await later.finish()
            await _close(app)
            await health_database.disconnect()

    readiness = Readiness(_ping(health_database, database, app.clock), frozenset(revisions()[1:]), setup.drain, app.persisted_documents.registry.loaded)
    routes = [*health.routes(readiness), *_routes(setup, app, later)]
    return guarded(front(Starlette(routes=routes, lifespan=lifespan), GraphQLEndpoint(app)), hosts_of(settings, gives_token=bool(setup.demo_logins)))


def _clock(setup: Setup) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]] | None:
    """Return the function that runs the worker of a demo. Its module is imported here, because other servers do not need the jobs."""
    if setup.clock is None:
        return None
    from gateway.wiring.worker import run_beside

    return partial(run_beside, setup.settings, setup.clock)


def _routes(setup: Setup, app: AppState, later: DeferredTasks) -> list[BaseRoute]:
    """Return all routes except `/graphql`."""
    settings, database = setup.settings, app.database
    routes: list[BaseRoute] = [jwks(setup.issuer), webhooks(app.payments, database, app.clock, later, body_seconds=settings.body_seconds)]
    of_customer = max(1, min(settings.max_downloads, settings.pool_size) // 2)
    places = Admission(running=settings.max_downloads, queued=settings.max_queued, wait_seconds=settings.queue_seconds, per_caller=of_customer)
    bounds = downloads.FileBounds(places, Allowance(settings.downloads_per_minute), app.uploads, app.policy.upload_timeout, app.flow)
    routes += downloads.routes(database, setup.issuer, app.files, app.clock, bounds=bounds)
    routes += pdf_documents.routes(database, setup.issuer, settings, app.clock)
    routes.append(oauth.route(_token_endpoint(setup, app)))
    if settings.has_portal:
        routes += portal.routes(portal_of(settings, setup.demo_logins))
    if settings.is_open:
        routes += explorer.routes(app, setup.demo_logins)
    if settings.is_open and not settings.has_portal:
        routes.append(Route("/", home))
    return routes


async def _close(app: AppState) -> None:
    await app.identity.throttle.close()
    await app.payments.close()
    await app.files.examiner.close()
    await app.files.bucket.close()
    app.identity.passwords.close()
    await app.database.disconnect()


def front(site: ASGIApp, endpoint: ASGIApp) -> ASGIApp:
    """Send `/graphql` directly to the endpoint, which answers every error itself and so needs neither router nor middleware."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        target = endpoint if scope["type"] == "http" and scope["path"] == "/graphql" else site
        await target(scope, receive, send)

    return dispatch


def _app_state(setup: Setup, database: Database, later: DeferredTasks) -> AppState:
    settings = setup.settings
    graphql_schema = portal_schema.build()
    check_costs(graphql_schema)
    planner = Planner(graphql_schema) if settings.planner else None
    url = settings.public_url or setup.listens_at
    admission, running_costs = _admissions(settings)
    return AppState(
        graphql_schema,
        DocumentCache(graphql_schema, planner, settings.limits),
        DocumentCache(graphql_schema, planner, settings.limits),
        PersistedDocumentResolver(Registry(shipped_texts(), settings.mode), settings.document_id_keys, ApqCache() if settings.automatic_documents else None),
        database,
        tokens_of(settings, setup.issuer),
        identity(settings, _signer(setup.issuer), later, setup.portal_url),
        payments(settings),
        files(settings, setup.issuer, url.rstrip("/"), later),
        partial(validate_document, graphql_schema, settings.limits),
        lambda: datetime.now(UTC),
        _policy(settings),
        CorsOrigins(settings.cors_origins),
        admission,
        running_costs,
        Budgets({kind: getattr(settings, f"{kind}_budget") for kind in ("customer", "staff", "service", "anonymous")}),
        _upload_places(settings),
        Flow(admission.is_used),
        setup.drain,
        webhooks=webhooks_of_settings(settings, database, lambda: graphql_schema),
    )


def _upload_places(settings: Settings) -> Admission:
    """Return the places for uploads, of which one caller may have a fifth."""
    of_caller = max(1, settings.max_uploads // 5)
    return Admission(running=settings.max_uploads, queued=settings.max_queued, wait_seconds=settings.upload_queue_seconds, per_caller=of_caller)


def _admissions(settings: Settings) -> tuple[Admission, Admission]:
    """Return the places for operations, and those for their cost. One caller may use at most half of the connections."""
    admission = partial(Admission, queued=settings.max_queued, wait_seconds=settings.queue_seconds)
    of_caller = settings.max_caller_running or max(1, min(settings.max_running, settings.pool_size) // 2)
    costs = settings.max_caller_cost
    return admission(running=settings.max_running, per_caller=of_caller), admission(running=settings.max_running * costs, per_caller=costs)


def _token_endpoint(setup: Setup, app: AppState) -> oauth.TokenEndpoint:
    settings = setup.settings
    return oauth.TokenEndpoint(
        lambda caller: unit_of_work.UnitOfWork(app.database, caller, acquire_seconds=settings.acquire_seconds),
        app.identity.sign,
        app.identity.throttle,
        app.clock,
        (settings.token_issuer, f"{setup.portal_url}/oauth/token"),
        settings.trusted_proxies,
    )


def _signer(issuer: OwnIssuer) -> Sign:
    return lambda viewer, now, lifetime: sign(viewer, issuer, now=now, lifetime=lifetime)


def _policy(settings: Settings) -> RequestPolicy:
    return RequestPolicy(
        authenticated=BodyLimits(settings.max_body_bytes, settings.max_url_bytes, settings.body_seconds),
        anonymous=BodyLimits(min(settings.max_anonymous_body_bytes, settings.max_body_bytes), settings.max_url_bytes, settings.body_seconds),
        operation_seconds=settings.operation_seconds,
        upload_timeout=UploadTimeout(settings.upload_seconds, settings.upload_bytes_per_second),
        acquire_seconds=settings.acquire_seconds,
        profile=settings.http_profile,
        trusted_proxies=settings.trusted_proxies,
        is_open=settings.is_open,
        shows_timings=not settings.is_production,
        tells_reasons=not settings.is_production,
    )


def _ping(health_database: Database, database: Database, clock: Callable[[], datetime]) -> health.Ping:
    """Return the function that reads the database's revision, with the settings of an operation, on a connection of its own."""

    async def ping() -> str:
        if database.seconds_without_place >= health.NO_CONNECTION_SECONDS:
            raise health.NoConnectionFree(f"no connection has been free for {database.seconds_without_place:.0f} seconds")
        session = unit_of_work.UnitOfWork(health_database, unit_of_work.Caller(None, Actor.ANONYMOUS, clock()))
        try:
            return str((await session.fetch(blocks()["schema.revision"].sql, ()))[0][0])
        finally:
            await session.close()

    return ping


async def home(_: Request) -> Response:
    return RedirectResponse("/graphiql")
