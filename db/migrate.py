"""Bring a database up to date: its roles, its schema `portico`, and Alembic's revisions. Safe to run again, and at once from several places."""

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.revisions import MIGRATIONS
from db.roles import APP, APP_SETTINGS, AUDIT, OWNER

# One number for the advisory lock that lets one migration run at a time: "PORTICO" in hexadecimal.
LOCK = 0x504F525449434F


async def migrate(admin_url: str) -> None:
    """`admin_url` needs a role that may create roles and schemas. The owner owns the tables; the application role is under row security."""
    # asyncpg reads the URL itself, so that it means here what it means everywhere else.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(admin_url, timeout=10), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()
    finally:
        await engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _migrate(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    _create_roles(connection)
    connection.execute(text(f"create schema if not exists portico authorization {OWNER}"))
    connection.execute(text(f"set local role {OWNER}"))
    connection.execute(text("set local search_path = portico"))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    _open_to_audit(connection)


def _create_roles(connection: Connection) -> None:
    existing = set(connection.execute(text("select rolname from pg_roles")).scalars())
    for role, options in ((OWNER, "nologin"), (APP, "login")):
        if role not in existing:
            connection.execute(text(f"create role {role} {options}"))
        connection.execute(text(f"grant {role} to current_user"))
    database = connection.execute(text("select quote_ident(current_database())")).scalar_one()
    for name, value in APP_SETTINGS.items():
        connection.execute(text(f"alter role {APP} in database {database} set {name} = '{value}'"))


def _open_to_audit(connection: Connection) -> None:
    """Let the owner read every row of the tables under row security while it audits them. Not a revision, so that no table of a later one is left out."""
    unseen = text("""
        select quote_ident(c.relname) from pg_class c
         where c.relnamespace = 'portico'::regnamespace and c.relforcerowsecurity
           and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'audited')""")
    for table in connection.execute(unseen).scalars().all():
        connection.execute(text(f"create policy audited on {table} for select to {OWNER} using (current_setting('app.actor', true) = '{AUDIT}')"))
