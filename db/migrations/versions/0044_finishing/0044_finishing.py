"""Webhooks: a pass that costs the same however many deliveries wait, also before the first statistics of the table."""

from pathlib import Path

from db.migrations import run_script

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0044_finishing.sql"))
