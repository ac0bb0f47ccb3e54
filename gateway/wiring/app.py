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
from db.replicas.routing import watch
from db.workers.routing import watch as watch_shard_groups
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
from gateway.http.graphql.budgets import Budgets
from gateway.http.graphql.endpoint import GraphQLEndpoint
from gateway.http.graphql.persisted import PersistedDocumentResolver
from gateway.http.graphql.state import AppState
from gateway.http.origins import CorsOrigins
from gateway.http.websocket.endpoint import SocketEndpoint
from gateway.live.relay import EventRelay, run_relay
from gateway.monitoring.endpoint import MetricsListener
from gateway.routes import calendars, downloads, explorer, health, oauth, pdf_documents, portal
from gateway.routes.examples import Login
from gateway.routes.health import Readiness
from gateway.routes.webhooks import webhooks
from gateway.wiring.capacity import admissions, hub, policy, upload_places
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.files import files
from gateway.wiring.hosts import guarded, hosts_of
from gateway.wiring.identity import Sign, identity
from gateway.wiring.issuer import jwks, tokens_of
from gateway.wiring.metrics.server import ServerMetrics, server_metrics
from gateway.wiring.metrics.tracing import traced, tracing_of, tracing_tasks
from gateway.wiring.payments import payments
from gateway.wiring.portal import portal_of
from gateway.wiring.replicas import replicas, shard_groups
from gateway.wiring.webhooks import webhooks_of_settings
from loaders.revisions import revision_loader
from planner import Planner

# Reading ten thousand documents takes half a second.
LOADING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Setup:
    """The parameters of a process: settings, the database, the token issuer, the customers as whom GraphiQL may send requests, the URL it listens on, the state of its
    shutdown, for a demo the database of the worker that runs inside the server (`clock`), and where processes are forked the listener of their metrics."""

    settings: Settings
    database_url: str = field(repr=False)
    issuer: OwnIssuer
    server_settings: dict[str, str]
    logins: tuple[Login, ...] = ()
    url: str | None = None
    drain: Drain = field(default_factory=Drain)
    clock: DatabaseUrls | None = None
    metrics_listener: MetricsListener | None = None

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
    database, health_database = _databases(setup)
    later, metrics, tracing = DeferredTasks(), server_metrics(settings, setup.metrics_listener), tracing_of(settings, setup.database_url)
    app = traced(_app_state(setup, database, later, metrics), tracing)
    run_clock = _clock(setup)
    sync = _registry_sync(setup, app)
    relay = EventRelay(setup.database_url, setup.server_settings, app.hub)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.connect()
        await health_database.connect()
        stop = asyncio.Event()
        if settings.is_production:
            await app.files.examiner.start()
        clock = asyncio.create_task(run_clock(stop)) if run_clock else None
        tasks = set(map(asyncio.create_task, (*_duties(app, sync, relay), *metrics.tasks(app), *tracing_tasks(tracing))))
        # Clients may send the id of any document as soon as the server listens. Without a database the wait is limited.
        with suppress(TimeoutError):
            await asyncio.wait_for(app.persisted_documents.registry.loaded.wait(), LOADING_SECONDS)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await write_last_uses(sync)
            stop.set()
            await (clock or asyncio.sleep(0))
            await later.finish()
            await _close(app, health_database)

    readiness = Readiness(_ping(health_database, database, app.clock), frozenset(revisions()[1:]), setup.drain, app.persisted_documents.registry.loaded)
    routes = [*health.routes(readiness), *_routes(setup, app, later)]
    site = metrics.around(Starlette(routes=routes, lifespan=lifespan), routes)
    return guarded(_front(settings, app, site), hosts_of(settings, gives_token=bool(setup.demo_logins)))


def _duties(app: AppState, sync: RegistrySync, relay: EventRelay) -> tuple[Coroutine[Any, Any, None], ...]:
    """Return what a server does beside requests, until it ends."""
    return run_sync(sync), run_relay(relay), app.hub.watch(), watch(app.replicas), watch_shard_groups(app.shard_groups)


def _front(settings: Settings, app: AppState, routed: ASGIApp) -> ASGIApp:
    endpoint = GraphQLEndpoint(app)
    return front(routed, explorer.for_browsers(endpoint) if settings.is_open else endpoint, SocketEndpoint(app, endpoint))


