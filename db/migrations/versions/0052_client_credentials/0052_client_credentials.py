"""Credentials of clients that end: the previous secret or key stays valid for some hours while programs take the new one."""

from pathlib import Path

from db.migrations import run_script

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0052_client_credentials.sql"))
