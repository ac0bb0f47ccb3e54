"""Dunning for people: open items of all customers, later due days, promises to pay, and the history from which reports are made."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0038"
down_revision = "0037"

# The scripts are committed together, before the indexes are built: a run that was killed while it built them goes on there.
IS_COMMITTED = text("select to_regclass('portico.subscription_state') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("columns", "history", "owed", "views"):
            run_script(Path(__file__).with_name(f"0038_{part}.sql"))
    build_indexes(Path(__file__).with_name("0038_indexes.sql"))
