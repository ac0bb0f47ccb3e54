"""What happened: an event for each change of a customer's rows, written in the transaction of the change, and the feed of all events."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0039"
down_revision = "0038"

# The scripts are committed together, before the index is built: a run that was killed while it built it goes on there.
IS_COMMITTED = text("select to_regclass('portico.event') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("events", "feed", "triggers", "timed"):
            run_script(Path(__file__).with_name(f"0039_{part}.sql"))
    build_indexes(Path(__file__).with_name("0039_indexes.sql"))
