"""The merchant's side of invoices and money: staff issue, void, write off and credit invoices, refund payments, and record money that no processor took."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0034"
down_revision = "0033"

# The scripts are committed together, before the index is built: a run that was killed while it built it goes on there.
IS_COMMITTED = text("select to_regclass('portico.refund_request') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("documents", "refunds", "views"):
            run_script(Path(__file__).with_name(f"0034_{part}.sql"))
    build_indexes(Path(__file__).with_name("0034_indexes.sql"))
