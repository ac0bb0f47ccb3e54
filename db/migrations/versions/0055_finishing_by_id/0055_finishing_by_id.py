"""Recording results of deliveries finds them by their ids, also with statistics of a time when none waited."""

from pathlib import Path

from db.migrations import run_script

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0055_finishing_by_id.sql"))
