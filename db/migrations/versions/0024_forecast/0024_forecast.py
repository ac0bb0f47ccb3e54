"""What will happen is what is shown: pauses that outlast a hold, payments to come, offers and actions that hold, and renewals at the tax rate of today."""

from pathlib import Path

from db.migrations import run_script

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    for part in ("actions", "forecast", "renewals"):
        run_script(Path(__file__).with_name(f"0024_{part}.sql"))
