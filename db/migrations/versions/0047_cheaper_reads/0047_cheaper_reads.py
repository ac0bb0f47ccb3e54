"""Reads that cost Postgres less: one policy for each read of a table, and views of fewer subplans with the same rows."""

from pathlib import Path

from db.migrations import run_script

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    for part in ("policies", "views"):
        run_script(Path(__file__).with_name(f"0047_{part}.sql"))
