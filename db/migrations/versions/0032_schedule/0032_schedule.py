"""The schedule of the worker's jobs, and which worker runs a pass."""

from pathlib import Path

from db.migrations import run_script

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0032_schedule.sql"))
