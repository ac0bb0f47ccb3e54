"""Sessions keep the network by which attempts are counted, and the User-Agent under its own name."""

from pathlib import Path

from db.migrations import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0010_devices.sql"))
