"""Imports: the ledger of imported lines, the hold of imported subscriptions, and the rows that are the record of another system."""

from pathlib import Path

from db.migrations import run_script

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    for part in ("imports", "ledger", "views"):
        run_script(Path(__file__).with_name(f"0044_{part}.sql"))
