"""The look-up of revisions, which also checks the callers: one statement, in a transaction of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from db.blocks import blocks, positional
from db.callers import READ, Caller
from db.literals import encode_param
from db.outages import DatabaseUnavailable, translate_errors
from db.pool import Database, Lease


class RevisionKey(NamedTuple):
    """Whose revision is read: that of what the answers to the caller's customer depend on, with or without the catalog."""

    caller: Caller
    with_catalog: bool


async def confirmed_revisions(database: Database, keys: Sequence[RevisionKey], *, acquire_seconds: float) -> list[str]:
    """Return the revision of each key. Each caller is checked as at the beginning of a read transaction, and if one of them is refused, all are.

    A distributed database is given one key only. Raises DatabaseUnavailable, SessionEnded.
    """
    block = blocks()["revisions.confirmed" if len(keys) == 1 else "revisions.confirmed_each"]
    sql, names = positional(block.sql)
    values = [_values(key) for key in keys]
    arguments = [encode_param(values[0][name]) if len(keys) == 1 else [encode_param(each[name]) for each in values] for name in names]
    with translate_errors():
        try:
            lease = await database.take(seconds=acquire_seconds)
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection in time") from error
        rows = await _fetch(lease, sql, arguments)
    if len(keys) == 1:
        return [str(rows[0]["revision"])]
    by_number = {row["number"]: str(row["revision"]) for row in rows}
    return [by_number[number] for number in range(1, len(keys) + 1)]


def _values(key: RevisionKey) -> dict[str, Any]:
    caller = key.caller
    return {
        "customer_id": caller.customer_id,
        "actor": caller.actor,
        "now": caller.now,
        "session_id": caller.session_id,
        "acting_party": caller.acting_party,
        "app": caller.app,
        "is_known": caller.is_known or not caller.is_of_token,
        "with_catalog": key.with_catalog,
    }


async def _fetch(lease: Lease, sql: str, arguments: list[Any]) -> list[Any]:
    is_sound = False
    try:
        if lease.is_reading:
            # The connection was passed on with the read transaction of another caller.
            await lease.execute("COMMIT")
            lease.is_reading = False
        if lease.is_distributed:  # the workers learn the caller from a transaction
            await lease.execute(f"BEGIN {READ}")
            lease.is_reading = True
        rows = await lease.fetch(sql, arguments)
        is_sound = True
    finally:
        await lease.end(is_sound=is_sound)
    return rows
