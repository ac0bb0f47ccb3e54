"""Rows on which every write fails with an unexpected error."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def failing_writes(admin: asyncpg.Connection, table: str, condition: str) -> AsyncIterator[None]:
    """Let every update and delete of rows that fulfil the condition (an SQL expression about `old`) fail within the context."""
    name = f"poison_{secrets.token_hex(4)}"
    await admin.execute(f"create function portico.{name}() returns trigger language plpgsql as $$ begin raise exception 'poisoned'; end $$")
    await admin.execute(f"create trigger {name} before update or delete on portico.{table} for each row when ({condition}) execute function portico.{name}()")
    try:
        yield
    finally:
        await admin.execute(f"drop function portico.{name} cascade")


@asynccontextmanager
async def revoked(admin: asyncpg.Connection, right: str, table: str) -> AsyncIterator[None]:
    """Revoke a right of the application on the table within the context."""
    await admin.execute(f"revoke {right} on portico.{table} from portico_app")
    try:
        yield
    finally:
        await admin.execute(f"grant {right} on portico.{table} to portico_app")
