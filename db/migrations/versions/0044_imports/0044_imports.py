"""Imports: the ledger of imported lines, the hold of imported subscriptions, and the rows that are the record of another system."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0044"
down_revision = "0043"

# The scripts are committed together, before the index is built: a run that was killed while it built it goes on there.
IS_COMMITTED = text("select to_regclass('portico.import_record') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("imports", "ledger", "views"):
            run_script(Path(__file__).with_name(f"0044_{part}.sql"))
    build_indexes(Path(__file__).with_name("0044_indexes.sql"))
