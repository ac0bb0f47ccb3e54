"""Functions in forms that are also right in a database that is distributed."""

from pathlib import Path

from db.migrations import run_script

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0053_distribution.sql"))