def _registry_sync(setup: Setup, app: AppState) -> RegistrySync:
    revalidation = Revalidation(app.validate, partial(digest, app.schema, setup.settings.limits))
    return RegistrySync(app.persisted_documents.registry, app.database, setup.database_url, setup.server_settings, app.clock, revalidation)


def _databases(setup: Setup) -> tuple[Database, Database]:
    """Return the database of operations, and one of a connection of its own for the health check: a process with a busy connection pool should still get requests."""
    settings = setup.settings
    pool = Pool(settings.pool_size, settings.acquire_seconds, command_seconds=settings.command_seconds, is_prepared=settings.prepared)
    connected = partial(Database, setup.database_url, server_settings=setup.server_settings)
    return connected(pool), connected(Pool(1, is_prepared=settings.prepared))


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
    renderer = pdf_documents.renderer_of(settings)
    routes += pdf_documents.routes(database, setup.issuer, settings, renderer, app.clock, bucket=app.files.bucket, replicas=app.replicas)
    routes.append(oauth.route(_token_endpoint(setup, app)))
    routes.append(calendars.route(_calendar_feeds(setup, app)))
    if settings.has_portal:
        routes += portal.routes(portal_of(settings, setup.demo_logins))
    if settings.is_open:
        routes += explorer.routes(app, setup.demo_logins)
    if settings.is_open and not settings.has_portal:
        routes.append(Route("/", home))
    return routes


async def _close(app: AppState, health_database: Database) -> None:
    await app.identity.throttle.close()
    await app.payments.close()
    await app.files.examiner.close()
    await app.files.bucket.close()
    app.identity.passwords.close()
    await app.database.disconnect()
    await health_database.disconnect()


def front(site: ASGIApp, endpoint: ASGIApp, sockets: ASGIApp) -> ASGIApp:
    """Send `/graphql` directly to the endpoint, which answers every error itself and so needs neither router nor middleware; its WebSockets to `sockets`."""
    targets = {"http": endpoint, "websocket": sockets}

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        target = targets.get(scope["type"], site) if scope.get("path") == "/graphql" else site
        await target(scope, receive, send)

    return dispatch


def _app_state(setup: Setup, database: Database, later: DeferredTasks, metrics: ServerMetrics) -> AppState:
    settings = setup.settings
    graphql_schema = portal_schema.build()
    check_costs(graphql_schema)
    planner = Planner(graphql_schema) if settings.planner else None
    url = settings.public_url or setup.listens_at
    admission, running_costs = admissions(settings)
    return AppState(
        graphql_schema,
        DocumentCache(graphql_schema, planner, settings.limits),
        DocumentCache(graphql_schema, planner, settings.limits),
        PersistedDocumentResolver(Registry(shipped_texts(), settings.mode), settings.document_id_keys, ApqCache() if settings.automatic_documents else None),
        database,
        tokens_of(settings, setup.issuer),
        identity(settings, _signer(setup.issuer), later, setup.portal_url),
        payments(settings, metrics.around_processor),
        files(settings, setup.issuer, url.rstrip("/"), later),
        partial(validate_document, graphql_schema, settings.limits),
        lambda: datetime.now(UTC),
        policy(settings),
        CorsOrigins(settings.cors_origins),
        admission,
        running_costs,
        Budgets({kind: getattr(settings, f"{kind}_budget") for kind in ("customer", "staff", "service", "anonymous")}),
        upload_places(settings),
        Flow(admission.is_used),
        setup.drain,
        hub(settings, setup.drain),
        revision_loader(database, acquire_seconds=settings.acquire_seconds),
        webhooks=webhooks_of_settings(settings, database, lambda: graphql_schema),
        observe=metrics.observe,
        replicas=replicas(settings, setup.database_url, setup.server_settings),
        shard_groups=shard_groups(settings, setup.database_url, setup.server_settings),
    )


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


def _calendar_feeds(setup: Setup, app: AppState) -> calendars.CalendarFeeds:
    settings = setup.settings
    admission = Admission(running=calendars.AT_ONCE, queued=settings.max_queued, wait_seconds=settings.queue_seconds)
    return calendars.CalendarFeeds(
        app.database,
        app.identity.throttle,
        app.clock,
        settings.trusted_proxies,
        settings.merchant,
        setup.portal_url if settings.has_portal else None,
        admission,
        Allowance(calendars.READS_PER_MINUTE),
    )


def _signer(issuer: OwnIssuer) -> Sign:
    return lambda viewer, now, lifetime: sign(viewer, issuer, now=now, lifetime=lifetime)


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
