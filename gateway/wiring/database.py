"""Where the database is: the one that the settings name, or the built-in one."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from db.builtin import embedded
from db.connections import DRIVER_ERRORS, FAILURES, TRANSIENT_ERRORS, Connection, connect, is_migrated, reason_of
from db.deployment.roles import APP, APP_SETTINGS
from db.outages import CONNECTION_LOST_ERRORS
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.production import require_database
from gateway.wiring.configuration.settings import Settings

# A machine that is busy, with a database that has just started on it, takes a while.
CONNECT_SECONDS = 10


class CannotReach(OperatorError):
    """The database cannot be used; the message is one line for the operator."""


class DatabaseAway(CannotReach):
    """The database does not answer now, and may do so later: it is down, starting, or has no connection free."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The database as its administrator and as the application, which setting names it for the application, and what its sessions set."""

    admin_url: str = field(repr=False)
    app_url: str = field(repr=False)
    server_settings: dict[str, str] = field(default_factory=dict)
    setting: str = "PORTICO_DATABASE_URL"


@contextmanager
def postgres(settings: Settings, *, on_create: Callable[[], None] | None = None) -> Iterator[DatabaseUrls]:
    """The built-in Postgres runs as long as the context. `on_create` is called before it is made; without that none is.

    Raises CannotReach, and WrongSetting in production, which has no built-in one.
    """
    require_database(settings)
    if settings.database_url:
        yield _external(settings.database_url, settings.app_database_url)
        return
    directory = settings.data_dir.resolve() / "postgres"
    try:
        embedded.require_installed()
        if not embedded.is_made(directory):
            if on_create is None:
                raise CannotReach("PORTICO_DATA_DIR: has no database yet. Run `./portico migrate` first, or name one with PORTICO_DATABASE_URL.")
            on_create()
        with embedded.running(directory) as urls:
            yield DatabaseUrls(urls.admin, urls.app)
    except embedded.EmbeddedPostgresFailed as error:
        raise CannotReach(str(error)) from error


@asynccontextmanager
async def connected(url: str, setting: str, server_settings: Mapping[str, str]) -> AsyncIterator[Connection]:
    """One connection, closed afterwards. Raises CannotReach or DatabaseAway where it cannot be made, which names the setting that `url` is from."""
    try:
        connection = await connect(url, seconds=CONNECT_SECONDS, server_settings=server_settings)
    except FAILURES as error:
        kind = DatabaseAway if isinstance(error, TRANSIENT_ERRORS) else CannotReach
        raise kind(f"Cannot log in to the database: {reason_of(error)}. Check {setting}.") from None
    try:
        yield connection
    finally:
        await connection.close()


async def check(place: DatabaseUrls) -> None:
    """One connection as the application. Raises CannotReach with what to do, and DatabaseAway where waiting may be enough."""
    async with connected(place.app_url, place.setting, place.server_settings) as connection:
        if not await is_migrated(connection):
            raise CannotReach("The database is empty. Run `./portico migrate` first.")


@contextmanager
def filling() -> Iterator[None]:
    """Raises CannotReach where the database does not take the demo data."""
    try:
        yield
    except (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS) as error:
        raise CannotReach(f"The database cannot be filled: {reason_of(error)}. Check PORTICO_DATABASE_URL, and run `./portico migrate` first.") from None


def _external(admin_url: str, app_url: str | None) -> DatabaseUrls:
    """Without a URL of its own the application logs in as the administrator and takes on its role at once; behind a pooler, give it one."""
    if app_url:
        return DatabaseUrls(admin_url, app_url, setting="PORTICO_APP_DATABASE_URL")
    return DatabaseUrls(admin_url, admin_url, {"role": APP, **APP_SETTINGS})
