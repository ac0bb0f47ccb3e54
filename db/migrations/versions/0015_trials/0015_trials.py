"""Which plans a customer has had, and the trials among them."""

from pathlib import Path

from db.migrations import run_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0015_trials.sql"))
    run_script(Path(__file__).with_name("0015_known_trials.sql"))
