"""When each job of the worker last ran, and how it ended."""

from pathlib import Path

from db.migrations import run_script

revision = "0012"
down_revision = "0009"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0012_passes.sql"))
