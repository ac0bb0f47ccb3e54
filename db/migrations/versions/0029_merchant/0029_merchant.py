"""The merchant's side: what staff may write follows from the scopes of their token, objects have ids and metadata of the merchant, and staff have idempotency keys."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0029"
down_revision = "0028"

NAMED = ("customer", "subscription", "payment_schedule", "installment", "invoice", "payment", "payment_method")
# The scripts are committed together, before the indexes are built: a run that was killed while it built them has this table, and goes on with the indexes.
IS_COMMITTED = text("select to_regclass('portico.client_key') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("scopes", "names", "views", "keys"):
            run_script(Path(__file__).with_name(f"0029_{part}.sql"))
    build_indexes(Path(__file__).with_name("0029_indexes.sql"))
    # Validated here, because it reads whole tables: outside of the transaction it blocks no write.
    with op.get_context().autocommit_block():
        for table in NAMED:
            op.execute(f"alter table {table} validate constraint {table}_external_id")
            op.execute(f"alter table {table} validate constraint {table}_metadata")
