"""Events of an import have the actor SYSTEM in the API, which has no actor IMPORT."""

from pathlib import Path

from db.migrations import run_script

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0059_import_events.sql"))
