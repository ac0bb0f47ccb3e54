"""Functions that run in every write of staff do less: what they decide is the same."""

from pathlib import Path

from db.migrations import run_script

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0040_cheaper_writes.sql"))
