"""Attachments: who may write them, and objects that no attachment owns."""

from pathlib import Path

from db.migrations import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0005_attachments.sql"))
