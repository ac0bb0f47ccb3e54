"""Functions that run in every write of staff do less: what they decide is the same."""

from pathlib import Path

from db.migrations import run_script

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0039_cheaper_writes.sql"))
