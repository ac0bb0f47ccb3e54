"""Revisions: each change of a customer's rows, and of the catalog, gives them a new one."""

from pathlib import Path

from db.migrations import run_script

revision = "0050"
down_revision = "0047"


def upgrade() -> None:
    for script in ("0050_revisions.sql", "0050_triggers.sql"):
        run_script(Path(__file__).with_name(script))
