"""Functions in forms that are also right in a database that is distributed."""

from pathlib import Path

from db.migrations import run_script

revision = "0048"
down_revision = "0046"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0048_distribution.sql"))
