"""Alembic migrations. Each revision is a folder of `versions`: a module, and the SQL scripts that it runs. Shipped files are never edited (`manifest.py`)."""

import re
from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import text

COMMENT = re.compile(r"--[^\n]*")
INDEX = re.compile(r"\s*(create\s+(?:unique\s+)?index\s+concurrently\s+(\w+)\s+on\s[^;]+);", re.IGNORECASE)
IS_VALID = text("select indisvalid from pg_index where indexrelid = to_regclass(:name)")


def run_script(path: Path) -> None:
    """Run a script of several statements at once; asyncpg accepts such scripts only outside of its prepared statements."""
    connection: Any = op.get_bind().connection.dbapi_connection  # only SQLAlchemy's adapter of asyncpg has `run_async`
    connection.run_async(lambda driver: driver.execute(path.read_text(encoding="utf-8")))


def build_indexes(path: Path) -> None:
    """Build the indexes of a script without blocking writes to their tables. Commits the revision's work so far.

    The script has only statements `create [unique] index concurrently NAME on …;`. An index that is complete stays, so that a run that was killed can be
    repeated; an incomplete index is dropped and built again. Raises ValueError for any other statement.
    """
    statements = _index_statements(path)
    with op.get_context().autocommit_block():
        for statement, name in statements:
            is_valid = op.get_bind().execute(IS_VALID, {"name": name}).scalar_one_or_none()
            if is_valid is False:
                op.execute(f"drop index concurrently {name}")
            if not is_valid:
                op.execute(statement)


def _index_statements(path: Path) -> list[tuple[str, str]]:
    """Return each statement with the name of its index."""
    script = COMMENT.sub("", path.read_text(encoding="utf-8"))
    if rest := INDEX.sub("", script).strip():
        raise ValueError(f"{path.name}: not of the form `create [unique] index concurrently NAME on …;`: {rest[:80]}")
    return [(match[1], match[2]) for match in INDEX.finditer(script)]
