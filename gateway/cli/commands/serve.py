"""The command `serve`."""

import asyncio
from pathlib import Path

from starlette.types import ASGIApp

from gateway.http import log_format
from gateway.http.serving.server import ShutdownPolicy, listen
from gateway.http.serving.server import serve as serve_app
from gateway.monitoring.endpoint import MetricsListener
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import check, postgres
from gateway.wiring.issuer import issuer_of, secret_of_portal
from gateway.wiring.payments import require_processor
from gateway.wiring.processes.workers import require_database, serve_with_workers
from gateway.wiring.replicas import check_replicas


def serve(port: int | None, data_dir: Path | None, workers: int | None = None) -> None:
    settings = load(port=port, data_dir=data_dir, workers=workers)
    production.require(settings, issuer_of, secret_of_portal, require_processor)
    require_database(settings)
    with listen(settings.host, settings.port) as listener, postgres(settings) as urls:
        asyncio.run(check(urls))
        asyncio.run(check_replicas(settings, urls))
        issuer = issuer_of(settings)
        secret_of_portal(settings)
        log_format.configure(as_json=settings.is_production, level=settings.log_level)
        shutdown = shutdown_policy_of(settings)
        production.warn(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"

        def make_app(metrics: MetricsListener | None = None) -> ASGIApp:
            return create_app(Setup(settings, urls.app_url, issuer, urls.server_settings, url=url, drain=shutdown.drain, metrics_listener=metrics))

        def on_ready() -> None:
            print(f"READY {url}/graphql", flush=True)

        if settings.workers > 1:
            return serve_with_workers(settings, make_app, listener, shutdown, on_ready)
        serve_app(make_app(), listener, shutdown, on_ready=on_ready)


def shutdown_policy_of(settings: Settings) -> ShutdownPolicy:
    """Return the shutdown policy of the settings."""
    return ShutdownPolicy(drain_seconds=settings.drain_seconds, shutdown_seconds=settings.shutdown_seconds)
