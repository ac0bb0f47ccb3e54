"""Rows on which every write fails, as a fault that nobody has thought of would make it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def poisoned(admin: asyncpg.Connection, table: str, condition: str) -> AsyncIterator[None]:
    """As long as the context, no row of the table for which the condition (about `old`) holds can be updated or deleted."""
    name = f"poison_{secrets.token_hex(4)}"
    await admin.execute(f"create function portico.{name}() returns trigger language plpgsql as $$ begin raise exception 'poisoned'; end $$")
    await admin.execute(f"create trigger {name} before update or delete on portico.{table} for each row when ({condition}) execute function portico.{name}()")
    try:
        yield
    finally:
        await admin.execute(f"drop function portico.{name} cascade")


@asynccontextmanager
async def revoked(admin: asyncpg.Connection, right: str, table: str) -> AsyncIterator[None]:
    """As long as the context, the application has no such right on the table."""
    await admin.execute(f"revoke {right} on portico.{table} from portico_app")
    try:
        yield
    finally:
        await admin.execute(f"grant {right} on portico.{table} to portico_app")
