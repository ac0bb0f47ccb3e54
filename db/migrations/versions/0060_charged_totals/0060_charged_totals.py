"""The totals of a customer say what `payAllDue` would charge."""

from pathlib import Path

from db.migrations import run_script

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0060_charged_totals.sql"))
