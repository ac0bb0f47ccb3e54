"""Payment schedules of the merchant: written by staff, invoiced ahead and collected automatically."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0035"
down_revision = "0034"

# The scripts are committed together, before the index is built: a run that was killed while it built it goes on there.
IS_COMMITTED = text("select exists (select from pg_attribute where attrelid = to_regclass('portico.installment') and attname = 'invoice_at')")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("columns", "guards", "views"):
            run_script(Path(__file__).with_name(f"0035_{part}.sql"))
    build_indexes(Path(__file__).with_name("0035_indexes.sql"))
