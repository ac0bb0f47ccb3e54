"""The merchant's catalog: codes of prices and cancellation options, versions of prices, and who may write."""

from pathlib import Path

from alembic import op
from sqlalchemy import text

from db.migrations import build_indexes, run_script

revision = "0030"
down_revision = "0029"

# The scripts are committed together, before the indexes are built: a run that was killed while it built them has this view, and goes on with the indexes.
IS_COMMITTED = text("select to_regclass('portico.portal_catalog_cancellation_option') is not null")


def upgrade() -> None:
    if not op.get_bind().execute(IS_COMMITTED).scalar_one():
        for part in ("codes", "versions", "writers", "views"):
            run_script(Path(__file__).with_name(f"0030_{part}.sql"))
    build_indexes(Path(__file__).with_name("0030_indexes.sql"))
