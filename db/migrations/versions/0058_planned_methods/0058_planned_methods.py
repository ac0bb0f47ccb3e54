"""The default payment method is in use while the clock is to charge an invoice of staff to it."""

from pathlib import Path

from db.migrations import run_script

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0058_planned_methods.sql"))
