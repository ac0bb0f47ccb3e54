"""The whole portal: tables, the views that the portal reads, and row security."""

from pathlib import Path

from db.migrations import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    for part in ("portal", "views", "security"):
        run_script(Path(__file__).with_name(f"0001_{part}.sql"))
