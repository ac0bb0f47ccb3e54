"""Letters about money: what causes one is written in the transaction of its cause, once."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0036"
down_revision = "0035"

# The script is committed before the indexes are built: a run that was killed while it built them has this table, and goes on with the indexes.
IS_COMMITTED = text("select to_regclass('portico.letter_cause') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        run_script(Path(__file__).with_name("0036_letter_causes.sql"))
    build_indexes(Path(__file__).with_name("0036_indexes.sql"))
