"""Positions in Postgres' write-ahead log: a number in the program, `16/B374D848` in headers and in SQL (type pg_lsn)."""

import re

from db.outages import translate_errors
from db.unit_of_work import UnitOfWork

FORM = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")
# A position that no replica has reached.
NEWEST = 2**64
# The insert position is at or behind every commit so far, also of one that has not been flushed yet (synchronous_commit = off).
CURRENT = "select pg_current_wal_insert_lsn()::text as position"


def parsed(text: str) -> int | None:
    """Return the position; None for a text of another form."""
    match = FORM.fullmatch(text)
    return int(match[1], 16) << 32 | int(match[2], 16) if match else None


def formatted(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


async def current_position(session: UnitOfWork) -> int:
    """Return a position behind everything that this operation has committed. Raises DatabaseUnavailable."""
    with translate_errors():
        (row,) = await session.fetch(CURRENT, ())
    return parsed(row["position"]) or 0
