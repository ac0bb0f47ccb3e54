"""The command `serve`."""

import asyncio
from pathlib import Path

from gateway.cli.commands.console import console
from gateway.http import log_format
from gateway.http.serving.server import ShutdownPolicy, listen
from gateway.http.serving.server import serve as serve_app
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import check, postgres
from gateway.wiring.issuer import issuer_of, secret_of_portal
from gateway.wiring.payments import require_processor


def serve(port: int | None, data_dir: Path | None) -> None:
    settings = load(port=port, data_dir=data_dir)
    production.require(settings, issuer_of, secret_of_portal, require_processor)
    with listen(settings.host, settings.port) as listener, postgres(settings) as place:
        asyncio.run(check(place))
        issuer = issuer_of(settings)
        secret_of_portal(settings)
        log_format.configure(as_json=settings.is_production, level=settings.log_level)
        ending = ending_of(settings)
        production.warn(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"
        app = create_app(Setup(settings, place.app_url, issuer, place.server_settings, url=url, drain=ending.drain))
        serve_app(app, listener, ending, on_ready=lambda: console.print(f"READY {url}/graphql"))


def ending_of(settings: Settings) -> ShutdownPolicy:
    """How the process will end, by the settings."""
    return ShutdownPolicy(drain_seconds=settings.drain_seconds, shutdown_seconds=settings.shutdown_seconds)
