"""Statuses follow from amounts in the database, and refunds of before become rows with credit notes."""

from pathlib import Path

from db.migrations import run_script

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    for script in ("0022_refunded.sql", "0022_backfill.sql"):
        run_script(Path(__file__).with_name(script))
