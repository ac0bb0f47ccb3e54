"""Export and erasure of a customer's data, and what erasure does with each column."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0037"
down_revision = "0036"

# The scripts are committed together, before the indexes are built: a run that was killed while it built them goes on there.
IS_COMMITTED = text("select to_regclass('portico.column_erasure') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("exports", "erasure", "columns"):
            run_script(Path(__file__).with_name(f"0037_{part}.sql"))
    build_indexes(Path(__file__).with_name("0037_indexes.sql"))
