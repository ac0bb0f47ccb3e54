"""A subscription that is ordered by a payment which takes time is there while the payment decides."""

from pathlib import Path

from db.migrations import run_script

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0020_debits.sql"))
