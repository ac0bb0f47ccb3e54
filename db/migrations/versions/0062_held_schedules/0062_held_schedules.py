"""What an import holds is marked as 0061 meant, schedules are marked, too, and the clock leaves an imported invoice that is paid by hand to its customer."""

from pathlib import Path

from db.migrations import run_script

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    for name in ("held_schedules", "backfill", "view"):
        run_script(Path(__file__).with_name(f"0062_{name}.sql"))
