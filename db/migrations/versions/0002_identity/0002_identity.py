"""Identity: sessions, refresh tokens, links, the audit trail."""

from pathlib import Path

from db.migrations import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0002_identity.sql"))
