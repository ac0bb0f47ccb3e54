"""Where the database is: the one that the settings name, or the built-in one."""

import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import asyncpg

from db.builtin import embedded
from db.outages import LOST
from db.roles import APP, APP_SETTINGS
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.production import require_database
from gateway.wiring.configuration.settings import Settings

# A machine that is busy, with a database that has just started on it, takes a while.
CONNECT_SECONDS = 10
# What a driver raises where a database cannot be reached or its URL cannot be used.
FAILURES = (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)
REASONS = {
    "28P01": "the password is wrong",
    "28000": "it does not take this user; `./portico migrate` makes portico_app",
    "3D000": "it has no database of this name",
    "22023": "it has no role portico_app, which `./portico migrate` makes",
    "42501": "this user may not do that",
    "42P01": "it has no tables yet",
    "42704": "it does not know a parameter of the URL",
    "53300": "it has no connection left",
    "57P03": "it is starting or stopping",
}


class CannotReach(OperatorError):
    """The database cannot be used; the message is one line for the operator."""


class DatabaseAway(CannotReach):
    """The database does not answer now, and may do so later: it is down, starting, or has no connection free."""


# What passes by itself. A wrong password, role or name of the database does not.
PASSING = (
    *LOST,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


@dataclass(frozen=True, slots=True)
class Place:
    """The database as its administrator and as the application, which setting names it for the application, and what its sessions set."""

    admin_url: str = field(repr=False)
    app_url: str = field(repr=False)
    server_settings: dict[str, str] = field(default_factory=dict)
    setting: str = "PORTICO_DATABASE_URL"


@contextmanager
def postgres(settings: Settings, *, on_create: Callable[[], None] | None = None) -> Iterator[Place]:
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
            yield Place(urls.admin, urls.app)
    except embedded.EmbeddedPostgresFailed as error:
        raise CannotReach(str(error)) from error


@asynccontextmanager
async def connected(url: str, setting: str, server_settings: Mapping[str, str]) -> AsyncIterator[asyncpg.Connection]:
    """One connection, closed afterwards. Raises CannotReach or DatabaseAway where it cannot be made, which names the setting that `url` is from."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=dict(server_settings))
    except FAILURES as error:
        kind = DatabaseAway if isinstance(error, PASSING) else CannotReach
        raise kind(f"Cannot log in to the database: {reason_of(error)}. Check {setting}.") from None
    try:
        yield connection
    finally:
        await connection.close()


async def check(place: Place) -> None:
    """One connection as the application. Raises CannotReach with what to do, and DatabaseAway where waiting may be enough."""
    async with connected(place.app_url, place.setting, place.server_settings) as connection:
        if not await connection.fetchval("select to_regclass('portico.customer') is not null"):
            raise CannotReach("The database is empty. Run `./portico migrate` first.")


@contextmanager
def filling() -> Iterator[None]:
    """Raises CannotReach where the database does not take the demo data."""
    try:
        yield
    except (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotReach(f"The database cannot be filled: {reason_of(error)}. Check PORTICO_DATABASE_URL, and run `./portico migrate` first.") from None


def reason_of(error: Exception) -> str:
    """Why, in words of our own: what a driver says of a URL may repeat a part of it, and where a password was not encoded that is a part of the password."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{REASONS.get(error.sqlstate, type(error).__name__)} (SQLSTATE {error.sqlstate})"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, socket.gaierror):
        return "its host is not known"
    if isinstance(error, ssl.SSLError):
        return "there is no TLS with it"
    # These two have neither a code nor a class of their own in asyncpg.
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return "it does not speak TLS"
    if isinstance(error, asyncpg.InterfaceError) and str(error).startswith("root certificate file"):
        return "the root certificate for sslmode is missing: put it at ~/.postgresql/root.crt, or name it with sslrootcert="
    if isinstance(error, FileNotFoundError):
        return f"{os.strerror(errno.ENOENT)}: its socket, or a certificate that its URL names"
    if isinstance(error, EOFError | asyncpg.InternalClientError | asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return "the connection was lost"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else "it cannot be reached"
    return "its URL cannot be used"


def _external(admin_url: str, app_url: str | None) -> Place:
    """Without a URL of its own the application logs in as the administrator and takes on its role at once; behind a pooler, give it one."""
    if app_url:
        return Place(admin_url, app_url, setting="PORTICO_APP_DATABASE_URL")
    return Place(admin_url, admin_url, {"role": APP, **APP_SETTINGS})
