"""What has had its time may be deleted by the worker, and nothing else."""

from pathlib import Path

from db.migrations import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0008_upkeep.sql"))
