"""Customers as the merchant keeps them: closed ones, addresses that several share, invitations, and what staff with the scope may write."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0033"
down_revision = "0032"

# The script is committed before the index is built: a run that was killed while it built it has this column, and goes on with the index.
IS_COMMITTED = text("select exists (select from pg_attribute where attrelid = 'portico.customer'::regclass and attname = 'shares_email')")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        run_script(Path(__file__).with_name("0033_customers.sql"))
    build_indexes(Path(__file__).with_name("0033_indexes.sql"))
