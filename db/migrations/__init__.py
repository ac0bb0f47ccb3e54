"""Alembic migrations. Each revision is a folder of `versions`: a module, and the SQL scripts that it runs. Shipped files are never edited (`manifest.py`)."""

import re
from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import text

from db.sharding.detection import IS_DISTRIBUTED

COMMENT = re.compile(r"--[^\n]*")
INDEX = re.compile(r"\s*(create\s+(?:unique\s+)?index\s+concurrently\s+(\w+)\s+on\s[^;]+);", re.IGNORECASE)
# A comment, a text, a quoted name, a body in dollars, the end of a statement, or anything else.
TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$.*?\$\1\$|;|[^;'\"$-]+|.", re.DOTALL)
IS_VALID = text("select indisvalid from pg_index where indexrelid = to_regclass(:name)")


def run_script(path: Path) -> None:
    """Run a script of several statements at once; asyncpg accepts such scripts only outside of its prepared statements. Of a distributed database Citus sends the whole text of
    a message to the workers for each statement in it: there each statement is a message of its own."""
    script = path.read_text(encoding="utf-8")
    is_distributed = op.get_bind().execute(text(IS_DISTRIBUTED)).scalar_one()
    connection: Any = op.get_bind().connection.dbapi_connection  # only SQLAlchemy's adapter of asyncpg has `run_async`
    for part in statements_of(script) if is_distributed else [script]:
        connection.run_async(lambda driver, part=part: driver.execute(part))


def statements_of(script: str) -> list[str]:
    """Return the statements of a script without comments and without the semicolons behind them; those in texts and in bodies of functions end nothing."""
    statements = [""]
    for match in TOKEN.finditer(script):
        if match[0] == ";":
            statements.append("")
        elif not match[0].startswith("--"):
            statements[-1] += match[0]
    return [statement.strip() for statement in statements if statement.strip()]


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
