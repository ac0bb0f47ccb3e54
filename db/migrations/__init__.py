"""Alembic migrations. Each revision runs SQL scripts that stand beside it."""

from pathlib import Path
from typing import Any

from alembic import op


def run_script(path: Path) -> None:
    """Run a script of many statements at once; asyncpg takes such scripts only outside its prepared statements."""
    connection: Any = op.get_bind().connection.dbapi_connection  # SQLAlchemy's adapter of asyncpg, which alone has `run_async`
    connection.run_async(lambda driver: driver.execute(path.read_text(encoding="utf-8")))
