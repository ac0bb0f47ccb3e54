"""Who acted in the audit trail, when deprecated documents go, first passwords, and disabled apps."""

from pathlib import Path

from db.migrations import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0014_accounts.sql"))
    run_script(Path(__file__).with_name("0014_saving.sql"))
