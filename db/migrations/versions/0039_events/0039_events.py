"""What happened: an event for each change of a customer's rows, written in the transaction of the change, and the feed of all events."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import run_script

revision = "0039"
down_revision = "0038"

IS_COMMITTED = text("select to_regclass('portico.event') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("events", "feed", "triggers", "timed"):
            run_script(Path(__file__).with_name(f"0039_{part}.sql"))
