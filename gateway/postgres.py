"""Where the database is: the one that the settings name, or the built-in one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncpg

from db import embedded
from db.migrate import APP, APP_SETTINGS
from gateway.settings import Settings


class CannotReach(Exception):
    """The database cannot be used; the message is one line for the operator."""


class DatabaseAway(CannotReach):
    """The database does not answer now, and may do so later: it is down, starting, or has no connection free."""


# What passes by itself. A wrong password, role or name of the database does not.
PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


@dataclass(frozen=True, slots=True)
class Place:
    """The database as its administrator and as the application, and what the application's sessions set."""

    admin_url: str
    app_url: str
    server_settings: dict[str, str] = field(default_factory=dict)


@contextmanager
def postgres(settings: Settings) -> Iterator[Place]:
    """The built-in Postgres runs as long as the context. Raises CannotReach."""
    if settings.database_url:
        yield _external(settings.database_url, settings.app_database_url)
        return
    try:
        with embedded.running(settings.data_dir.resolve() / "postgres") as urls:
            yield Place(urls.admin, urls.app)
    except embedded.EmbeddedPostgresFailed as error:
        raise CannotReach(str(error)) from error


async def check(place: Place) -> None:
    """One connection as the application. Raises CannotReach with what to do, and DatabaseAway where waiting may be enough."""
    try:
        connection = await asyncpg.connect(place.app_url, timeout=5, server_settings=place.server_settings)
        try:
            has_schema = await connection.fetchval("select to_regclass('portico.customer') is not null")
        finally:
            await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        kind = DatabaseAway if isinstance(error, PASSING) else CannotReach
        raise kind(f"The database does not take us in: {error}. Check PORTICO_DATABASE_URL, and run `python -m gateway migrate` on a new database.") from error
    if not has_schema:
        raise CannotReach("The database is empty. Run `python -m gateway migrate` first.")


def _external(admin_url: str, app_url: str | None) -> Place:
    """Without a URL of its own the application logs in as the administrator and takes on its role at once; behind a pooler, give it one."""
    if app_url:
        return Place(admin_url, app_url)
    return Place(admin_url, admin_url, {"role": APP, **APP_SETTINGS})
