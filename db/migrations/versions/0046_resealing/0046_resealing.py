"""Rotation of the portal's secret: the owner of the tables may seal texts again with the new one."""

from pathlib import Path

from db.migrations import run_script

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    run_script(Path(__file__).with_name("0046_resealing.sql"))
