"""When each job of the worker last ran, and how it ended."""

from pathlib import Path

from db.migrations import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0011_passes.sql"))
