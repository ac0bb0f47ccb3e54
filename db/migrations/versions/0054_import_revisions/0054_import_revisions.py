"""An import of new customers no longer changes the revision that all customers share, which made its transactions wait for each other."""

from pathlib import Path

from db.migrations import run_script

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0054_import_revisions.sql"))
