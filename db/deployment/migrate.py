"""Bring a database up to date: its roles, its schema `portico`, and Alembic's revisions. It is safe to run again, and to run several times at once."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.deployment.revisions import MIGRATIONS
from db.deployment.roles import APP, APP_SETTINGS, AUDIT, DISTRIBUTED_SETTINGS, OWNER
from db.deployment.row_types import UNBIND_ROWS
from db.sharding.detection import IS_DISTRIBUTED

# One folder for each revision, with its scripts.
VERSIONS = MIGRATIONS / "versions"

# The number of the advisory lock that lets one migration run at a time: "PORTICO" in hexadecimal.
LOCK = 0x504F525449434F
LOCK_POLL_SECONDS = 0.2
# A revision waits for a lock for less time than Postgres waits before it looks for a deadlock (1 s): so it is the revision that gives up, and no query of a server, and queries
# that wait behind it go on. Then the run is repeated, and goes on with that revision.
LOCK_TIMEOUT = "800ms"
REPETITIONS = 40
PAUSE_SECONDS = 0.5
WAITED = {asyncpg.DeadlockDetectedError.sqlstate, asyncpg.LockNotAvailableError.sqlstate}
TRY_LOCK = "select pg_try_advisory_lock($1)"

CURRENT = text("select version_num from portico.alembic_version")

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class UnknownRevision(Exception):
    """The database was migrated by a program that this one does not know. The message says what to do."""


async def migrate(admin_url: str, *, to: str = "head", versions: Sequence[Path] = (VERSIONS,)) -> None:
    """Run the missing revisions up to `to`, each in a transaction of its own. After a run that failed or was killed, the next run continues.

    `admin_url` needs a role that may create roles and schemas, and a connection that no pooler shares between sessions. The owner owns the tables; the
    application role is under row security. `versions` are the folders with the folders of revisions. Raises UnknownRevision, and then changes nothing.
    """
    for _ in range(REPETITIONS):
        try:
            return await _run(admin_url, to, versions)
        except (asyncpg.PostgresError, DBAPIError) as error:
            if _sqlstate(error) not in WAITED:
                raise
        await asyncio.sleep(PAUSE_SECONDS)
    return await _run(admin_url, to, versions)


async def _run(admin_url: str, to: str, versions: Sequence[Path]) -> None:
    driver = await asyncpg.connect(admin_url, timeout=10)
    # asyncpg parses the URL, so that it has the same meaning as in all other places.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(_as_coroutine, driver), poolclass=NullPool)
    try:
        await _lock(driver)
        await _keep_on_coordinator(driver)
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, _config(versions), to)
    except PendingRollbackError as error:
        raise _cause_of(error) from None
    finally:
        await engine.dispose()
        await driver.close()


def scripts(versions: Sequence[Path] = (VERSIONS,)) -> list[Script]:
    """Return every revision that this program knows, the newest first."""
    return list(ScriptDirectory.from_config(_config(versions)).walk_revisions())


def _cause_of(error: PendingRollbackError) -> BaseException:
    """Return why the connection ended in a block outside of a transaction: the end of the block fails too, and would hide the cause."""
    cause: BaseException | None = error.__context__
    while isinstance(cause, DBAPIError):
        cause = cause.orig and (cause.orig.__cause__ or cause.orig)
    return cause or error


def _sqlstate(error: asyncpg.PostgresError | DBAPIError) -> str | None:
    return getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)


async def _as_coroutine(driver: Driver) -> Driver:
    return driver


async def _lock(driver: Driver) -> None:
    """Take the lock of migrations until the connection ends. Between two tries there is no open snapshot, for which `create index concurrently` would wait."""
    is_locked = await driver.fetchval(TRY_LOCK, LOCK)
    while not is_locked:
        await asyncio.sleep(LOCK_POLL_SECONDS)
        is_locked = await driver.fetchval(TRY_LOCK, LOCK)


async def _keep_on_coordinator(driver: Driver) -> None:
    """On Citus, make nothing on the workers until the database is distributed: it needs roles there, and distributing copies everything. Then triggers are made there too."""
    if await driver.fetchval(IS_DISTRIBUTED):
        await driver.execute("set citus.enable_unsafe_triggers = on")
    else:
        await driver.execute("set citus.enable_ddl_propagation = off")  # without Citus it is a setting that nobody reads


def _config(versions: Sequence[Path]) -> Config:
    config = Config()
    options = {
        "script_location": str(MIGRATIONS),
        "version_locations": "\n".join(map(str, versions)),
        "path_separator": "newline",
        "recursive_version_locations": "true",
    }
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
    return config


def _migrate(connection: Connection, config: Config, to: str) -> None:
    with connection.begin():
        _refuse_unknown(connection, config)
        _create_roles(connection)
        connection.execute(text(f"create schema if not exists portico authorization {OWNER}"))
    event.listen(connection, "begin", _become_owner)
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    connection.commit()  # the transaction in which Alembic read the revision, if no revision was missing
    with connection.begin():
        _open_to_audit(connection)


def _refuse_unknown(connection: Connection, config: Config) -> None:
    """Raises UnknownRevision."""
    if connection.execute(text("select to_regclass('portico.alembic_version')")).scalar_one() is None:
        return
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if unknown := sorted(set(connection.execute(CURRENT).scalars()) - known):
        raise UnknownRevision(
            f"The database is at revision {unknown[0]}, which this version of Portico does not know: a newer one has migrated it. Install that version or a newer one, "
            "or restore the backup of before (docs/backup.md). Nothing was changed."
        )


def _become_owner(connection: Connection) -> None:
    """Take the role of the owner at the start of each transaction, and of each block outside of one. The limit for locks is only for transactions: building indexes waits.

    SQLAlchemy sends BEGIN with the first statement that it runs itself: without this statement, a script that goes to the driver directly would run outside of the
    transaction.
    """
    become = "select set_config('role', :owner, false), set_config('search_path', 'portico', false), set_config('lock_timeout', :lock_timeout, true)"
    connection.execute(text(become), {"owner": OWNER, "lock_timeout": LOCK_TIMEOUT})
    connection.exec_driver_sql(UNBIND_ROWS)


def _create_roles(connection: Connection) -> None:
    existing = set(connection.execute(text("select rolname from pg_roles")).scalars())
    for role, options in ((OWNER, "nologin"), (APP, "login")):
        if role not in existing:
            connection.execute(text(f"create role {role} {options}"))
        connection.execute(text(f"grant {role} to current_user"))
    database = connection.execute(text("select quote_ident(current_database())")).scalar_one()
    is_distributed = connection.execute(text(IS_DISTRIBUTED)).scalar_one()
    for name, value in (APP_SETTINGS | DISTRIBUTED_SETTINGS if is_distributed else APP_SETTINGS).items():
        connection.execute(text(f"alter role {APP} in database {database} set {name} = '{value}'"))


def _open_to_audit(connection: Connection) -> None:
    """Let the owner read every row of the tables under row security during an audit. This is not a revision, so that it includes the tables of later revisions."""
    without_policy = text("""
        select quote_ident(c.relname) from pg_class c
         where c.relnamespace = 'portico'::regnamespace and c.relforcerowsecurity
           and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'audited')""")
    for table in connection.execute(without_policy).scalars().all():
        connection.execute(text(f"create policy audited on {table} for select to {OWNER} using (current_setting('app.actor', true) = '{AUDIT}')"))
