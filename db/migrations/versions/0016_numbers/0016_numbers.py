"""Invoice numbers are the issuer's: a counter per series and year, and a register of every number."""

from pathlib import Path

from db.migrations import run_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0016_numbers.sql"))
