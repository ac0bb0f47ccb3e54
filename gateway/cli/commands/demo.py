"""The commands that load demo data: `demo` and `seed`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress

from auth.jwt.tokens import OwnIssuer
from demo import NotTheDemo
from gateway.cli.commands import preparing, welcome
from gateway.cli.commands.console import console
from gateway.cli.commands.migrate import say_creating
from gateway.cli.commands.serve import shutdown_policy_of
from gateway.http import log_format as log
from gateway.http.serving.server import listen
from gateway.http.serving.server import serve as serve_app
from gateway.operator_errors import OperatorError
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, load
from gateway.wiring.database import DatabaseUrls, check, postgres
from gateway.wiring.issuer import issuer_of


def demo(port: int | None, data_dir: Path | None) -> None:
    settings = preparing.with_demo_merchant(load(port=port, data_dir=data_dir))
    production.refuse_demo(settings)
    with listen(settings.host, settings.port) as listener, postgres(settings, on_create=say_creating) as urls:
        issuer = issuer_of(settings)
        with _own_data_only():
            asyncio.run(preparing.prepare_demo(urls, settings, issuer))
        shutdown = shutdown_policy_of(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"
        app = create_app(Setup(settings, urls.app_url, issuer, urls.server_settings, logins=welcome.logins(issuer), url=url, drain=shutdown.drain, clock=urls))
        serve_app(app, listener, shutdown, on_ready=lambda: _welcome(settings, url, issuer))


def seed(customers: int, data_dir: Path | None) -> None:
    settings = load(data_dir=data_dir)
    production.refuse_seed(settings)
    with postgres(settings) as urls:
        asyncio.run(check(urls))
        with _own_data_only():
            _seed(urls, customers)


def _seed(urls: DatabaseUrls, customers: int) -> None:
    with Progress(console=console) as progress:
        task = progress.add_task("Customers", total=max(customers, 1))
        asyncio.run(preparing.seed(urls, customers, lambda done: progress.update(task, completed=done)))
        progress.update(task, completed=max(customers, 1))


@contextmanager
def _own_data_only() -> Iterator[None]:
    """Raises OperatorError if the database has rows other than the demo's."""
    try:
        yield
    except NotTheDemo as error:
        raise OperatorError(str(error)) from error


def _welcome(settings: Settings, url: str, issuer: OwnIssuer) -> None:
    """Print the URLs, and then configure the log."""
    welcome.show(console, url, issuer)
    log.configure(as_json=settings.is_production, level=settings.log_level)
