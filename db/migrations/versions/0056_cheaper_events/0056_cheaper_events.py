"""Events cost half of what they did: columns are compared without JSON, the counter is one statement, and conditions of triggers are shorter."""

from pathlib import Path

from db.migrations import run_script

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    for script in ("0056_events.sql", "0056_triggers.sql"):
        run_script(Path(__file__).with_name(script))
