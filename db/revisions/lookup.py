"""The look-up of a revision, which also checks the caller: one statement, in a transaction of its own."""

from typing import Any

from db.blocks import blocks, positional
from db.callers import READ, Caller
from db.literals import encode_param
from db.outages import DatabaseUnavailable, translate_errors
from db.pool import Database, Lease


async def confirmed_revision(database: Database, caller: Caller, *, with_catalog: bool, acquire_seconds: float) -> str:
    """Return the revision of what the answers to the caller's customer depend on. The caller is checked as at the beginning of a read transaction.

    Raises DatabaseUnavailable, SessionEnded.
    """
    sql, names = positional(blocks()["revisions.confirmed"].sql)
    values: dict[str, Any] = {
        "customer_id": caller.customer_id,
        "actor": caller.actor,
        "now": caller.now,
        "session_id": caller.session_id,
        "acting_party": caller.acting_party,
        "app": caller.app,
        "is_known": caller.is_known or not caller.is_of_token,
        "with_catalog": with_catalog,
    }
    with translate_errors():
        try:
            lease = await database.take(seconds=acquire_seconds)
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection in time") from error
        return await _fetch(lease, sql, [encode_param(values[name]) for name in names])


async def _fetch(lease: Lease, sql: str, arguments: list[Any]) -> str:
    is_sound = False
    try:
        if lease.is_reading:
            # The connection was passed on with the read transaction of another caller.
            await lease.execute("COMMIT")
            lease.is_reading = False
        if lease.is_distributed:  # the workers learn the caller from a transaction
            await lease.execute(f"BEGIN {READ}")
            lease.is_reading = True
        (row,) = await lease.fetch(sql, arguments)
        is_sound = True
    finally:
        await lease.end(is_sound=is_sound)
    return str(row["revision"])
