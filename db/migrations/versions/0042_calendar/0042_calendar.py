"""Calendar links: the secret URL under which calendar programs read what a customer pays and when."""

from pathlib import Path

from db.migrations import run_script

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0042_calendar.sql"))
