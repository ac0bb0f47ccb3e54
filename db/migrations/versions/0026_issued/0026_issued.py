"""Documents stay as they were issued: what they print of the buyer, the seller, the language and the time zone is copied when they are issued."""

from pathlib import Path

from db.migrations import run_script

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    for part in ("parties", "snapshots"):
        run_script(Path(__file__).with_name(f"0026_{part}.sql"))
