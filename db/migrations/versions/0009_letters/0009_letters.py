"""Letters are written with the effect that causes them, and sent afterwards."""

from pathlib import Path

from db.migrations import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0009_letters.sql"))
