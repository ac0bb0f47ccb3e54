"""Alembic migrations. Each revision is a folder of `versions`: a module, and the SQL scripts that it runs. What was shipped is never edited (`manifest.py`)."""

import re
from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import text

COMMENT = re.compile(r"--[^\n]*")
INDEX = re.compile(r"\s*(create\s+(?:unique\s+)?index\s+concurrently\s+(\w+)\s+on\s[^;]+);", re.IGNORECASE)
IS_VALID = text("select indisvalid from pg_index where indexrelid = to_regclass(:name)")


def run_script(path: Path) -> None:
    """Run a script of many statements at once; asyncpg takes such scripts only outside its prepared statements."""
    connection: Any = op.get_bind().connection.dbapi_connection  # SQLAlchemy's adapter of asyncpg, which alone has `run_async`
    connection.run_async(lambda driver: driver.execute(path.read_text(encoding="utf-8")))


def build_indexes(path: Path) -> None:
    """Build the indexes of a script while their tables are written to. Commits first what the revision has done so far.

    The script has nothing but `create [unique] index concurrently NAME on …;`. An index that is complete is left, so that a run that was killed can be
    repeated; one that is half built is dropped and built again. Raises ValueError for any other statement.
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
    """Of each statement: the statement and the name of its index."""
    script = COMMENT.sub("", path.read_text(encoding="utf-8"))
    if rest := INDEX.sub("", script).strip():
        raise ValueError(f"{path.name}: not of the form `create [unique] index concurrently NAME on …;`: {rest[:80]}")
    return [(match[1], match[2]) for match in INDEX.finditer(script)]
