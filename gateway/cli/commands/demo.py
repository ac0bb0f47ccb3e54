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
from gateway.cli.commands.serve import ending_of
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
    with listen(settings.host, settings.port) as listener, postgres(settings, on_create=say_creating) as place:
        issuer = issuer_of(settings)
        with _own_data_only():
            asyncio.run(preparing.prepare_demo(place, settings, issuer))
        ending = ending_of(settings)
        url = f"http://{settings.host}:{listener.getsockname()[1]}"
        app = create_app(Setup(settings, place.app_url, issuer, place.server_settings, logins=welcome.logins(issuer), url=url, drain=ending.drain, clock=place))
        serve_app(app, listener, ending, on_ready=lambda: _welcome(settings, url, issuer))


def seed(customers: int, data_dir: Path | None) -> None:
    settings = load(data_dir=data_dir)
    production.refuse_seed(settings)
    with postgres(settings) as place:
        asyncio.run(check(place))
        with _own_data_only():
            _seed(place, customers)


def _seed(place: DatabaseUrls, customers: int) -> None:
    with Progress(console=console) as progress:
        task = progress.add_task("Customers", total=max(customers, 1))
        asyncio.run(preparing.seed(place, customers, lambda done: progress.update(task, completed=done)))
        progress.update(task, completed=max(customers, 1))


@contextmanager
def _own_data_only() -> Iterator[None]:
    """Raises OperatorError where the database has rows that are not the demo's."""
    try:
        yield
    except NotTheDemo as error:
        raise OperatorError(str(error)) from error


def _welcome(settings: Settings, url: str, issuer: OwnIssuer) -> None:
    """The addresses first, and then the log."""
    welcome.show(console, url, issuer)
    log.configure(as_json=settings.is_production, level=settings.log_level)
