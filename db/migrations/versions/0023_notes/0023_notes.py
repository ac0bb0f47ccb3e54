"""Credit notes are numbered as invoices are: a series of their own, in the same register."""

from pathlib import Path

from db.migrations import run_script

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    for part in ("numbers", "views"):
        run_script(Path(__file__).with_name(f"0023_{part}.sql"))
