"""The collection of an invoice as a state machine: what the clock tries, when, and with which method."""

from pathlib import Path

from db.migrations import run_script

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0019_dunning.sql"))
