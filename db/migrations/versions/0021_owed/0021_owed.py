"""What is owed is defined once, in views that totals, payments, the billing clock and dunning read."""

from pathlib import Path

from db.migrations import run_script

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0021_owed.sql"))
