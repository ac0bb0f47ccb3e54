"""What a bank takes back of a canceled installment is owed again, and what was canceled of it is not."""

from pathlib import Path

from db.migrations import run_script

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    for name in ("returned", "backfill"):
        run_script(Path(__file__).with_name(f"0063_{name}.sql"))
