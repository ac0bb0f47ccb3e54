"""Payments: what mutations may write, and what processors tell by themselves."""

from pathlib import Path

from db.migrations import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0004_payments.sql"))
    run_script(Path(__file__).with_name("0004_saving.sql"))
