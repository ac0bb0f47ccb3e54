"""What an import holds is marked as 0061 meant, and schedules are marked, too."""

from pathlib import Path

from db.migrations import run_script

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    for name in ("held_schedules", "backfill"):
        run_script(Path(__file__).with_name(f"0062_{name}.sql"))
