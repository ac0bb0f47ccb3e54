"""Tokens must name a customer, and customers a time zone that the database knows."""

from pathlib import Path

from db.migrations import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0013_input.sql"))
