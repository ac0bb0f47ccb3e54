"""Trusted documents and partner apps: who may call, with which documents, for whom, and how much."""

from pathlib import Path

from db.migrations import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0006_partners.sql"))
