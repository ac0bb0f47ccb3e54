"""Attachments: an announced file gets the type and the name that its content says when it is stored."""

from pathlib import Path

from db.migrations import run_script

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0028_content_types.sql"))
