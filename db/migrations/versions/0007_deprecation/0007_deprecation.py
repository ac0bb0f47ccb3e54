"""Documents that are still answered and should no longer be asked for, and by which schema each was last found to hold."""

from pathlib import Path

from db.migrations import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0007_deprecation.sql"))
