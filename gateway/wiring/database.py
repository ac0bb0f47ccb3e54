"""The database: the one that the settings name, or the built-in one."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from db.builtin import embedded
from db.connections import DRIVER_ERRORS, FAILURES, TRANSIENT_ERRORS, Connection, connect, is_distributed, is_migrated, keeps_prepared, reason_of, server_pid
from db.deployment.roles import APP, APP_SETTINGS
from db.outages import CONNECTION_LOST_ERRORS
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.production import require_database
from gateway.wiring.configuration.settings import Settings

# A database that has just started on a busy machine answers late.
CONNECT_SECONDS = 10


NOT_PREPARED = (
    "The pooler before the database does not keep prepared statements. Set PORTICO_PREPARED=false, or use PgBouncer 1.21 or newer with max_prepared_statements."
)
# Citus connects to the workers with the settings of the role that logs in.
DISTRIBUTED = "The database is distributed. Name it in PORTICO_APP_DATABASE_URL as well, with the user portico_app."


class CannotReach(OperatorError):
    """The database cannot be used; the message is one line for the operator."""


class DatabaseAway(CannotReach):
    """The database does not answer now, but may later: it is down, starting, or has no free connection."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The URLs of the administrator and of the application, the setting that the application's is from, and the settings of its sessions."""

    admin_url: str = field(repr=False)
    app_url: str = field(repr=False)
    server_settings: dict[str, str] = field(default_factory=dict)
    setting: str = "PORTICO_DATABASE_URL"
    is_prepared: bool = True


@contextmanager
def postgres(settings: Settings, *, on_create: Callable[[], None] | None = None) -> Iterator[DatabaseUrls]:
    """Yield the URLs of the database. The built-in Postgres runs as long as the context. `on_create` is called before it is created; without it none is created.

    Raises CannotReach, and in production WrongSetting without a database URL.
    """
    require_database(settings)
    if settings.database_url:
        yield replace(_external(settings.database_url, settings.app_database_url), is_prepared=settings.prepared)
        return
    directory = settings.data_dir.resolve() / "postgres"
    try:
        embedded.require_installed()
        if not embedded.is_made(directory):
            if on_create is None:
                raise CannotReach("PORTICO_DATA_DIR: has no database yet. Run `./portico migrate` first, or name one with PORTICO_DATABASE_URL.")
            on_create()
        with embedded.running(directory) as urls:
            yield DatabaseUrls(urls.admin, urls.app, is_prepared=settings.prepared)
    except embedded.EmbeddedPostgresFailed as error:
        raise CannotReach(str(error)) from error


@asynccontextmanager
async def connected(url: str, setting: str, server_settings: Mapping[str, str]) -> AsyncIterator[Connection]:
    """Yield one connection. Raises CannotReach or DatabaseAway, which names the setting that `url` is from."""
    try:
        connection = await connect(url, seconds=CONNECT_SECONDS, server_settings=server_settings)
    except FAILURES as error:
        kind = DatabaseAway if isinstance(error, TRANSIENT_ERRORS) else CannotReach
        raise kind(f"Cannot log in to the database: {reason_of(error)}. Check {setting}.") from None
    try:
        yield connection
    finally:
        await connection.close()


async def check(urls: DatabaseUrls) -> None:
    """Connect once as the application. Raises CannotReach with what to do, and DatabaseAway if the database may answer later."""
    async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
        if not await is_migrated(connection):
            raise CannotReach("The database is empty. Run `./portico migrate` first.")
        if urls.server_settings and await is_distributed(connection):
            raise CannotReach(DISTRIBUTED)
        # Only a pooler announces another process than the one that answers.
        is_direct = await server_pid(connection) == connection.get_server_pid()
    if urls.is_prepared and not is_direct and not await _is_prepared(urls):
        raise CannotReach(NOT_PREPARED)


async def _is_prepared(urls: DatabaseUrls) -> bool:
    """Return whether prepared statements work. A pooler that has no connection left for the question is asked by the statements themselves."""
    try:
        return await keeps_prepared(urls.app_url)
    except FAILURES:
        return True


@contextmanager
def filling() -> Iterator[None]:
    """Raises CannotReach if the demo data cannot be written."""
    try:
        yield
    except (*CONNECTION_LOST_ERRORS, *DRIVER_ERRORS) as error:
        raise CannotReach(f"The database cannot be filled: {reason_of(error)}. Check PORTICO_DATABASE_URL, and run `./portico migrate` first.") from None


def _external(admin_url: str, app_url: str | None) -> DatabaseUrls:
    """Return the URLs of a database in the settings. Without its own URL, the application logs in as the administrator and sets its role; a pooler needs the own URL."""
    if app_url:
        return DatabaseUrls(admin_url, app_url, setting="PORTICO_APP_DATABASE_URL")
    return DatabaseUrls(admin_url, admin_url, {"role": APP, **APP_SETTINGS})
